"""Rank: the best offer of those that are open, as often as anyone asks. It neither allows nor withholds.

worth = base worth x affinity x boosts; help comes first. Offers of a group have the same factor, so the best open one
of a group is the first. Both walks down the groups stop when what is still to come cannot beat what is found (Fagin,
Lotem and Naor's threshold algorithm): one that puts groups in order by their best standing offer, once for a customer;
and one in each decision.
"""

from collections.abc import Iterable, Iterator, Mapping
from heapq import heappop, heappush, heapreplace
from itertools import islice

from ..plan.groups import Group
from ..plan.plan import Plan
from ..plan.worth import RankedOffer
from .customer import Standing

_ORDERS_MAX = 16
#: So many groups are known of an order at least: the best of one may be withheld at the moment.
_KNOWN_MIN = 6
#: An offer with its worth.
Ranked = tuple[float, RankedOffer]
#: The same, with its treatments that are open, as bits from its first one.
Best = tuple[float, RankedOffer, int]
#: A group by an offer that no open one of it precedes: whether it is no help, its worth below 0 and the index of its
#: first treatment, by which groups are in order; then the treatments of the group, 0 if it is the only offer, and their
#: factor.
Head = tuple[bool, float, int, int, float]


class Factors:
    """What the base worth of an offer is multiplied with, for one customer and moment."""

    __slots__ = ("_blind", "_boosts", "_ranking", "_scores")

    def __init__(self, plan: Plan, scores: tuple[Mapping[str, float] | None, ...], blind: int, boosts: int) -> None:
        self._ranking = ranking = plan.policy.ranking
        self._scores = scores
        self._blind = plan.whole(blind)
        self._boosts = tuple((1 << n, b.times) for n, b in enumerate(ranking.boosts) if boosts >> n & 1)

    @property
    def highest(self) -> float:
        """No factor is greater; worked out when asked, as it is held with every customer."""
        ranking = self._ranking
        tops = [max(known.values(), default=0.0) for known in self._scores if known is not None]
        highest = min(max([ranking.absent, *tops]), max(ranking.ceiling, ranking.absent))
        for _, times in self._boosts:
            highest *= max(times, 1.0)
        return highest

    def of(self, ranked: RankedOffer) -> float:
        """Return the factor of one offer."""
        return self._factor(ranked, blind=bool(self._blind >> ranked.start & 1))

    def parts(self, group: Group) -> tuple[tuple[int, float], ...]:
        """Return the offers of a group that have the same factor, as their treatments, and the factor."""
        blind, bits = self._blind & group.bits, group.bits  # mostly the group's own number, which takes no room
        if not blind:
            return ((bits, self._factor(group.first, blind=False)),)
        if blind == bits:
            return ((bits, self._factor(group.first, blind=True)),)
        return (bits ^ blind, self._factor(group.first, blind=False)), (blind, self._factor(group.first, blind=True))

    def affinity(self, ranked: RankedOffer) -> float:
        """Return the customer's affinity to an offer, as far as it may rank it; else what all have."""
        scores = self._scores[ranked.purpose]
        if scores is None or self._blind >> ranked.start & 1:
            return self._ranking.absent
        return min(scores.get(ranked.offer.affinity, self._ranking.absent), self._ranking.ceiling)

    def personal(self, ranked: RankedOffer) -> bool:
        """Return whether the customer's own affinity ranks an offer."""
        scores = self._scores[ranked.purpose]
        return scores is not None and ranked.offer.affinity in scores and not self._blind >> ranked.start & 1

    def _factor(self, ranked: RankedOffer, *, blind: bool) -> float:
        scores = self._scores[ranked.purpose]
        ranking = self._ranking
        factor = ranking.absent
        if scores is not None and not blind:
            factor = scores.get(ranked.offer.affinity, factor)
            if factor > ranking.ceiling:  # noqa: PLR1730 - quicker than `min`, for every group of every customer
                factor = ranking.ceiling
        for bit, times in self._boosts:
            if ranked.boosts & bit:
                factor *= times
        return factor


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
                    heappush(asked, _head(offer_at, left, bits, factor))
            elif left:
                heapreplace(asked, _head(offer_at, left, bits, factor))
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


def heads(plan: Plan, allow: int, factors: Factors) -> Iterator[Head]:
    """Yield the groups by their best allowed offers, best first."""
    heap: list[Head] = []
    highest = factors.highest
    for group in plan.groups:
        bound = (not group.first.helps, -group.first.base * highest)
        while heap and heap[0][:2] < bound:
            yield heappop(heap)
        first = group.first
        if not group.bits:
            if allow >> first.start & first.mask:
                factor = factors.of(first)
                heappush(heap, (not first.helps, -first.base * factor, first.start, 0, factor))
            continue
        for bits, factor in factors.parts(group):
            if allow & bits:
                heappush(heap, _head(plan.offer_at, allow & bits, bits, factor))
    while heap:
        yield heappop(heap)


def _head(offer_at: tuple[RankedOffer, ...], there: int, bits: int, factor: float) -> Head:
    """Return a group by the best offer of those of its treatments that are there."""
    ranked = offer_at[(there & -there).bit_length() - 1]
    return not ranked.helps, -ranked.base * factor, ranked.start, bits, factor
