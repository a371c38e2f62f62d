"""What caps and quiet hours ask of a page, from a moment until another. Counters say what is reached; this does not."""

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import Final, Protocol

import attrs

from ..clock import NEVER_US
from ..limits import Per
from ..limits import Reached as Then
from ..plan.caps import CapPlan, QuietPlan, Reach
from ..plan.plan import Plan
from ..plan.windows import quiet_at
from .own import Own
from .reached import Event, reached_until

#: What a customer is told whose own number of events a cap keeps to.
WISHED: Final = "You asked us to come no more often than this."


@attrs.frozen(eq=False)
class Reached:
    """
    A cap that is reached for one value, or an hour that is quiet.

    Attributes:
        id: The rule's id.
        reason: Why, for an engineer.
        say: Why, for a customer.
        withheld: The treatments that it withholds.
        blind: The treatments that no affinity ranks while it acts.
        then: What it does: suppress, defer, downgrade or replace.
        until_us: Until when, if nothing else happens [us since 1970].
    """

    id: str
    reason: str
    say: str
    withheld: int
    blind: int
    then: Then
    until_us: int


class Asking(Protocol):
    """What asks something of a page; what acts in it is worked out when an explanation asks."""

    @property
    def withheld(self) -> int:
        """The treatments that are withheld."""
        ...

    @property
    def blind(self) -> int:
        """The treatments that no affinity ranks."""
        ...

    @property
    def acting(self) -> Iterable[Reached]:
        """What withholds or blinds them, each thing alone."""
        ...


class Limited:
    """
    What caps and quiet hours ask on one channel.

    Attributes:
        withheld: The treatments that are withheld.
        blind: The treatments that no affinity ranks.
        since_us: It holds from here [us].
        until_us: It holds before here [us].
    """

    __slots__ = ("_acting", "blind", "since_us", "until_us", "withheld")

    def __init__(self, alone: Iterable[Reached], since_us: int, until_us: int, parts: tuple[Asking, ...] = ()) -> None:
        self._acting: tuple[Asking | Reached, ...] = (*parts, *alone)
        self.withheld = self.blind = 0
        for one in self._acting:
            # What alone withholds or blinds is shared, not copied: it is as long as the plan has offers.
            self.withheld = self.withheld | one.withheld if self.withheld else one.withheld
            self.blind = self.blind | one.blind if self.blind else one.blind
        self.since_us = since_us
        self.until_us = until_us

    @property
    def acting(self) -> tuple[Reached, ...]:
        """What withholds or blinds them, each thing alone."""
        found: list[Reached] = []
        for one in self._acting:
            found += (one,) if isinstance(one, Reached) else one.acting
        self._acting = acting = tuple(found)
        return acting


NOTHING = Limited((), -NEVER_US, NEVER_US)


def met(parts: Iterable[Limited]) -> Limited:
    """Return what several ask together, for as long as all of it holds."""
    several = tuple(parts)
    since_us = max((part.since_us for part in several), default=-NEVER_US)
    return Limited((), since_us, min((part.until_us for part in several), default=NEVER_US), several)


#: For whom caps count.
ALL: Final[tuple[Per, ...]] = ("customer", "household", "everyone")


def everything_reached(plan: Plan, channel: str, per: tuple[Per, ...] = ALL) -> Limited:
    """Return what is asked where contacts are unknown: caps that count for these are reached, and every hour quiet."""

    def make() -> Limited:
        caps = (one for cap in plan.caps if cap.cap.per in per for one in reached_wholly(cap, channel))
        quiet = (quieted_by(one, NEVER_US) for one in plan.quiets if "customer" in per and one.hushes(channel))
        return Limited((*caps, *quiet), -NEVER_US, NEVER_US)

    return plan.once(("everything reached", channel, per), make)


def reached_by(cap: CapPlan, value: str, until_us: int) -> Reached:
    """Return what a cap does that is reached for a value."""
    return _reached(cap, cap.reached[value], until_us)


def wished_by(cap: CapPlan, value: str, until_us: int) -> Reached:
    """Return what a cap does for a value where the customer asked for fewer than it allows, and has had them."""
    return _wished(cap, cap.reached[value], until_us)


def reached_wholly(cap: CapPlan, channel: str, *, wished: bool = False) -> Iterator[Reached]:
    """
    Yield what a cap does on a channel that is reached for all values; for all offers it is one thing.

    Args:
        cap: The cap.
        channel: The channel's name.
        wished: Whether it is so because the customer asked for none at all.
    """
    by = _wished if wished else _reached
    return (by(cap, reach, NEVER_US) for reach in _all_of(cap, channel))


def _all_of(cap: CapPlan, channel: str) -> Iterator[Reach]:
    if cap.wholly is None:
        yield from (reach for value, reach in cap.reached.items() if cap.limits_on(channel, value))
    elif cap.limits_on(channel, ""):
        yield cap.wholly


def _reached(cap: CapPlan, reach: Reach, until_us: int) -> Reached:
    return Reached(cap.id, cap.reason, cap.say, reach.withheld, reach.blind, cap.cap.then, until_us)


def _wished(cap: CapPlan, reach: Reach, until_us: int) -> Reached:
    reason = f"as many as the customer asks for, which is fewer than here: {cap.reason}"
    return Reached(f"{cap.id}.wish", reason, WISHED, reach.withheld, reach.blind, cap.cap.then, until_us)


#: What a cap comes to for one value: worked out when, what it does (None if it is not reached), until when that holds.
State = tuple[int, Reached | None, int]


def state_of(cap: CapPlan, value: str, counted: list[Event], own: Own, now_us: int) -> State:
    """Return from when, how and until when a cap is reached for a value by what was counted."""
    count = own.counts[cap.number]
    if not count or not cap.knows_its_clock(own.zone):  # it is reached for all values
        return now_us, None, NEVER_US
    until_us, changes_us = reached_until(cap, counted, now_us, count)
    if until_us is None:
        return now_us, None, changes_us
    by = wished_by if count < cap.cap.count else reached_by
    return now_us, by(cap, value, until_us), changes_us


def waiting(cap: CapPlan, until_us: int) -> Reached:
    """Return what a replacing cap does while it is not reached: what would stand in is withheld."""
    reason = "it stands in only once the cap is reached"
    return Reached(f"{cap.id}.instead", reason, "", cap.cap.instead.bits, 0, "suppress", until_us)


def without_room(cap: CapPlan, reach: Reach) -> Reached:
    """Return what a strict cap does where no room is in hand."""
    reason = "no room is in hand: it is asked for, or none is left at the centre"
    return Reached(f"{cap.id}.strict", reason, "", reach.withheld, reach.blind, cap.cap.then, NEVER_US)


def quieted_by(quiet: QuietPlan, until_us: int) -> Reached:
    """Return what quiet hours do."""
    return Reached(quiet.id, quiet.reason, quiet.say, quiet.quiet.scope.bits, 0, "defer", until_us)


def quieted(plan: Plan, channel: str, now_us: int, zone: tzinfo | None) -> tuple[list[Reached], int]:
    """Return the quiet hours that hold on a channel at a moment in a time zone, and until when that cannot change."""
    found: list[Reached] = []
    changes_us = NEVER_US
    for one in plan.quiets:
        if one.hushes(channel):
            quiet, until_us = quiet_at(one.quiet, now_us, one.zone(zone))
            changes_us = min(changes_us, until_us)
            if quiet:
                found.append(quieted_by(one, until_us))
    return found, changes_us
