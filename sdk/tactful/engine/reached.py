"""Reached: whether counted events have reached a cap at a moment, and until when. It is arithmetic on times alone."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Protocol

from ..clock import NEVER_US
from ..plan.caps import CapPlan

#: A counted event: when it was, when it leaves the window, when it lapses unless it is confirmed, its contact's id, and
#: as how many it counts.
Event = tuple[int, int, int, str, int]


class Counting(Protocol):
    """What counts under one cap for one value (`Counter`)."""

    @property
    def cap(self) -> CapPlan:
        """The cap."""
        ...

    @property
    def left(self) -> int:
        """With fewer events than this it cannot be reached; 0 or less if it may be now."""
        ...


def reached_until(cap: CapPlan, counted: list[Event], now_us: int, count: int) -> tuple[int | None, int]:
    """
    Return until when a cap stays reached by some events if no more come, None if it is not; and until when that holds.

    An event ahead of our clock has happened all the same: it counts from now on.

    Args:
        cap: The cap.
        counted: The events of one value, oldest first.
        now_us: The moment [us since 1970].
        count: So many events reach it, >= 1.
    """
    if cap.weighted and any(event[4] != 1 for event in counted):
        return _weighed_until(cap, counted, now_us, count)
    ends: list[int] = []
    for _, leaves_us, lapses_us, _, _ in reversed(counted):
        if leaves_us <= now_us:
            break  # an older one leaves no later
        if lapses_us > now_us:
            ends.append(min(lapses_us, leaves_us))
    changes_us = min(ends, default=NEVER_US)
    ends_us = sorted(ends)[-count] if len(ends) >= count else None
    if not cap.suppress_us:
        return ends_us, changes_us
    past = [event for event in counted if event[2] > now_us]
    changes_us = min([changes_us, *(event[2] for event in past)])
    rests_us = _rests_until(cap, past, count)
    if rests_us is not None and now_us < rests_us:
        return max(rests_us, ends_us or rests_us), min(changes_us, rests_us)
    return ends_us, changes_us


def least_room(caps: Sequence[CapPlan], counts: Sequence[int], counters: Iterable[Counting]) -> tuple[int, int, int]:
    """
    Return how much room caps have left at least.

    Args:
        caps: The caps.
        counts: How much each of the plan's caps allows, by its number.
        counters: What counts, each under a cap for a value.

    Returns:
        Of caps that have not enough yet: with fewer pages none for each offer alone can be reached, with fewer
        exposures none of the others. And the least that those have left which a page fills together.
    """
    lefts = [(one.cap, one.left) for one in counters]
    lefts += [(cap, counts[cap.number]) for cap in caps]
    pages = slack = nearest = NEVER_US
    for cap, left in lefts:
        if cap.fills:
            nearest = min(nearest, left)
            slack = min(slack, left) if left > 0 else slack
        elif cap.counts_shown and left > 0:
            pages = min(pages, left)
    return pages, slack, nearest


def standing(cap: CapPlan, counted: Sequence[Event], now_us: int) -> int:
    """
    Return how much events weigh at a moment.

    What speaks against a cap takes away from what came before it: the sum never falls below nothing, so that nothing is
    saved up for what comes after. Of what came at once, what speaks against it came first.
    """
    if not cap.weighted:
        return _inside(counted, now_us)
    inside = [(event[0], event[4]) for event in counted if now_us < min(event[1:3])]
    total = 0
    for _, weight in sorted(inside):
        total = max(total + weight, 0)
    return total


def _inside(counted: Sequence[Event], now_us: int) -> int:
    """Return how many events are within the window, and have not lapsed."""
    inside = 0
    for _, leaves_us, lapses_us, _, _ in reversed(counted):
        if leaves_us <= now_us:
            break  # an older one leaves no later
        inside += lapses_us > now_us
    return inside


def _weighed_until(cap: CapPlan, counted: list[Event], now_us: int, count: int) -> tuple[int | None, int]:
    """Return the same for a cap whose events weigh. As the oldest leave first, the sum only falls as they leave."""
    ends = sorted(end_us for event in counted if now_us < (end_us := min(event[1:3])))
    changes_us = ends[0] if ends else NEVER_US
    if standing(cap, counted, now_us) < count:
        return None, changes_us
    below = bisect_left(ends, 1, key=lambda end_us: standing(cap, counted, end_us) < count)
    return ends[below], changes_us


def _rests_until(cap: CapPlan, past: list[Event], count: int) -> int | None:
    """Return the end of the rest after the last event with which the cap was reached, None if it never was."""
    leaves_us = [event[1] for event in past]  # an older one leaves no later
    for last in range(len(past) - 1, count - 2, -1):
        at_us = past[last][0]
        if last + 1 - bisect_right(leaves_us, at_us, 0, last + 1) >= count:
            return at_us + cap.suppress_us
    return None
