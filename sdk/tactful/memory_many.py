"""The part of `MemoryStore` that tells of many customers at once. It keeps nothing."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from .consent import Consents
from .contacts import Contact
from .graph import MemoryGraph
from .identity import IdentityRules
from .ledger import MemoryLedger


class MemoryMany:
    """`ContactsOfMany`, `ConsentsOfMany` and what is told of many households, over what a store keeps."""

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

    def households_of(self, customers: Sequence[str]) -> Mapping[str, str]:
        """Return the household that `identify` says of each customer's id, by that; without those in none."""
        with self._open():
            found = ((one, self._graph.identify({IdentityRules.customer: one})) for one in customers)
            return {one: who.household for one, who in found if who is not None and who.household is not None}

    def household_contacts_of(self, households: Sequence[str], since_us: int) -> Mapping[str, Sequence[Contact]]:
        """Return what `household_contacts` says of each household, by name; without those that have none."""
        with self._open():
            found = ((one, self._ledger.recent(self._living_at(one), since_us)) for one in households)
            return {one: theirs for one, theirs in found if theirs}

    def _living_at(self, household: str) -> list[str]:
        """Return all ids of those who belong to a household."""
        roots = self._graph.household(household)
        return [id_ for root in roots for id_ in self._graph.merges(root).members(root)]

    def _open(self) -> AbstractContextManager[None]:
        """Return what gives the store to one call at a time."""
        raise NotImplementedError
