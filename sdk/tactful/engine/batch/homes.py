"""Homes: many decisions under caps for households, the same as one after the other. It records nothing.

Customers of different households depend on each other in nothing. So the first of each household in a part are decided
at once, then the second of each, and so on; each counts what those before were shown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from ...clock import SECOND_US
from ...contacts import Contact, decision_of
from ..count import Counters
from ..here import HouseholdKey
from ..own import shared
from ..room import Room, room_for
from .asked import Asked
from .columns import Customers
from .many import chunks, for_everyone
from .picks import EMPTY, Picks


class Homes:
    """
    Decides for customers of whom some share a household.

    What counts for a household is kept from the part with its first member to the part with its last.
    """

    def __init__(
        self,
        asked: Asked,
        keys: Sequence[HouseholdKey],
        contacts: Callable[[Sequence[HouseholdKey]], Mapping[HouseholdKey, Sequence[Contact]]],
        decision: Callable[[int], str],
    ) -> None:
        """
        Decide for customers.

        Args:
            asked: What they share; no budget for everyone can be used up by them.
            keys: Each customer's household.
            contacts: Gives the contacts of households within the caps' windows.
            decision: Gives a decision's id, by the customer's place.
        """
        self._asked, self._keys, self._contacts, self._decision = asked, keys, contacts, decision
        self._until_us = asked.now_us + asked.plan.policy.values.reserve_s * SECOND_US
        rows: dict[HouseholdKey, list[int]] = {}
        for row, key in enumerate(keys):
            rows.setdefault(key, []).append(row)
        #: The places of those who share a household with others who are asked for.
        self._members = {key: theirs for key, theirs in rows.items() if len(theirs) > 1}
        self._homes: dict[HouseholdKey, Counters] = {}
        self._nothing = self._counters(())
        #: What they were shown, by place.
        self._shown: dict[int, Sequence[Room]] = {}

    def decide(self, customers: Customers, contacts: Mapping[str, Sequence[Contact]], first: int) -> Picks:
        """
        Return what fills the slots of many customers' pages.

        Args:
            customers: The customers.
            contacts: Their contacts within the caps' windows, by customer id.
            first: The place of the first of them in what was asked; parts come in their order.
        """
        whole, limited = Picks.none(len(customers), self._asked.page.slots), for_everyone(self._asked)
        for start, chunk in chunks(self._asked, customers, contacts):
            picks = whole.part(slice(start, start + len(chunk)))
            keys = self._keys[first + start : first + start + len(chunk)]
            self._fetch(keys)
            for rows in _waves(keys):
                homes = [self._homes.get(keys[row], self._nothing) for row in rows]
                chunk.fill_apart(np.array(rows, dtype=np.int64), homes, limited, picks)
                self._count(rows, picks, first + start)
            self._leave(keys, first + start + len(chunk))
        return whole

    def before(self, row: int) -> Counters:
        """Return what counted for a household when it was decided for a customer, by the place in what was asked."""
        key = self._keys[row]
        members = self._members.get(key, [row])
        later = {self._decision(one) for one in members if one >= row}
        home = self._counters([one for one in self._contacts([key]).get(key, ()) if decision_of(one) not in later])
        for one in members:
            if one < row:
                self._reserve(home, one)
        return home

    def _fetch(self, keys: Sequence[HouseholdKey]) -> None:
        """Have the contacts of households counted that are not yet."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._homes]
        for key, contacts in self._contacts(missing).items():
            self._homes[key] = self._counters(contacts)

    def _count(self, rows: Sequence[int], picks: Picks, first: int) -> None:
        """Count what some customers are shown, for the members of their households who come after them."""
        plan, channel = self._asked.plan, self._asked.channel.channel.name
        for row in rows:
            place = first + row
            key = self._keys[place]
            if key in self._members and place < self._members[key][-1]:  # somebody comes who is to know
                offers = [plan.offers[one].offer for one in picks.offers[row].tolist() if one != EMPTY]
                self._shown[place] = [room_for(plan, one, channel) for one in offers]
                if key not in self._homes:
                    self._homes[key] = self._counters(())
                self._reserve(self._homes[key], place)

    def _reserve(self, home: Counters, place: int) -> None:
        home.reserve(self._decision(place), self._shown[place], self._asked.now_us, self._until_us)

    def _leave(self, keys: Sequence[HouseholdKey], done: int) -> None:
        """Let households go of which nobody comes any more."""
        for key in keys:
            if key not in self._members or self._members[key][-1] < done:
                self._homes.pop(key, None)

    def _counters(self, contacts: Sequence[Contact]) -> Counters:
        return Counters(self._asked.plan, contacts, "household", shared(self._asked.plan))


def _waves(keys: Sequence[HouseholdKey]) -> Iterator[list[int]]:
    """Yield the places of the first of each household, then those of the second of each, and so on."""
    waves: list[list[int]] = []
    before: dict[HouseholdKey, int] = {}
    for row, key in enumerate(keys):
        nth = before[key] = before.get(key, -1) + 1
        if nth == len(waves):
            waves.append([])
        waves[nth].append(row)
    return iter(waves)
