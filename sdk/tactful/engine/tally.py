"""Tally: what counts for one decision: the customer's contacts, the household's, everyone's. It keeps none of them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Protocol

from ..clock import NEVER_US
from ..limits import Per
from ..plan.caps import CapPlan
from ..plan.plan import Plan
from .limited import Limited, met, quieted, waiting
from .room import CapKey, PageRoom, Room


class Limiting(Protocol):
    """What limits one sort of subject (`Counters`, `Budgets`, `Strict`)."""

    @property
    def per(self) -> Per:
        """Whose contacts they are."""
        ...

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Held while room is looked for and taken."""
        ...

    @property
    def nearest(self) -> int:
        """No cap that the picks of a page fill together has less room left than this."""
        ...

    def reach_back(self, now_us: int) -> bool:
        """Return whether it counts as far back as caps look."""
        ...

    def limited(self, channel: str, now_us: int) -> Limited:
        """Return what is asked on a channel at a moment."""
        ...

    def full(self, key: CapKey, cap: CapPlan, more: int, now_us: int) -> bool:
        """Return whether a cap would be reached for a value with so many more events at a moment."""
        ...


class Counting(Limiting, Protocol):
    """What counts contacts (`Counters`, `Budgets`)."""

    @property
    def moved(self) -> object | None:
        """Where they are counted by now, under another plan; None if here."""
        ...

    def may_fill(self, channel: str, slots: int, now_us: int) -> bool:
        """Return whether picks of a page can fill a cap, where `nearest` does not say that they cannot."""
        ...

    def reserve(self, decision: str, rooms: Sequence[Room], now_us: int, until_us: int) -> None:
        """Count the room that a decision took, slot by slot, until it lapses."""
        ...


class Taking(Limiting, Protocol):
    """What has room in hand (`Strict`)."""

    def take(self, room: Room, now_us: int) -> tuple[str, ...]:
        """Take what showing an offer needs out of what is in hand; return the units."""
        ...


class Moved(Exception):
    """What counts for a decision is counted elsewhere by now: it has to be made anew, under the plan of now."""


class _AllHeld:
    """Holds locks one after the other, always in the same order."""

    __slots__ = ("_locks",)

    def __init__(self, locks: Sequence[AbstractContextManager[object]]) -> None:
        self._locks = tuple(locks)

    def __enter__(self) -> None:
        for lock in self._locks:
            lock.__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for lock in reversed(self._locks):
            lock.__exit__(kind, error, at)


