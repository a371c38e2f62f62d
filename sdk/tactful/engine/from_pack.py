"""What an edge asks of the pack that its customers come from: whether they may be known by it. It opens none."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class FromPack(Protocol):
    """The pack of a kiosk."""

    def why_not(self, now_us: int) -> str:
        """Return why nobody is known by it at a moment [us since 1970]; empty if customers are. It does no I/O."""
        ...

    def take(self, path: Path, *, keep_as: Path | None = None) -> None:
        """Let a newer one take its place, whole or not at all; `keep_as` is where its file is put before it counts."""
        ...

    def destroy(self) -> tuple[str, ...]:
        """Destroy the device key and the pack, for good; return what could not be from here."""
        ...

    def status(self, now_us: int) -> Mapping[str, object]:
        """Return its state: names and numbers, nothing personal."""
        ...

    def reset(self) -> None:
        """Begin anew in a forked child."""
        ...
