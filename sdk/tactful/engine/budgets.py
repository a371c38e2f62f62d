"""Budgets: what is counted for everyone together. Counts in small stretches of time stand for the single events.

What was recorded comes in through the ledger's tail, from this process and all others; what was reserved here counts
until it is recorded or lapses.
"""

import itertools
from collections.abc import Collection, Iterator, Sequence
from heapq import heappop, heappush
from threading import Lock
from typing import Final

import attrs

from ..clock import NEVER_US
from ..contacts import Contact
from ..limits import Per
from ..plan.caps import CapPlan
from ..plan.plan import Plan
from .budget_count import BudgetCount
from .counted_budgets import UNKNOWN, BudgetsForEvidence, CountedBudgets
from .limited import Limited, everything_reached
from .own import shared_zone
from .reached_budgets import ReachedBudgets
from .room import CapKey, Counting, Room, counting_of, shown, shown_id

#: With more reservations than this, every budget is used up.
_RESERVED_MAX: Final = 1_000_000
#: So many counts are looked at for the least room, for each decision in between.
_LOOKED_AT: Final = 16


@attrs.define(eq=False)
class _Reserved:
    """Room that was taken at a moment, until it lapses: for what, and where it still counts."""

    id: str
    at_us: int
    until_us: int
    what: Contact | Room
    counts: tuple[BudgetCount, ...]


