"""Compose: which treatment goes into which slot. Greedy: the best offer first, each offer once on a page.

It knows worths and sets; why a treatment is not in a set it does not know.
"""

from collections.abc import Callable, Sequence

import attrs

from ..limits import AtMost
from ..plan.pages import Page
from ..plan.worth import RankedOffer


@attrs.frozen(eq=False)
class Chosen:
    """One treatment in one placement: indices of both, with the offer and its worth."""

    placement: int
    index: int
    worth: float
    ranked: RankedOffer


class Quota:
    """A quota that counts down as treatments are chosen."""

    __slots__ = ("bits", "id", "left", "share")

    def __init__(self, id_: str, limit: AtMost, slots: int) -> None:
        self.id = id_
        self.bits = limit.scope.bits
        self.share = limit.share
        counts = [] if limit.count is None else [limit.count]
        if limit.share is not None:
            counts.append(int(limit.share * slots + _EPSILON))
        self.left = min(counts) if counts else slots


#: So that a share of 0.2 of 5 slots is 1 in spite of binary fractions.
_EPSILON = 1e-9


def compose(
    page: Page,
    ranked: Callable[[int], tuple[float, RankedOffer] | None],
    allowed: int,
    quotas: Sequence[tuple[str, AtMost]],
) -> tuple[list[Chosen], list[Chosen]]:
    """
    Return what fills the slots of a page, and what was taken out again because a share did not hold.

    Args:
        page: The placements.
        ranked: Gives the offer at a place in descending worth, None past the last.
        allowed: The treatments that may be chosen.
        quotas: The quotas that hold, with their ids.
    """
    chosen: list[Chosen] = []
    free = [p.placement.slots for p in page.placements]
    left = page.slots
    topics: dict[tuple[int, str], int] = {}
    counting = [Quota(id_, limit, page.slots) for id_, limit in quotas]
    for quota in counting:
        if quota.left <= 0:
            allowed &= ~quota.bits
    place = 0
    while left and (following := ranked(place)) is not None:
        place += 1
        worth, offer = following
        there = allowed >> offer.start & (1 << offer.width) - 1
        if not there:
            continue
        at = _placement(page, offer, free, topics)
        if at is None:
            continue
        index = offer.choose(there)
        chosen.append(Chosen(at, index, worth, offer))
        free[at] -= 1
        left -= 1
        if page.placements[at].placement.per_topic is not None:
            topics[at, offer.offer.topic] = topics.get((at, offer.offer.topic), 0) + 1
        for quota in counting:
            if quota.bits >> index & 1:
                quota.left -= 1
                if quota.left <= 0:
                    allowed &= ~quota.bits
    kept = _keep_shares(chosen, counting)
    return kept, [one for one in chosen if one not in kept] if len(kept) < len(chosen) else []


def _placement(page: Page, offer: RankedOffer, free: list[int], topics: dict[tuple[int, str], int]) -> int | None:
    for at, plan in enumerate(page.placements):
        if free[at] and plan.mask & offer.bits:
            most = plan.placement.per_topic
            if most is None or topics.get((at, offer.offer.topic), 0) < most:
                return at
    return None


def _keep_shares(chosen: list[Chosen], quotas: Sequence[Quota]) -> list[Chosen]:
    """Return what stays when each share also holds of the slots that are filled: the lowest of its picks go."""
    shares = [quota for quota in quotas if quota.share is not None]
    failing = True
    while failing:
        failing = False
        for quota in shares:
            inside = [one for one in chosen if quota.bits >> one.index & 1]
            if quota.share is not None and len(inside) > quota.share * len(chosen) + _EPSILON:
                chosen = [one for one in chosen if one is not inside[-1]]
                failing = True
                break
    return chosen
