"""Noes: what customers took back, kept until the sources surely have it. It decides nothing."""

from collections.abc import Iterable, Sequence
from typing import Final

from cachetools import FIFOCache

from .here import Here

#: Of so many ids a no is remembered here.
_IDS_MAX: Final = 10_000
#: A purpose, and the one channel on which it was taken back; None means all.
_Scope = tuple[str, str | None]


class Noes:
    """The noes of customers, by id, each with its moment. Whoever calls holds the lock of who is here."""

    def __init__(self) -> None:
        self._of: FIFOCache[str, dict[_Scope, int]] = FIFOCache(_IDS_MAX)

    def __len__(self) -> int:
        return len(self._of)

    def add(self, ids: frozenset[str], purposes: Sequence[str], channel: str | None, at_us: int) -> bool:
        """Keep that purposes were taken back; return whether older noes may have had to make way."""
        makes_way = len(self._of) + len(ids) > _IDS_MAX
        for id_ in ids:
            noes = self._of.pop(id_, {})
            self._of[id_] = noes  # the last to make way
            scopes = [(one, channel) for one in purposes]
            noes.update((one, max(at_us, noes.get(one, at_us))) for one in scopes)
        return makes_way

    def apply(self, ids: Iterable[str], found: Here) -> None:
        """Let the noes of some ids count for a customer who was fetched: perhaps the source does not have them yet."""
        for id_ in ids:
            for (purpose, channel), at_us in self._of.get(id_, {}).items():
                found.withdraw((purpose,), at_us, channel)

    def forget(self, id_: str) -> None:
        """Keep none of an id's."""
        self._of.pop(id_, None)