class Tally:
    """
    What counts for the decisions of one customer under one plan.

    Attributes:
        plan: The plan whose caps count.
        key: What it was made of, the absent among them.
        parts: What counts, always in the same order, so that locks are never taken crosswise.
        alone: The one thing that counts, if there is no other: mostly the customer's own contacts.
        strict: What is in hand under strict caps; after `parts`.
    """

    __slots__ = ("_all", "_met", "alone", "key", "parts", "plan", "strict")

    def __init__(self, plan: Plan, parts: Sequence[Counting | None], strict: tuple[Taking, ...] = ()) -> None:
        self.plan = plan
        self.key = (*parts, strict)
        self.parts = tuple(part for part in parts if part is not None)
        self.strict = strict
        self.alone = self.parts[0] if len(self.parts) == 1 and not strict else None
        self._all: tuple[Limiting, ...] = (*self.parts, *strict) if strict else self.parts
        self._met: dict[str, tuple[tuple[Limited, ...], Limited]] | None = None

    def held(self) -> AbstractContextManager[object]:
        """Return what keeps others from taking room meanwhile."""
        if self.alone is not None:
            return self.alone.lock
        return _AllHeld([part.lock for part in self._all])

    def is_left(self) -> bool:
        """Return whether something is counted elsewhere by now: room that is taken here would not be seen there."""
        alone = self.alone
        return any(part.moved is not None for part in self.parts) if alone is None else alone.moved is not None

    def reach_back(self, now_us: int) -> bool:
        """Return whether everything is counted as far back as caps look."""
        for part in self.parts:  # noqa: SIM110 - a generator takes as long as what it asks
            if not part.reach_back(now_us):
                return False
        return True

    def limited(self, channel: str, now_us: int) -> Limited:
        """Return what is asked on a channel at a moment, all met."""
        if self.alone is not None:
            return self.alone.limited(channel, now_us)
        found = tuple(part.limited(channel, now_us) for part in self._all)
        known = self._met = {} if self._met is None else self._met
        kept = known.get(channel)
        if kept is None or kept[0] != found:
            kept = known[channel] = (found, met(found))
        return kept[1]

    def room(self, channel: str, slots: int, now_us: int) -> PageRoom | None:
        """Return the room that is left on a page of so many slots; None if its picks cannot fill any cap."""
        if self.alone is not None and self.alone.nearest <= slots and not self.alone.may_fill(channel, slots, now_us):
            return None
        for part in self._all:
            if part.nearest <= slots:
                near = tuple(one for one in self._all if one.nearest <= slots)
                return PageRoom(self.plan, channel, near, now_us)
        return None

    def reserve(self, decision: str, rooms: Sequence[Room], now_us: int, until_us: int) -> None:
        """Take the room that a decision needs, slot by slot, until it lapses."""
        if self.alone is not None:
            self.alone.reserve(decision, rooms, now_us, until_us)
            return
        for part in self.parts:
            part.reserve(decision, rooms, now_us, until_us)

    def take(self, room: Room, now_us: int) -> tuple[str, ...]:
        """Take what showing an offer needs out of what is in hand under strict caps; return the units."""
        return tuple(unit for part in self.strict for unit in part.take(room, now_us))


def tally_of(
    plan: Plan,
    own: Counting,
    household: Counting | None,
    budgets: Counting | None,
    strict: tuple[Taking, ...] = (),
) -> Tally | None:
    """Return what counts for a decision; None if caps count for everyone together and that is not known."""
    if budgets is None and "everyone" in plan.counted_per:
        return None
    return Tally(plan, (own, household, budgets), strict)


class Visitor:
    """Nobody in particular: no cap per customer concerns a visitor, quiet hours do. It counts nothing."""

    __slots__ = ("_channels", "_plan", "lock", "moved", "nearest", "per")

    def __init__(self, plan: Plan) -> None:
        self.moved = None
        self._plan = plan
        self.per: Per = "customer"
        self.lock = nullcontext()
        self.nearest = NEVER_US
        self._channels: dict[str, Limited] = {}

    def limited(self, channel: str, now_us: int) -> Limited:
        """Return what is asked on a channel at a moment."""
        limited = self._channels.get(channel)
        if limited is None or not limited.since_us <= now_us < limited.until_us:
            hushed, until_us = quieted(self._plan, channel, now_us, None)
            replacing = (
                waiting(cap, until_us)
                for cap in self._plan.caps
                if cap.cap.instead.bits
                and cap.cap.per != "everyone"
                and (not cap.cap.channels or channel in cap.cap.channels)
            )
            limited = Limited((*hushed, *replacing), now_us, until_us)
            self._channels[channel] = limited
        return limited

    def reach_back(self, now_us: int) -> bool:  # noqa: ARG002 - as the others
        """Return True: there is nothing that could be lacking."""
        return True

    def reserve(self, decision: str, rooms: Sequence[Room], now_us: int, until_us: int) -> None:
        """Do nothing: there is nobody whose room it is."""

    def may_fill(self, channel: str, slots: int, now_us: int) -> bool:  # noqa: ARG002 - as the others
        """Return False: no cap concerns a visitor."""
        return False

    def full(self, key: CapKey, cap: CapPlan, more: int, now_us: int) -> bool:  # noqa: ARG002 - as the others
        """Return False: no cap concerns a visitor."""
        return False
