"""Budgeted: many decisions under budgets that they use up, the same as one after the other. It takes the room.

Many pages are filled at once by what budgets ask now. They stand up to the first one that uses a budget up: until then
nothing that budgets ask has changed. That page is filled pick by pick, and those after it anew.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Final

import attrs
import numpy as np

from ...clock import NEVER_US, SECOND_US
from ...contacts import Contact
from ...limits import Per
from ...plan.caps import SHOWN, CapPlan
from ..budgets import Budgets
from ..limited import Limited
from ..room import CapKey, Room, room_for, shown, shown_id
from ..tally import Counting
from .asked import Asked
from .chunk import Chunk
from .columns import Customers
from .many import chunks
from .picks import EMPTY, Picks
from .worths import Places

#: So many pages are filled at once, at least; twice as many each time that no budget is used up.
_LEAST: Final = 16


class Then:
    """
    Budgets as they were for some customers. It counts no more.

    Attributes:
        per: It counts for everyone.
        lock: Nothing changes.
        moved: Nowhere.
        nearest: Much, unless picks of a page can use up a budget.
    """

    def __init__(self, limited: Limited, budgets: Budgets | None = None) -> None:
        self.per: Per = "everyone"
        self.lock = nullcontext()
        self.moved = None
        self.nearest = NEVER_US if budgets is None else 0
        self._limited = limited
        self._budgets = budgets
        self._said: dict[tuple[CapKey, int], bool] = {}

    def reach_back(self, now_us: int) -> bool:  # noqa: ARG002 - as the others
        """Return True: what was not known was reached."""
        return True

    def limited(self, channel: str, now_us: int) -> Limited:  # noqa: ARG002 - as the others
        """Return what the budgets asked on the page's channel."""
        return self._limited

    def may_fill(self, channel: str, slots: int, now_us: int) -> bool:  # noqa: ARG002 - as the others
        """Return True: no track is kept of how little room is left."""
        return True

    def reserve(self, decision: str, rooms: Sequence[Room], now_us: int, until_us: int) -> None:
        """Do nothing: it counts no more."""

    def full(self, key: CapKey, cap: CapPlan, more: int, now_us: int) -> bool:
        """Return whether a budget was used up with so many more events; asked the first time while it still counts."""
        if (key, more) not in self._said:
            self._said[key, more] = self._budgets is not None and self._budgets.full(key, cap, more, now_us)
        return self._said[key, more]

    def close(self) -> None:
        """Count no more from now on."""
        self._budgets = None


@attrs.frozen(eq=False)
class _Counted:
    """What showing offers counts for among budgets: keys by number, and of each offer those that are its own."""

    keys: tuple[tuple[CapKey, CapPlan], ...]
    first: Places
    count: Places
    numbers: Places

    @classmethod
    def of(cls, asked: Asked) -> "_Counted":
        """Return it for all offers of a plan on a page's channel."""
        plan, channel = asked.plan, asked.channel.channel.name
        known: dict[CapKey, int] = {}
        keys, count, numbers = [], [], []
        for one in plan.offers:
            room = room_for(plan, one.offer, channel).counting if SHOWN in plan.counted_events else {}
            mine = [(key, cap) for key, cap in room.items() if cap.cap.per == "everyone"]
            keys += [pair for pair in mine if pair[0] not in known]
            numbers += [known.setdefault(key, len(known)) for key, _ in mine]
            count.append(len(mine))
        counts = np.array(count, dtype=np.int64)
        return cls(tuple(keys), np.cumsum(counts) - counts, counts, np.array(numbers, dtype=np.int64))

    def events(self, offers: Places) -> tuple[Places, Places]:
        """Return of picks, pages by slots, what is counted in their order: of which page, and the key's number."""
        pages, slots = np.nonzero(offers != EMPTY)
        shown_ = offers[pages, slots]
        counts = self.count[shown_]
        within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(pages, counts), self.numbers[np.repeat(self.first[shown_], counts) + within]


