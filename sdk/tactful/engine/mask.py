"""Mask: what a snapshot's values are under each purpose. What may not be used does not exist.

It knows which values exist; what follows from them it does not know.
"""

from collections.abc import Mapping
from functools import cache

from ..clock import NEVER_US, SKEW_US
from ..plan.visibility import Demand, Visibility
from ..profile import Observation, Snapshot
from ..schema import Value
from .customer import Masked


def mask(visibility: Visibility, snapshot: Snapshot | None, hidden: tuple[int, ...], now_us: int) -> Masked:
    """
    Return what each purpose sees of a snapshot.

    Args:
        visibility: What each purpose may see at all.
        snapshot: The snapshot; None hides everything.
        hidden: By purpose, the slots that limits hide, as bits.
        now_us: The moment [us since 1970].
    """
    count = visibility.affinity_slot
    purposes = len(visibility.demands)
    if snapshot is None:
        return ((None,) * count,) * purposes, _none(purposes), (None,) * purposes, NEVER_US
    views, seen, scores = [], [], []
    until_us = NEVER_US
    observations = snapshot.attributes
    for demands, gone in zip(visibility.demands, hidden, strict=True):
        view: list[Value | None] = [None] * (count + 1)
        empty = 0
        for demand in demands:
            if gone and gone >> demand.slot & 1:
                continue
            found = observations.get(demand.name)
            if found is None:
                if demand.name in snapshot.unreadable:
                    continue
                view[demand.slot] = demand.absent
                if demand.absent is None:
                    empty |= 1 << demand.slot
                continue
            is_there, until = exists(found, demand, now_us)
            if until < until_us:  # noqa: PLR1730 - quicker than `min`, for every value under every purpose
                until_us = until
            if is_there:
                view[demand.slot] = found.value
        affinities = view.pop()
        views.append(tuple(view))
        seen.append(empty)
        scores.append(affinities if isinstance(affinities, Mapping) else None)
    empties = tuple(seen) if any(seen) else _none(purposes)
    return tuple(views), empties, tuple(scores), until_us


@cache
def _none(purposes: int) -> tuple[int, ...]:
    """Return the one answer for all who have a value wherever one is seen, by purpose."""
    return (0,) * purposes


def exists(found: Observation, demand: Demand, now_us: int) -> tuple[bool, int]:
    """Return whether a value meets what is demanded of it at a moment, and until when that stays so."""
    if (
        found.confidence < demand.confidence
        or found.source not in demand.sources
        or (demand.first_party and not found.first_party)
    ):
        return False, NEVER_US
    lasts_us = demand.lasts_us
    if lasts_us is None and demand.lease_us is None and not demand.waits_us:
        return True, NEVER_US
    ends_us = NEVER_US if lasts_us is None else found.at_us + lasts_us
    begins_us = found.at_us + (demand.waits_us or -SKEW_US)
    later_us = NEVER_US
    if demand.lease_us is not None:
        gave_us = found.at_us if found.gave_us is None else found.gave_us
        if now_us < gave_us - SKEW_US:  # a time ahead of our clock tells of nothing that was given yet
            gave_us, later_us = found.at_us, gave_us - SKEW_US
        ends_us = min(ends_us, max(found.at_us, gave_us) + demand.lease_us)
    if now_us < begins_us:  # too young; or a time that cannot be trusted, which does not tell how old it is
        return False, begins_us
    return (True, ends_us) if now_us < ends_us else (False, later_us)
