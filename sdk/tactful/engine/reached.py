"""Reached: whether counted events have reached a cap at a moment, and until when. It is arithmetic on times alone."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from ..clock import NEVER_US
from ..plan.caps import CapPlan

#: A counted event: when it was, when it leaves the window, when it lapses unless it is confirmed, its contact's id, and
#: as how many it counts.
Event = tuple[int, int, int, str, int]


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
    if cap.weighted:
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


def strength(cap: CapPlan, counted: Sequence[Event]) -> int:
    """Return how much events can weigh at most, whatever leaves and lapses."""
    return sum(event[4] for event in counted if event[4] > 0) if cap.weighted else len(counted)


def least_room(
    caps: Sequence[CapPlan], counts: Sequence[int], counted: Mapping[tuple[int, str], Sequence[Event]]
) -> tuple[int, int, int]:
    """
    Return how much room caps have left at least.

    Args:
        caps: The caps.
        counts: How much each of the plan's caps allows, by its number.
        counted: What counts, by a cap's number and the value.

    Returns:
        Of caps that have not enough yet: with fewer pages none for each offer alone can be reached, with fewer
        exposures none of the others. And the least that those have left which a page fills together.
    """
    lefts = [(cap, counts[cap.number]) for cap in caps]
    known = {cap.number: cap for cap in caps}
    lefts += [(known[key[0]], counts[key[0]] - strength(known[key[0]], events)) for key, events in counted.items()]
    rooms = [(cap, left) for cap, left in lefts if cap.counts_shown and left > 0]
    return (
        min((left for cap, left in rooms if cap.cap.of == "offer"), default=NEVER_US),
        min((left for cap, left in rooms if cap.cap.of != "offer"), default=NEVER_US),
        min((left for cap, left in lefts if cap.fills), default=NEVER_US),
    )


def standing(cap: CapPlan, counted: Sequence[Event], now_us: int) -> int:
    """
    Return how much events weigh at a moment.

    What speaks against a cap takes away from what came before it: the sum never falls below nothing, so that nothing is
    saved up for what comes after. Of what came at once, what speaks against it came first.
    """
    inside = [(event[0], event[4]) for event in counted if now_us < min(event[1:3])]
    if not cap.weighted:
        return len(inside)
    total = 0
    for _, weight in sorted(inside):
        total = max(total + weight, 0)
    return total


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
    for last in range(len(past) - 1, count - 2, -1):
        at_us = past[last][0]
        if sum(1 for event in past[: last + 1] if event[1] > at_us) >= count:
            return at_us + cap.suppress_us
    return None
