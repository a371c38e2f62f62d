"""Strictly: many decisions under strict caps for customers, the same as with room in hand for each. It keeps no count.

Room for all customers of a part is reserved in few steps at the centre, and what their pages do not need is given back
in one. Each customer has room of its own, so none waits for another.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from ...contacts import Contact
from ...ports import StrictCaps
from ...strict import Ask
from ..own import Own
from ..room import room_for
from ..strict import Rooms, Strict
from .asked import Asked
from .columns import Customers
from .many import chunks, for_everyone
from .picks import EMPTY, Picks

#: So many questions are one step at the centre, which may hold a lock for each.
_ASKS_MAX: Final = 1000
#: What was taken for each filled slot.
Units = tuple[str, ...]


class Strictly:
    """Decides for customers under strict caps that count for each of them apart."""

    def __init__(self, asked: Asked, rooms: Rooms) -> None:
        """
        Decide for customers.

        Args:
            asked: What they share; none of them depends on another.
            rooms: What the edge holds at the centre. What is in hand for these customers is given back first.
        """
        self._asked, self._rooms = asked, rooms
        #: By the place of a customer: how much was given for each question, and what each slot took of it.
        self._kept: dict[int, tuple[tuple[int, ...], tuple[Units, ...]]] = {}

    def decide(self, customers: Customers, contacts: Mapping[str, Sequence[Contact]], first: int) -> Picks:
        """
        Return what fills the slots of many customers' pages, and take the room for it.

        Args:
            customers: The customers.
            contacts: Their contacts within the caps' windows, by customer id.
            first: The place of the first of them in what was asked.

        Raises:
            Exception: What the centre raises; nothing is reserved then that is not given back or lapses.
        """
        whole, limited = Picks.none(len(customers), self._asked.page.slots), for_everyone(self._asked)
        for start, chunk in chunks(self._asked, customers, contacts):
            picks = whole.part(slice(start, start + len(chunk)))
            ids = customers.ids[start : start + len(chunk)]
            self._rooms.release(self._rooms.forget(frozenset(ids)))
            hands = [self._hand(id_, own) for id_, own in zip(ids, chunk.owns(), strict=True)]
            try:
                given = self._reserve(hands)
                chunk.fill_apart(np.arange(len(chunk)), hands, limited, picks)
                for row, hand in enumerate(hands):
                    self._kept[first + start + row] = given[row], tuple(self._taken(hand, picks.offers[row].tolist()))
            finally:
                self._rooms.release([unit for hand in hands for unit in hand.give_back()])
        return whole

    def before(self, row: int, customer: str, own: Own) -> Strict:
        """Return what was in hand for a customer, by the place in what was asked. Its units are not to be used."""
        hand = self._hand(customer, own)
        asks = self._lacking(hand)
        hand.take_in(asks, [("",) * count for count in self._kept[row][0]], self._asked.now_us)
        return hand

    def units(self, row: int) -> tuple[Units, ...]:
        """Return what the slots of a customer's page took."""
        return self._kept[row][1]

    def _hand(self, customer: str, own: Own) -> Strict:
        return Strict(self._asked.plan, "customer", customer, own.zone, _ask_nobody)

    def _lacking(self, hand: Strict) -> list[Ask]:
        return hand.lacking(self._asked.now_us, self._asked.channel.channel.name)

    def _reserve(self, hands: Sequence[Strict]) -> list[tuple[int, ...]]:
        """Put into each hand what the centre gives; return how much that is, for each of its questions."""
        centre, asks = self._rooms.centre, [self._lacking(hand) for hand in hands]
        units: Iterator[Sequence[str]] = iter(())
        if centre is not None:
            units = self._given(centre, [ask for some in asks for ask in some])
        counts = []
        for hand, some in zip(hands, asks, strict=True):
            theirs = [next(units, ()) for _ in some]
            hand.take_in(some, theirs, self._asked.now_us)
            counts.append(tuple(map(len, theirs)))
        return counts

    def _given(self, centre: StrictCaps, asks: Sequence[Ask]) -> Iterator[Sequence[str]]:
        """Yield what the centre gives for each question, asked in few steps."""
        for start in range(0, len(asks), _ASKS_MAX):
            yield from centre.reserve(asks[start : start + _ASKS_MAX])

    def _taken(self, hand: Strict, offers: Sequence[int]) -> Iterator[Units]:
        """Yield what each filled slot takes out of a hand."""
        plan, channel = self._asked.plan, self._asked.channel.channel.name
        for offer in offers:
            if offer != EMPTY:
                yield hand.take(room_for(plan, plan.offers[offer].offer, channel), self._asked.now_us)


def _ask_nobody(strict: Strict, asks: Sequence[Ask]) -> None:
    """Do nothing: room was asked for all customers at once."""
