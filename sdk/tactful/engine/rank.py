"""Rank: the best offer of those that are open, as often as anyone asks. It neither allows nor withholds.

worth = base worth x affinity x boosts; help comes first. Offers of a group have the same factor, so the best open one
of a group is the first. Both walks down the groups stop when what is still to come cannot beat what is found: one that
puts groups in order by their best standing offer, once for a customer (`heads`); and one in each decision.
"""

from collections.abc import Iterable, Mapping
from heapq import heappop, heappush, heapreplace
from itertools import islice

from ..plan.plan import Plan
from ..plan.worth import RankedOffer
from .customer import Standing
from .heads import Head, head_of, heads

_ORDERS_MAX = 16
#: So many groups are known of an order at least: the best of one may be withheld at the moment.
_KNOWN_MIN = 6
#: An offer with its worth.
Ranked = tuple[float, RankedOffer]
#: The same, with its treatments that are open, as bits from its first one.
Best = tuple[float, RankedOffer, int]


class Factors:
    """
    What the base worth of an offer is multiplied with, for one customer and moment.

    Attributes:
        scores: The affinities by purpose; None where they are not known.
        blind: All treatments of the offers that no affinity ranks.
        boosts: The boosts that hold, each as its bit, with its factor.
        ranking: How much affinities count.
    """

    __slots__ = ("blind", "boosts", "ranking", "scores")

    def __init__(self, plan: Plan, scores: tuple[Mapping[str, float] | None, ...], blind: int, boosts: int) -> None:
        self.ranking = ranking = plan.policy.ranking
        self.scores = scores
        self.blind = plan.whole(blind) if blind else 0
        self.boosts = tuple((1 << n, b.times) for n, b in enumerate(ranking.boosts) if boosts >> n & 1)

    def of(self, ranked: RankedOffer, *, blind: bool | None = None) -> float:
        """Return the factor of one offer; `blind` tells whether no affinity ranks it, if that is known."""
        scores = self.scores[ranked.purpose]
        factor = self.ranking.absent
        if scores is not None and not (self.blind >> ranked.start & 1 if blind is None else blind):
            factor = min(scores.get(ranked.offer.affinity, factor), self.ranking.ceiling)
        for bit, times in self.boosts:
            if ranked.boosts & bit:
                factor *= times
        return factor

    def known(self) -> list[Mapping[str, float]]:
        """Return the affinities that any purpose knows; mostly all know the same."""
        return list({id(scores): scores for scores in self.scores if scores}.values())

    def highest(self) -> float:
        """Return what no factor is greater than."""
        tops = [max(scores.values()) for scores in self.known()]
        return self.boosted(min(max([self.ranking.absent, *tops]), max(self.ranking.ceiling, self.ranking.absent)))

    def floor(self, keys: Mapping[str, object]) -> float:
        """Return what the affinity of an offer may be that has no score: nothing where all have one by these keys."""
        if not self.blind and all(known is not None and known.keys() >= keys.keys() for known in self.scores):
            return 0.0
        return self.ranking.absent

    def boosted(self, affinity: float) -> float:
        """Return what the factor of an offer of so much affinity is at most."""
        for _, times in self.boosts:
            affinity *= max(times, 1.0)
        return affinity

    def affinity(self, ranked: RankedOffer) -> float:
        """Return the customer's affinity to an offer, as far as it may rank it; else what all have."""
        scores = self.scores[ranked.purpose]
        if scores is None or self.blind >> ranked.start & 1:
            return self.ranking.absent
        return min(scores.get(ranked.offer.affinity, self.ranking.absent), self.ranking.ceiling)

    def personal(self, ranked: RankedOffer) -> bool:
        """Return whether the customer's own affinity ranks an offer."""
        scores = self.scores[ranked.purpose]
        return scores is not None and ranked.offer.affinity in scores and not self.blind >> ranked.start & 1