class Budgets:
    """
    The caps that count for everyone together, under one plan.

    Attributes:
        plan: The plan whose caps count.
        per: It counts for everyone.
        lock: Held while room is looked for and taken.
        nearest: No cap that the picks of a page fill together has less room left than this.
        moved: What counts instead by now, under another plan; None if this does. It is set under the lock.
        known: Whether all that was recorded has come in; until then every budget is used up.
    """

    __slots__ = (
        "_by_room",
        "_caps",
        "_closest",
        "_counts",
        "_evidence",
        "_filling",
        "_lapsing",
        "_number",
        "_reached",
        "_reserved",
        "_stale",
        "_wait",
        "_zone",
        "known",
        "lock",
        "moved",
        "nearest",
        "per",
        "plan",
    )

    def __init__(self, plan: Plan, before: "Budgets | None" = None) -> None:
        self.plan = plan
        self.per: Per = "everyone"
        self.lock = Lock()
        self.moved: Budgets | None = None
        self.known = False
        self._caps = tuple(cap for cap in plan.caps if cap.cap.per == "everyone")
        self._zone = shared_zone(plan)
        self._counts: dict[CapKey, BudgetCount] = {}
        #: What showing an offer counts for here.
        self._by_room: dict[Room, tuple[BudgetCount, ...]] = {}
        #: Counts that picks of a page fill together; the one with the least room; whether that is to be found anew, and
        #: after how many decisions.
        self._filling: list[BudgetCount] = []
        self._closest: BudgetCount | None = None
        self._stale, self._wait = False, 0
        self.nearest = self._least(-NEVER_US)
        self._reached = ReachedBudgets(self._caps, self._counts, self._zone)
        #: Kept from the first time on that evidence is asked for.
        self._evidence: BudgetsForEvidence | None = None
        self._reserved: dict[str, _Reserved] = {}
        self._lapsing: list[tuple[int, int, _Reserved, BudgetCount | None]] = []
        self._number = itertools.count()
        if before is not None:
            with before.lock:
                before.moved = self
                reserved = tuple(before.reservations())
            for contact in reserved:
                self.add(contact)

    def reach_back(self, now_us: int) -> bool:  # noqa: ARG002 - as the others
        """Return whether all that was recorded has come in."""
        return self.known

    def find(self) -> None:
        """Count from now on: all that was recorded has come in."""
        if not self.known:
            with self.lock:
                self.known = True

    def lose(self) -> None:
        """Take every budget for used up, until what was recorded is known again."""
        with self.lock:
            self.known = False

    def add(self, contact: Contact) -> None:
        """Count what was recorded, once; a reservation of the same id ends."""
        self._release(contact.id)
        counting = counting_of(self.plan, contact)
        if contact.until_us is not None:
            self._hold(contact.id, contact.at_us, contact.until_us, contact, counting)
        else:
            for count in self._concerned(counting):
                count.add(contact.at_us, count.cap.cap.counted.weight(contact.event))
                self._note(count)

    def may_fill(self, channel: str, slots: int, now_us: int) -> bool:  # noqa: ARG002 - as the others
        """Return True: no track is kept of how little room is left."""
        return True

    def reserve(self, decision: str, rooms: Sequence[Room], now_us: int, until_us: int) -> None:
        """Count the room that a decision took, slot by slot, until it lapses."""
        for slot, room in enumerate(rooms):
            id_ = shown_id(decision, slot, room.offer.id)
            if id_ in self._reserved:
                continue
            self._hold(id_, now_us, until_us, room, room.counting)

    def release(self, ids: Collection[str]) -> None:
        """Let go of room that was taken, by ids of exposures; what was shown and could not be kept stays."""
        for id_ in ids:
            held = self._reserved.get(id_)
            if held is not None and not (isinstance(held.what, Contact) and held.what.treatment):
                self._release(id_)

    def reservations(self) -> Iterator[Contact]:
        """Yield the room that is taken, as contacts."""
        for id_, held in self._reserved.items():
            what = held.what
            yield what if isinstance(what, Contact) else shown(what.offer, what.channel, id_, held.at_us, held.until_us)

    def limited(self, channel: str, now_us: int) -> Limited:
        """Return what the budgets that are used up ask on a channel at a moment, until something counts or lapses."""
        self._lapse(now_us)
        if not self.known or len(self._reserved) > _RESERVED_MAX:
            return everything_reached(self.plan, channel, ("everyone",))
        for count in self._reached.settle(now_us):
            self._near(count)
        if self._stale:
            self._find_nearest(now_us)
        return self._reached.limited(channel, now_us)

    def used(self, now_us: int) -> Iterator[tuple[CapPlan, str, int, int | None]]:
        """Yield what counts at a moment: the cap, the value, how much, and until when it is reached, if it is."""
        for (_, value), count in self._counts.items():
            yield count.cap, value, count.inside(now_us), count.frees_us(now_us)

    def counted(self, now_us: int) -> CountedBudgets:
        """Return what is used up at a moment, for evidence; nothing of what is not known. The lock is held."""
        if not self.known:
            return UNKNOWN
        if self._evidence is None:
            self._evidence = BudgetsForEvidence(self._caps, self._counts.values())
        return self._evidence.at(now_us)

    def spare(self, now_us: int, caps: Collection[int]) -> int:
        """Return how many more events surely use up none of these caps at a moment; of what is not known, none."""
        if not self.known:
            return 0
        used = [cap.cap.count - inside for cap, _, inside, _ in self.used(now_us) if cap.number in caps]
        return max(min([*used, *(cap.cap.count for cap in self._caps if cap.number in caps)], default=0) - 1, 0)

    def full(self, key: CapKey, cap: CapPlan, more: int, now_us: int) -> bool:
        """Return whether a budget would be used up for a value with so many more events at a moment."""
        return more >= self.left(key, cap, now_us)

    def left(self, key: CapKey, cap: CapPlan, now_us: int) -> int:
        """Return with how many more events a budget is used up for a value at a moment; 0 or less if it is."""
        count = self._counts.get(key)
        return cap.cap.count - (0 if count is None else count.inside(now_us))

    def _hold(self, id_: str, at_us: int, until_us: int, what: Contact | Room, counting: Counting) -> None:
        counts = self._by_room.get(what) if isinstance(what, Room) else None
        if counts is None:
            counts = self._concerned(counting)
            if isinstance(what, Room):
                self._by_room[what] = counts
        held = self._reserved[id_] = _Reserved(id_, at_us, until_us, what, counts)
        lasts_us = until_us - at_us
        for count in counts:
            count.reserved += 1
            self._note(count)
            if count.shortest_us < lasts_us and (ends_us := count.leaves_us(at_us)) < until_us:
                heappush(self._lapsing, (ends_us, next(self._number), held, count))
        heappush(self._lapsing, (until_us, next(self._number), held, None))

    def _note(self, count: BudgetCount) -> None:
        self._reached.note(count)
        if self._evidence is not None:
            self._evidence.note(count)
        self._near(count)

    def _near(self, count: BudgetCount) -> None:
        """Note how much room a cap has left."""
        if not count.cap.fills:
            return
        left = count.left
        if left < self.nearest:
            self.nearest, self._closest = left, count
        if count is self._closest and (left <= 0 or left > self.nearest):
            self._stale = True

    def _find_nearest(self, now_us: int) -> None:
        """Find the least room anew, once in so many decisions that each does little for it: more is only a gain."""
        if self._wait:
            self._wait -= 1
        else:
            self.nearest = self._least(now_us)
            self._stale, self._wait = False, len(self._filling) // _LOOKED_AT

    def _least(self, now_us: int) -> int:
        """Return the least room that is left; what has none is withheld. What speaks against a cap leaves unseen."""
        caps = [cap for cap in self._caps if cap.fills]
        self._closest = None
        if any(cap.weighted for cap in caps):
            return 0
        least = min((cap.cap.count for cap in caps if cap.cap.count > 0), default=NEVER_US)
        for count in self._filling:
            left = count.cap.cap.count - count.inside(now_us)
            if 0 < left < least:
                least, self._closest = left, count
        return least

    def _concerned(self, counting: Counting) -> tuple[BudgetCount, ...]:
        found = []
        for key, cap in counting.items():
            if cap.cap.per == "everyone":
                count = self._counts.get(key)
                if count is None:
                    count = self._counts[key] = BudgetCount(cap, key[1], self._zone)
                    if cap.fills:
                        self._filling.append(count)
                found.append(count)
        return tuple(found)

    def _release(self, id_: str) -> None:
        held = self._reserved.pop(id_, None)
        for count in () if held is None else held.counts:
            count.reserved -= 1
            self._note(count)

    def _lapse(self, now_us: int) -> None:
        """Let go of the room whose time is over."""
        while self._lapsing:
            ends_us, _, held, count = self._lapsing[0]
            if self._reserved.get(held.id) is held and (count is None or count in held.counts):
                if ends_us > now_us:
                    return
                if count is None:
                    self._release(held.id)
                else:
                    held.counts = tuple(one for one in held.counts if one is not count)
                    count.reserved -= 1
                    self._note(count)
            heappop(self._lapsing)
