"""The contact ledger in memory: contacts by their id, each customer's in order, all in the order of their arrival."""

import itertools
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from operator import attrgetter, itemgetter

from .contacts import Contact

_at_us = attrgetter("at_us")


class MemoryLedger:
    """Contacts of the ids that they were recorded for; merged ids are the caller's affair, and so are locks."""

    def __init__(self) -> None:
        self._contacts: dict[str, Contact] = {}
        self._histories: dict[str, list[Contact]] = {}
        self._arrived: list[tuple[int, Contact]] = []
        self._numbers = itertools.count(1)

    def recent(self, members: Iterable[str], since_us: int) -> tuple[Contact, ...]:
        """Return the contacts of some ids at or after a moment [us since 1970], oldest first."""
        recent: list[Contact] = []
        for member in members:
            history = self._histories.get(member, [])
            recent += history[bisect_left(history, since_us, key=_at_us) :]
        return tuple(sorted(recent, key=_at_us))

    def tail(self, after: int, count: int) -> tuple[tuple[int, Contact], ...]:
        """Return at most so many contacts that arrived after a number, with their numbers."""
        start = bisect_right(self._arrived, after, key=itemgetter(0))
        return tuple(self._arrived[start : start + count])

    def keep(self, contacts: Iterable[Contact]) -> list[Contact]:
        """Keep contacts; return those that are new by their id."""
        new = []
        for contact in contacts:
            if contact.id not in self._contacts:
                self._contacts[contact.id] = contact
                self._arrived.append((next(self._numbers), contact))
                insort(self._histories.setdefault(contact.customer, []), contact, key=_at_us)
                new.append(contact)
        return new

    def erase(self, members: Iterable[str]) -> int:
        """Forget the contacts of some ids; return how many there were."""
        return self._drop([contact for member in members for contact in self._histories.pop(member, ())])

    def forget(self, before_us: int) -> int:
        """Forget the contacts before a moment [us since 1970]; return how many there were."""
        gone: list[Contact] = []
        for history in self._histories.values():
            old = history[: bisect_left(history, before_us, key=_at_us)]
            del history[: len(old)]
            gone += old
        return self._drop(gone)

    def _drop(self, contacts: Sequence[Contact]) -> int:
        for contact in contacts:
            del self._contacts[contact.id]
        if contacts:
            self._arrived = [pair for pair in self._arrived if pair[1].id in self._contacts]
        return len(contacts)
