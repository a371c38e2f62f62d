"""Budgets: what is counted for everyone together. Counts in small stretches of time stand for the single events.

What was recorded comes in through the ledger's tail, from this process and all others; what was reserved here counts
until it is recorded or lapses.
"""

from collections import OrderedDict, deque
from threading import Lock
from typing import Final

import attrs

from ..clock import NEVER_US
from ..contacts import Contact
from ..limits import Per
from ..plan.caps import CapPlan
from ..plan.plan import Plan
from .limited import Limited, Reached, everything_reached, reached_by, waiting
from .room import CapKey, Counting, Room, counting_of

#: A rolling window is counted in so many stretches; an event counts until its stretch has left.
_STRETCHES: Final = 256
#: With more reservations than this, every budget is used up.
_RESERVED_MAX: Final = 1_000_000


@attrs.define(eq=False)
class _Count:
    """What counts for one value of a cap: events by the moment at which they leave, their sum, and reservations."""

    cap: CapPlan
    leaving: deque[list[int]] = attrs.field(factory=deque)
    total: int = 0
    reserved: int = 0

    def add(self, at_us: int) -> None:
        """Count an event."""
        leaves_us = self.cap.leaves_us(at_us, None)
        if self.cap.rolling_us is not None:
            stretch_us = max(self.cap.rolling_us // _STRETCHES, 1)
            leaves_us += -leaves_us % stretch_us
        if self.leaving and self.leaving[-1][0] >= leaves_us:
            self.leaving[-1][1] += 1  # late ones stay as long as the latest: too long is careful
        else:
            self.leaving.append([leaves_us, 1])
        self.total += 1

    def inside(self, now_us: int) -> int:
        """Return how much counts at a moment; what has left is let go."""
        while self.leaving and self.leaving[0][0] <= now_us:
            self.total -= self.leaving.popleft()[1]
        return self.total + self.reserved

    def frees_us(self, now_us: int) -> int | None:
        """Return until when the cap stays reached if nothing more happens, or None if it is not."""
        inside = self.inside(now_us)
        if inside < self.cap.cap.count:
            return None
        for leaves_us, number in self.leaving:
            inside -= number
            if inside < self.cap.cap.count:
                return leaves_us
        return NEVER_US


class Budgets:
    """
    The caps that count for everyone together, under one plan.

    Attributes:
        plan: The plan whose caps count.
        per: It counts for everyone.
        lock: Held while room is looked for and taken.
        nearest: How little room may be left: it is not kept track of.
        known: Whether all that was recorded has come in; until then every budget is used up.
    """

    __slots__ = ("_caps", "_channels", "_counts", "_reserved", "known", "lock", "nearest", "per", "plan")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.per: Per = "everyone"
        self.lock = Lock()
        self.known = False
        self.nearest = 0
        self._caps = tuple(cap for cap in plan.caps if cap.cap.per == "everyone")
        self._counts: dict[CapKey, _Count] = {}
        self._reserved: OrderedDict[str, tuple[int, tuple[_Count, ...]]] = OrderedDict()
        self._channels: dict[str, Limited] = {}

    def reach_back(self, now_us: int) -> bool:  # noqa: ARG002 - as the others
        """Return whether all that was recorded has come in."""
        return self.known

    def find(self) -> None:
        """Count from now on: all that was recorded has come in."""
        if not self.known:
            with self.lock:
                self.known = True
                self._channels = {}

    def lose(self) -> None:
        """Take every budget for used up, until what was recorded is known again."""
        with self.lock:
            self.known = False
            self._channels = {}

    def add(self, contact: Contact) -> None:
        """Count what was recorded, once; a reservation of the same id ends."""
        self._release(contact.id)
        for count in self._concerned(counting_of(self.plan, contact)):
            count.add(contact.at_us)
        self._channels = {}

    def reserve(self, id_: str, room: Room, now_us: int, until_us: int) -> None:
        """Count room that was taken under an id, until it lapses."""
        if id_ in self._reserved:
            return
        counts = tuple(self._concerned(room.counting))
        self._reserved[id_] = (until_us, counts)
        for count in counts:
            count.reserved += 1
            if count.inside(now_us) >= count.cap.cap.count:
                self._channels = {}

    def limited(self, channel: str, now_us: int) -> Limited:
        """Return what the budgets that are used up ask on a channel at a moment."""
        limited = self._channels.get(channel)
        if limited is None or not limited.since_us <= now_us < limited.until_us:
            limited = self._channels[channel] = self._work_out(channel, now_us)
        return limited

    def full(self, key: CapKey, cap: CapPlan, more: int, now_us: int) -> bool:
        """Return whether a budget would be used up for a value with so many more events at a moment."""
        count = self._counts.get(key)
        return (0 if count is None else count.inside(now_us)) + more >= cap.cap.count

    def _concerned(self, counting: tuple[Counting, ...]) -> list[_Count]:
        found = []
        for key, cap, _ in counting:
            if cap.cap.per == "everyone":
                count = self._counts.get(key)
                if count is None:
                    count = self._counts[key] = _Count(cap)
                found.append(count)
        return found

    def _release(self, id_: str) -> None:
        for count in self._reserved.pop(id_, (0, ()))[1]:
            count.reserved -= 1

    def _work_out(self, channel: str, now_us: int) -> Limited:
        while self._reserved and next(iter(self._reserved.values()))[0] <= now_us:
            self._release(next(iter(self._reserved)))
        if not self.known or len(self._reserved) > _RESERVED_MAX:
            return everything_reached(self.plan, channel, ("everyone",))
        first = next(iter(self._reserved.values()), (NEVER_US, ()))[0]
        acting: list[Reached] = []
        changes_us = NEVER_US
        reached = set()
        for (number, value), count in sorted(self._counts.items(), key=lambda pair: pair[0]):
            frees_us = count.frees_us(now_us)
            if frees_us is not None and count.cap.limits_on(channel, value):
                acting.append(reached_by(count.cap, value, frees_us))
                changes_us = min(changes_us, frees_us, first)
                reached.add(number)
        for cap in self._caps:
            here = not cap.cap.channels or channel in cap.cap.channels
            if here and cap.cap.instead.bits and cap.number not in reached:
                acting.append(waiting(cap, NEVER_US))
        return Limited(acting, now_us, changes_us)
