"""Compose: which treatment goes into which slot. Greedy: the best offer first, each offer once on a page.

It knows worths and sets; why a treatment is not in a set it does not know.
"""

from collections.abc import Iterable, Sequence

from ..limits import AtMost
from ..plan.pages import Page
from ..plan.worth import RankedOffer
from .moment import Affinities, Chosen
from .room import PageRoom


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
        self.left = min(counts, default=slots + 1)


#: So that a share of 0.2 of 5 slots is 1 in spite of binary fractions.
_EPSILON = 1e-9


def compose(
    page: Page,
    ranked: Iterable[tuple[float, RankedOffer]],
    allowed: int,
    quotas: Sequence[tuple[str, AtMost]],
    affinities: Affinities,
    caps: PageRoom | None,
) -> tuple[list[Chosen], list[tuple[str, Chosen]]]:
    """
    Return what fills the slots of a page; and what was taken out again, with the id of the share that did not hold.

    Args:
        page: The placements.
        ranked: The offers in descending worth.
        allowed: The treatments that may be chosen.
        quotas: The quotas that hold, with their ids.
        affinities: Tells whether the customer's own affinity ranks an offer.
        caps: The room that is left under the caps; None if no pick can fill one.
    """
    chosen: list[Chosen] = []
    left = page.slots
    if not left:
        return [], []
    room = _Room(page)
    counting = [Quota(id_, limit, page.slots) for id_, limit in quotas if limit.scope.bits & allowed]
    blind = 0
    for quota in counting:
        if quota.left <= 0:
            allowed &= ~quota.bits
    for worth, offer in ranked:
        there = allowed >> offer.start & offer.mask
        if not there or (blind & offer.bits and affinities.personal(offer)) or (at := room.take(offer)) is None:
            continue
        index = offer.choose(there)
        chosen.append(Chosen(at, index, worth, offer))
        left -= 1
        if counting:
            allowed &= ~_used_up(counting, index)
        if caps is not None:
            withheld, more_blind = caps.take(offer.offer)
            allowed &= ~withheld
            blind |= more_blind
        if not left:
            break
    return chosen, _take_out(chosen, counting) if counting else []


def _used_up(quotas: Iterable[Quota], index: int) -> int:
    """Count a pick under its quotas; return the treatments of those that it has used up."""
    closed = 0
    for quota in quotas:
        if quota.bits >> index & 1:
            quota.left -= 1
            if quota.left <= 0:
                closed |= quota.bits
    return closed


class _Room:
    """The slots that are free on a page, and how often each topic stands in a placement."""

    __slots__ = ("_free", "_placements", "_topics")

    def __init__(self, page: Page) -> None:
        self._placements = page.placements
        self._free = [p.placement.slots for p in page.placements]
        self._topics: dict[tuple[int, str], int] = {}

    def take(self, offer: RankedOffer) -> int | None:
        """Take a slot of the first placement that takes the offer; return its number, or None."""
        for at, plan in enumerate(self._placements):
            if self._free[at] and plan.mask & offer.bits:
                most = plan.placement.per_topic
                if most is not None:
                    key = (at, offer.offer.topic)
                    same = self._topics.get(key, 0)
                    if same >= most:
                        continue
                    self._topics[key] = same + 1
                self._free[at] -= 1
                return at
        return None


def _take_out(chosen: list[Chosen], quotas: Sequence[Quota]) -> list[tuple[str, Chosen]]:
    """Take out of what was chosen until each share also holds of the slots that are filled: the lowest of it go."""
    shares = [(quota, quota.share) for quota in quotas if quota.share is not None]
    gone: list[tuple[str, Chosen]] = []
    failing = bool(shares)
    while failing:
        failing = False
        for quota, share in shares:
            inside = [one for one in chosen if quota.bits >> one.index & 1]
            if len(inside) > share * len(chosen) + _EPSILON:
                chosen.remove(inside[-1])
                gone.append((quota.id, inside[-1]))
                failing = True
                break
    return gone
