"""What an edge asks of the pack that its customers come from: whether they may be known by it. It opens none."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class FromPack(Protocol):
    """The pack of a kiosk."""

    def why_not(self, now_us: int) -> str:
        """Return why nobody is known by it at a moment [us since 1970]; empty if customers are. It does no I/O."""
        ...

    def take(self, path: Path) -> None:
        """Let a newer one take its place, whole or not at all."""
        ...

    def status(self, now_us: int) -> Mapping[str, object]:
        """Return its state: names and numbers, nothing personal."""
        ...

    def reset(self) -> None:
        """Begin anew in a forked child."""
        ...