class Order:
    """
    Groups by their best standing offers, best first; worked out as far as asked and kept.

    Of what is looked at on the way nothing is held, as an order is held with every customer: who asks further than
    ever before has it worked out anew, twice as far. Threads that do so at once find the same.

    Attributes:
        blind: The treatments that no affinity ranks.
        boosts: The boosts that hold, as bits.
        factors: What the base worth of an offer is multiplied with.
        known: The groups, as far as anyone has asked; None comes after the last.
    """

    __slots__ = ("_allow", "_plan", "blind", "boosts", "factors", "known")

    def __init__(self, plan: Plan, there: Standing, blind: int, boosts: int) -> None:
        self._plan = plan
        self._allow = there.allow
        self.blind = blind
        self.boosts = boosts
        self.factors = Factors(plan, there.scores, blind, boosts)
        self.known: tuple[Head | None, ...] = ()

    def beyond(self, place: int) -> tuple[Head | None, ...]:
        """Return the groups to a place at least, or to the last; all before the place were known."""
        far = max(_KNOWN_MIN, 2 * place)
        known: tuple[Head | None, ...] = tuple(islice(heads(self._plan, self._allow, self.factors), far))
        if len(known) < far:
            known = (*known, None)
        if len(known) > len(self.known):
            self.known = known
        return known


class Walk:
    """Gives one decision its best offers, asking no more groups than it must."""

    __slots__ = ("_asked", "_known", "_offer_at", "_order", "_place")

    def __init__(self, offer_at: tuple[RankedOffer, ...], order: Order) -> None:
        self._offer_at = offer_at
        self._order = order
        self._known = order.known or order.beyond(0)
        self._place = 0
        #: Groups whose best standing offer was not open, as a heap.
        self._asked: list[Head] = []

    def best(self, open_: int) -> Best | None:
        """Return the best offer of which a treatment is open; what is open only ever becomes less."""
        asked, known, offer_at = self._asked, self._known, self._offer_at
        following = known[self._place]
        while True:
            is_new = not asked or (following is not None and following < asked[0])
            head = following if is_new else asked[0]
            if head is None:
                return None
            _, negative, index, bits, factor = head
            offer = offer_at[index]
            there = open_ >> index & offer.mask
            if there:
                return -negative, offer, there
            left = open_ & bits
            if is_new:
                self._place += 1
                if self._place == len(known):
                    known = self._known = self._order.beyond(self._place)
                following = known[self._place]
                if left:
                    heappush(asked, head_of(offer_at, left, bits, factor))
            elif left:
                heapreplace(asked, head_of(offer_at, left, bits, factor))
            else:
                heappop(asked)


class Listed:
    """Gives the same from offers that are in the order of worth already."""

    __slots__ = ("_ranked",)

    def __init__(self, ranked: Iterable[Ranked]) -> None:
        self._ranked = iter(ranked)

    def best(self, open_: int) -> Best | None:
        """Return the best offer of which a treatment is open; what is open only ever becomes less."""
        for worth, offer in self._ranked:
            there = open_ >> offer.start & offer.mask
            if there:
                return worth, offer, there
        return None


def boosting(plan: Plan, arguments: tuple[object, ...]) -> int:
    """Return the boosts that surely hold for what conditions are given at a moment, as bits."""
    bits = 0
    for number, boost in enumerate(plan.boosts):
        if boost.holds(*arguments):
            bits |= 1 << number
    return bits


def order(plan: Plan, there: Standing, blind: int, boosts: int) -> Order:
    """Return the order of the groups that stand, for a set that no affinity ranks and the boosts that hold."""
    orders: tuple[Order, ...] = there.orders  # type: ignore[assignment] # a customer's memory does not know this stage
    for kept in orders:
        if kept.boosts == boosts and kept.blind == blind:
            return kept
    made = Order(plan, there, blind, boosts)
    there.orders = (made, *orders[: _ORDERS_MAX - 1])
    return made


def walk(plan: Plan, order: Order, allowed: int, slots: int) -> Walk | Listed:
    """Return what gives the best offers; to sort a few treatments is quicker than to look for their groups."""
    if allowed.bit_count() ** 2 < slots * len(plan.groups):
        return Listed(few(plan, allowed, order.factors))
    return Walk(plan.offer_at, order)


def few(plan: Plan, allowed: int, factors: Factors) -> list[Ranked]:
    """Return the offers of a few treatments in descending worth."""
    found: list[Ranked] = []
    while allowed:
        ranked = plan.offer_at[(allowed & -allowed).bit_length() - 1]
        allowed &= ~ranked.bits
        found.append((ranked.base * factors.of(ranked), ranked))
    found.sort(key=lambda pair: (not pair[1].helps, -pair[0], pair[1].index))
    return found
