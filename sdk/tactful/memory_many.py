"""The part of `MemoryStore` that tells of many customers at once. It keeps nothing."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from .consent import Consents
from .contacts import Contact
from .graph import MemoryGraph
from .ledger import MemoryLedger


class MemoryMany:
    """`ContactsOfMany` and `ConsentsOfMany` over what a store keeps."""

    _graph: MemoryGraph
    _ledger: MemoryLedger
    _consents: dict[str, Consents]

    def contacts_of(self, customers: Sequence[str], since_us: int) -> Mapping[str, Sequence[Contact]]:
        """Return what `contacts` says of each customer, by id; without those who have none."""
        with self._open():
            found = ((one, self._ledger.recent(self._graph.merges(one).members(one), since_us)) for one in customers)
            return {one: theirs for one, theirs in found if theirs}

    def consents_of(self, customers: Sequence[str]) -> Mapping[str, Consents]:
        """Return what `consents` says of each customer, by id; without those who are not known."""
        with self._open():
            found = ((one, self._graph.merges(one).consents(one, self._consents)) for one in customers)
            return {one: theirs for one, theirs in found if theirs is not None}

    def _open(self) -> AbstractContextManager[None]:
        """Return what gives the store to one call at a time."""
        raise NotImplementedError
