"""Strict caps of a kiosk, kept under sealed subjects. It divides none."""

from collections.abc import Iterable, Sequence

import attrs

from ..ports import StrictCaps
from ..strict import Ask
from .sealed_ids import SealedIds


@attrs.frozen
class SealedSubjects:
    """Strict caps that are kept under sealed subjects."""

    caps: StrictCaps
    ids: SealedIds

    def reserve(self, asks: Sequence[Ask]) -> Sequence[Sequence[str]]:
        """Reserve room for subjects that are sealed first."""
        return self.caps.reserve([attrs.evolve(ask, subject=self.ids.seal(ask.subject)) for ask in asks])

    def confirm(self, units: Iterable[str]) -> int:
        """Keep that room was used."""
        return self.caps.confirm(units)

    def release(self, units: Iterable[str]) -> int:
        """Give back room that was not used."""
        return self.caps.release(units)
