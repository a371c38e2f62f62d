"""Counted: what counted under the caps when a decision was made, for evidence; and counting by it again later."""

from collections.abc import Sequence
from contextlib import nullcontext
from functools import reduce
from operator import or_
from typing import Protocol

import attrs

from ..clock import NEVER_US
from ..contacts import Contact
from ..evidence import CountedBudget, CountedContacts, RoomInHand
from ..limits import Per
from ..plan.caps import CapPlan
from ..plan.plan import Plan
from .budgets import Budgets
from .count import Counters
from .counted_budgets import CountedBudgets, shape
from .in_hand import limited_by, reached_without
from .limited import Limited, Reached, reached_by, reached_wholly, waiting
from .own import shared_zone
from .room import CapKey, Room
from .strict import Strict
from .tally import Tally


class Event(Protocol):
    """Something that counts."""

    def contact(self) -> Contact:
        """Return it as a contact."""
        ...


@attrs.frozen(eq=False, repr=False)
class Counted:
    """What counted for one decision: cheap to take, and made of things that do not change."""

    own: tuple[Sequence[Event], int] | None
    household: tuple[Sequence[Event], int] | None
    budgets: CountedBudgets | None  # empty where they are not known
    strict: tuple[RoomInHand, ...]


def counted_of(tally: Tally, now_us: int) -> Counted:
    """Return what counts under a tally at a moment; its lock is held."""
    own, household, budgets, _ = tally.key
    return Counted(
        own.kept() if isinstance(own, Counters) else None,
        household.kept() if isinstance(household, Counters) else None,
        budgets.counted(now_us) if isinstance(budgets, Budgets) else None,
        tuple(
            RoomInHand(cap.id, value, part.per, units)
            for part in tally.strict
            if isinstance(part, Strict)
            for cap, value, units in part.in_hand(now_us)
        ),
    )


def contacts_of(kept: tuple[Sequence[Event], int] | None) -> CountedContacts | None:
    """Return what was kept as contacts."""
    return None if kept is None else CountedContacts(tuple(one.contact() for one in kept[0]), kept[1])


def household_contacts_of(kept: tuple[Sequence[Event], int] | None) -> CountedContacts | None:
    """Return what was kept of a household as contacts of nobody: whose they were is no part of another's evidence."""
    found = contacts_of(kept)
    if found is None:
        return None
    return attrs.evolve(found, contacts=tuple(attrs.evolve(one, customer="") for one in found.contacts))


class BudgetsThen:
    """Budgets as they were when a decision was made. A cap that was not counted then is reached. It counts no more."""

    __slots__ = ("_caps", "_counts", "_zone", "lock", "moved", "nearest", "per")

    def __init__(self, plan: Plan, budgets: Sequence[CountedBudget]) -> None:
        self._zone = shared_zone(plan)
        self.per: Per = "everyone"
        self.moved = None
        self.lock = nullcontext()
        self.nearest = 0
        counted = {(one.cap, one.shape) for one in budgets}
        caps = {(cap.id, shape(cap.cap)): cap for cap in plan.caps if cap.cap.per == "everyone"}
        self._caps = tuple((cap, key in counted) for key, cap in caps.items())
        self._counts: dict[CapKey, tuple[CapPlan, CountedBudget]] = {
            (cap.number, one.value): (cap, one)
            for one in budgets
            if (cap := caps.get((one.cap, one.shape))) is not None and one.value in cap.reached
        }

    def reach_back(self, now_us: int) -> bool:  # noqa: ARG002 - as the others
        """Return True: what is not known is reached, cap by cap."""
        return True

    def limited(self, channel: str, now_us: int) -> Limited:
        """Return what the budgets that were used up ask on a channel at that moment."""
        acting: list[Reached] = []
        reached = set()
        for (number, value), (cap, one) in sorted(self._counts.items(), key=lambda pair: pair[0]):
            if one.frees_us is not None and cap.limits_on(channel, value):
                acting.append(reached_by(cap, value, one.frees_us))
                reached.add(number)
        for cap, is_counted in self._caps:
            here = not cap.cap.channels or channel in cap.cap.channels
            if not is_counted or (here and not cap.knows_its_clock(self._zone)):
                acting += reached_wholly(cap, channel)
            elif here and cap.cap.instead.bits and cap.number not in reached:
                acting.append(waiting(cap, NEVER_US))
        return Limited(acting, now_us, NEVER_US)

    def may_fill(self, channel: str, slots: int, now_us: int) -> bool:  # noqa: ARG002 - as the others
        """Return True: no track is kept of how little room is left."""
        return True

    def reserve(self, decision: str, rooms: Sequence[Room], now_us: int, until_us: int) -> None:
        """Do nothing: it counts no more."""

    def full(self, key: CapKey, cap: CapPlan, more: int, now_us: int) -> bool:  # noqa: ARG002 - as the others
        """Return whether a budget would be used up for a value with so many more events."""
        found = self._counts.get(key)
        return (0 if found is None else found[1].inside) + more >= cap.cap.count


class StrictThen:
    """What was in hand under strict caps when a decision was made. It asks for no more."""

    __slots__ = ("_caps", "_some", "_units", "lock", "nearest", "per")

    def __init__(self, plan: Plan, per: Per, rooms: Sequence[RoomInHand]) -> None:
        self.per: Per = per
        self.lock = nullcontext()
        self.nearest = 0
        self._caps = tuple(cap for cap in plan.caps if cap.cap.strict and cap.cap.per == per)
        numbers = {cap.id: cap.number for cap in self._caps}
        self._units = {(numbers[one.cap], one.value): one.units for one in rooms if one.cap in numbers and one.units}
        #: The treatments of offers that had room in hand, by the cap's number.
        self._some: dict[int, int] = {}
        for cap in self._caps:
            if cap.wholly is not None:
                bits = (limited_by(cap, value) for number, value in self._units if number == cap.number)
                self._some[cap.number] = reduce(or_, bits, 0)

    def reach_back(self, now_us: int) -> bool:  # noqa: ARG002 - as the others
        """Return True: the centre counted."""
        return True

    def limited(self, channel: str, now_us: int) -> Limited:
        """Return what was withheld on a channel for want of room in hand."""
        acting = (
            one
            for cap in self._caps
            for one in reached_without(cap, channel, self._some.get(cap.number, 0), self._units.get)
        )
        return Limited(acting, now_us, NEVER_US)

    def full(self, key: CapKey, cap: CapPlan, more: int, now_us: int) -> bool:  # noqa: ARG002 - as the others
        """Return whether the room in hand is used up with so many more exposures."""
        return cap.cap.strict and self._units.get(key, 0) <= more

    def take(self, room: Room, now_us: int) -> tuple[str, ...]:  # noqa: ARG002 - as the others
        """Take nothing: it was decided already."""
        return ()
