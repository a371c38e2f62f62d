"""The part of `MemoryStore` that keeps disclosures. It keeps nothing else."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

import attrs

from .disclosures import Disclosure


class MemoryDisclosures:
    """Disclosures by their id; merged ids are the caller's affair, and so are locks."""

    def __init__(self) -> None:
        self._rows: dict[str, Disclosure] = {}

    def keep(self, disclosures: Iterable[Disclosure]) -> list[Disclosure]:
        """Keep disclosures; return those that are new by their id."""
        new = []
        for one in disclosures:
            if one.id not in self._rows:
                self._rows[one.id] = one
                new.append(one)
        return new

    def within(self, now_us: int) -> list[Disclosure]:
        """Return those whose time is not over, oldest first."""
        found = (one for one in self._rows.values() if one.until_us > now_us)
        return sorted(found, key=lambda one: (one.at_us, one.decision, one.slot, one.offer))

    def erase(self, customers: Iterable[str]) -> int:
        """Take the customer off what was passed on of these ids; return how much there was."""
        whose = frozenset(customers) - {""}
        gone = [id_ for id_, one in self._rows.items() if one.customer in whose]
        for id_ in gone:
            self._rows[id_] = attrs.evolve(self._rows[id_], customer=None)
        return len(gone)

    def forget(self, now_us: int) -> int:
        """Forget those whose time is over; return how many there were."""
        over = [id_ for id_, one in self._rows.items() if one.until_us <= now_us]
        for id_ in over:
            del self._rows[id_]
        return len(over)


class MemoryDisclosing:
    """A `DisclosureRecord` in the memory of a store."""

    _disclosures: MemoryDisclosures

    def disclosures(self, customer: str, now_us: int) -> Sequence[Disclosure]:
        """Return what was passed on of a customer and every merged id whose time is not over, oldest first."""
        with self._open():
            members = self._members(customer)
            return [one for one in self._disclosures.within(now_us) if one.customer in members]

    def disclosures_of(self, decision: str, now_us: int) -> Sequence[Disclosure]:
        """Return what a decision passed on whose time is not over, oldest first."""
        with self._open():
            return [one for one in self._disclosures.within(now_us) if one.decision == decision]

    def forget_disclosures(self, now_us: int) -> int:
        """Forget the disclosures whose time is over at a moment; return how many there were."""
        with self._open():
            return self._disclosures.forget(now_us)

    def _members(self, customer: str) -> tuple[str, ...]:
        """Return all ids that are the same customer."""
        raise NotImplementedError

    def _open(self) -> AbstractContextManager[None]:
        """Return what gives the store to one call at a time."""
        raise NotImplementedError
