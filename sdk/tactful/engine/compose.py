"""Compose: which treatment goes into which slot. Greedy: the best offer first, each offer once on a page.

It knows worths and sets; why a treatment is not in a set it does not know.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Protocol

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


class Ranking(Protocol):
    """Offers by their worth."""

    def best(self, open_: int) -> tuple[float, RankedOffer, int] | None:
        """Return the best offer of which a treatment is open, its worth before it, and those after it."""
        ...


def compose(
    page: Page,
    ranking: Ranking,
    allowed: int,
    quotas: Sequence[tuple[str, AtMost]],
    affinities: Affinities,
    caps: PageRoom | None,
) -> tuple[tuple[Chosen, ...], tuple[tuple[str, Chosen], ...]]:
    """
    Return what fills the slots of a page; and what was taken out again, with the id of the share that did not hold.

    Args:
        page: The placements.
        ranking: The offers by their worth.
        allowed: The treatments that may be chosen.
        quotas: The quotas that hold, with their ids.
        affinities: Tells whether the customer's own affinity ranks an offer.
        caps: The room that is left under the caps; None if no pick can fill one.
    """
    chosen: list[Chosen] = []
    left = page.slots
    if not left:
        return (), ()
    seats = _Seats(page)
    counting = [Quota(id_, limit, page.slots) for id_, limit in quotas if limit.scope.bits & allowed] if quotas else []
    open_, blind = allowed & page.open, 0
    for quota in counting:
        if quota.left <= 0:
            open_ &= ~quota.bits
    while left and (found := ranking.best(open_)) is not None:
        worth, offer, there = found
        open_ ^= there << offer.start  # each offer once on a page
        if blind >> offer.start & offer.mask and affinities.personal(offer):
            continue
        index = offer.choose(there)
        chosen.append(Chosen(seats.take(offer), index, worth, offer))
        left -= 1
        open_ &= seats.open
        if counting:
            open_ &= ~_used_up(counting, index)
        if caps is not None:
            withheld, more_blind = caps.take(offer.offer)
            open_ &= ~withheld
            blind |= more_blind
    dropped = tuple(_take_out(chosen, counting)) if counting else ()
    return tuple(chosen), dropped


def _used_up(quotas: Iterable[Quota], index: int) -> int:
    """Count a pick under its quotas; return the treatments of those that it has used up."""
    closed = 0
    for quota in quotas:
        if quota.bits >> index & 1:
            quota.left -= 1
            if quota.left <= 0:
                closed |= quota.bits
    return closed


class _Seats:
    """
    The slots that are free on a page.

    Attributes:
        open: The treatments for which any placement has a slot.
    """

    __slots__ = ("_free", "_placements", "_same", "_takes", "open")

    def __init__(self, page: Page) -> None:
        self._placements = page.placements
        self._free = [one.placement.slots for one in page.placements]
        self._takes = list(page.takes)
        self._same: dict[tuple[int, str], int] = {}
        self.open = page.open

    def take(self, offer: RankedOffer) -> int:
        """Take a slot of the first placement that has one for an offer that is open; return its number."""
        takes, at = self._takes, 0
        last = len(takes) - 1
        while at < last and not takes[at] >> offer.start & offer.mask:  # what the others do not take, the last does
            at += 1
        plan = self._placements[at]
        most = plan.placement.per_topic
        self._free[at] -= 1
        if not self._free[at]:
            takes[at] = 0
        elif most == 1 or (most is not None and self._enough(at, most, offer.offer.topic)):
            takes[at] &= plan.besides[offer.offer.topic]
        self.open = takes[0] if not last else reduce(or_, takes)
        return at

    def _enough(self, at: int, most: int, topic: str) -> bool:
        """Count a topic in a placement; return whether that is all that it takes of it."""
        same = self._same[at, topic] = self._same.get((at, topic), 0) + 1
        return same >= most


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
