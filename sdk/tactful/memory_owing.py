"""The part of `MemoryStore` that remembers which erasures are still owed beside it. It asks nobody to forget."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager


class MemoryOwing:
    """`Owing` in memory: gone with the process, as all that such a store keeps."""

    _owed: dict[str, set[str]]

    def owe_erasure(self, keeper: str, customers: Iterable[str]) -> None:
        """Remember whom a keeper has still to forget."""
        with self._open():
            self._owed.setdefault(keeper, set()).update(customers)

    def owed_erasures(self) -> Mapping[str, frozenset[str]]:
        """Return whom each keeper has still to forget."""
        with self._open():
            return {keeper: frozenset(customers) for keeper, customers in self._owed.items() if customers}

    def settle_erasure(self, keeper: str, customers: Iterable[str]) -> int:
        """Remember no longer that a keeper has to forget some; return how many of them it owed."""
        with self._open():
            owed = self._owed.get(keeper, set())
            settled = owed.intersection(customers)
            owed -= settled
            if not owed:
                self._owed.pop(keeper, None)
            return len(settled)

    def _open(self) -> AbstractContextManager[None]:
        raise NotImplementedError