class Budgeted:
    """
    Decides for customers of whom each could use up what is left for the others.

    Attributes:
        alone: For so many customers it was decided pick by pick.
    """

    def __init__(self, asked: Asked, budgets: Budgets, decision: Callable[[int], str]) -> None:
        self._asked, self._budgets, self._decision = asked, budgets, decision
        self._channel = asked.channel.channel.name
        self._counted = _Counted.of(asked)
        self._until_us = asked.now_us + asked.plan.policy.values.reserve_s * SECOND_US
        self._window = _LEAST
        self._first: list[int] = []
        self._then: list[Then] = []
        self.alone = 0

    def decide(self, customers: Customers, contacts: Mapping[str, Sequence[Contact]], first: int) -> Picks:
        """
        Return what fills the slots of many customers' pages, and take the room for it.

        Args:
            customers: The customers.
            contacts: Their contacts within the caps' windows, by customer id.
            first: The place of the first of them in what was asked; parts come in their order.
        """
        whole = Picks.none(len(customers), self._asked.page.slots)
        for start, chunk in chunks(self._asked, customers, contacts):
            picks, row = whole.part(slice(start, start + len(chunk))), 0
            while row < len(chunk):
                row = self._on(chunk, picks, row, first + start)
        return whole

    def then(self, row: int) -> Counting | None:
        """Return the budgets as they were for a customer, by the place in what was asked."""
        place = bisect_right(self._first, row) - 1
        return self._then[place] if place >= 0 else self._budgets

    def _on(self, chunk: Chunk, picks: Picks, row: int, first: int) -> int:
        """Fill pages from one on, as many as stand; return the next one."""
        budgets, now_us = self._budgets, self._asked.now_us
        with budgets.lock:
            limited = budgets.limited(self._channel, now_us)
        rows = slice(row, min(row + self._window, len(chunk)))
        picks.clear(rows)
        chunk.fill(rows, limited, picks)
        with budgets.lock:
            seen = budgets.limited(self._channel, now_us)
            if (seen.withheld, seen.blind) != (limited.withheld, limited.blind):
                return row  # others took room meanwhile
            standing = row + self._standing(picks.offers[rows])
            if standing > row:
                self._keep(first + row, limited)
                self._reserve(picks, slice(row, standing), first)
            if standing == rows.stop:
                self._window = min(2 * self._window, len(chunk))
                return standing
            then = self._keep(first + standing, limited, budgets)
            picks.clear(slice(standing, rows.stop))
            chunk.alone(standing, limited, then, picks)
            then.close()
            self._reserve(picks, slice(standing, standing + 1), first)
        self._window = max(2 * (standing - row), _LEAST)
        self.alone += 1
        return standing + 1

    def _standing(self, offers: Places) -> int:
        """Return how many pages come before the first one that uses up a budget."""
        pages, numbers = self._counted.events(offers)
        order = np.argsort(numbers, kind="stable")
        keys, starts, counts = np.unique(numbers[order], return_index=True, return_counts=True)
        left = np.array([self._left(*self._counted.keys[key]) for key in keys.tolist()], dtype=np.int64)
        lefts = np.repeat(left, counts)
        nth = np.arange(1, len(order) + 1) - np.repeat(starts, counts)
        using_up = pages[order][(nth >= lefts) & (lefts > 0)]
        return int(using_up.min()) if len(using_up) else len(offers)

    def _left(self, key: CapKey, cap: CapPlan) -> int:
        """Return how many events use a budget up; none or less if it is used up."""
        return self._budgets.left(key, cap, self._asked.now_us)

    def _keep(self, row: int, limited: Limited, budgets: Budgets | None = None) -> Then:
        """Remember budgets as they are from a customer on."""
        if budgets is None and self._then and self._then[-1].nearest and self._then[-1].limited("", 0) is limited:
            return self._then[-1]
        self._first.append(row)
        self._then.append(Then(limited, budgets))
        return self._then[-1]

    def _reserve(self, picks: Picks, rows: slice, first: int) -> None:
        """Take room for what was picked, also where it is counted by now under another plan."""
        plan, now_us, moved = self._asked.plan, self._asked.now_us, self._budgets
        while moved.moved is not None:
            moved = moved.moved
        for row, offers in enumerate(picks.offers[rows].tolist(), rows.start):
            shown_ = [plan.offers[offer].offer for offer in offers if offer != EMPTY]
            rooms = [room_for(plan, one, self._channel) for one in shown_]
            self._budgets.reserve(self._decision(first + row), rooms, now_us, self._until_us)
            if moved is not self._budgets:
                self._tell(moved, rooms, first + row)

    def _tell(self, moved: Budgets, rooms: Sequence[Room], row: int) -> None:
        now_us = self._asked.now_us
        with moved.lock:
            for slot, room in enumerate(rooms):
                id_ = shown_id(self._decision(row), slot, room.offer.id)
                moved.add(shown(room.offer, room.channel, id_, now_us, self._until_us))
