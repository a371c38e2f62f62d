"""Rank: offers in descending worth, as far down as anyone asks. It neither allows nor withholds.

worth = base worth x affinity x boosts; help comes first. The walk down the offers stops when base worth times the
highest factor cannot beat what is found (Fagin, Lotem and Naor's threshold algorithm).
"""

from collections.abc import Iterator, Mapping
from heapq import heappop, heappush
from threading import Lock

from ..plan.plan import Plan
from ..plan.worth import RankedOffer
from ..schema import Value
from .customer import Customer, OnChannel, Standing

_ORDERS_MAX = 16
#: An offer with its worth.
Ranked = tuple[float, RankedOffer]


class Factors:
    """
    What the base worth of an offer is multiplied with, for one customer and moment.

    Attributes:
        highest: No factor is greater.
    """

    __slots__ = ("_absent", "_blind", "_boosts", "_ceiling", "_scores", "highest", "plain")

    def __init__(self, plan: Plan, scores: tuple[Mapping[str, float] | None, ...], blind: int, boosts: int) -> None:
        ranking = plan.policy.ranking
        self._scores = scores
        self._blind = blind
        self._absent = ranking.absent
        self._ceiling = ranking.ceiling
        self._boosts = tuple((1 << n, b.times) for n, b in enumerate(ranking.boosts) if boosts >> n & 1)
        tops = [max(known.values(), default=0.0) for known in scores if known is not None]
        self.highest = min(max([self._absent, *tops]), max(self._ceiling, self._absent))
        for _, times in self._boosts:
            self.highest *= max(times, 1.0)
        self.plain = not tops and not self._boosts

    def of(self, ranked: RankedOffer) -> float:
        """Return the factor of one offer."""
        scores = self._scores[ranked.purpose]
        factor = self._absent
        if scores is not None and not ranked.bits & self._blind:
            factor = min(scores.get(ranked.offer.affinity, factor), self._ceiling)
        for bit, times in self._boosts:
            if ranked.boosts & bit:
                factor *= times
        return factor

    def personal(self, ranked: RankedOffer) -> bool:
        """Return whether the customer's own affinity ranks an offer."""
        scores = self._scores[ranked.purpose]
        return scores is not None and ranked.offer.affinity in scores and not ranked.bits & self._blind


class Order:
    """Offers in descending worth, worked out as far as asked and kept."""

    __slots__ = ("_lock", "_more", "known")

    def __init__(self, offers: Iterator[Ranked]) -> None:
        self._more = offers
        self._lock = Lock()
        self.known: list[Ranked] = []

    def __iter__(self) -> Iterator[Ranked]:
        known, place = self.known, 0
        while True:
            following = known[place] if place < len(known) else self._at(place)
            if following is None:
                return
            yield following
            place += 1

    def _at(self, place: int) -> Ranked | None:
        """Return the offer at a place, or None past the last."""
        with self._lock:
            if place == len(self.known):
                following = next(self._more, None)
                if following is None:
                    return None
                self.known.append(following)
            return self.known[place]


def boosting(
    plan: Plan, customer: Customer, here: OnChannel, there: Standing, context: tuple[Value | None, ...], now_us: int
) -> int:
    """Return the boosts that surely hold at a moment, as bits."""
    bits = 0
    for number, boost in enumerate(plan.boosts):
        if boost.holds(there.views, there.seen, customer.protective, here.known, context, now_us):
            bits |= 1 << number
    return bits


def order(plan: Plan, there: Standing, blind: int, boosts: int) -> tuple[Order, Factors]:
    """Return the order of the offers that stand, for a set that no affinity ranks and the boosts that hold."""
    key = (blind, boosts)
    kept = there.orders.get(key)
    if kept is None:
        factors = Factors(plan, there.scores, blind, boosts)
        kept = (Order(descending(plan, there.allow, factors)), factors)
        if len(there.orders) >= _ORDERS_MAX:
            there.orders.clear()
        there.orders[key] = kept
    return kept  # type: ignore[return-value] # a customer's memory does not know this stage


def few(plan: Plan, allowed: int, factors: Factors) -> list[Ranked]:
    """Return the offers of a few treatments in descending worth."""
    found: list[Ranked] = []
    while allowed:
        ranked = plan.offer_at[(allowed & -allowed).bit_length() - 1]
        allowed &= ~ranked.bits
        found.append((ranked.base * factors.of(ranked), ranked))
    found.sort(key=lambda pair: (not pair[1].helps, -pair[0], pair[1].index))
    return found


def descending(plan: Plan, allowed: int, factors: Factors) -> Iterator[Ranked]:
    """Yield the offers of the allowed treatments in descending worth, help first."""
    heap: list[tuple[float, int, RankedOffer]] = []
    helping = True
    highest = factors.highest
    while allowed:
        ranked = plan.offer_at[(allowed & -allowed).bit_length() - 1]
        if helping and not ranked.helps:
            helping = False
            yield from _drain(heap)
        bound = ranked.base * highest
        while heap and -heap[0][0] > bound:
            worth, _, best = heappop(heap)
            yield -worth, best
        allowed &= ~ranked.bits
        heappush(heap, (-ranked.base * factors.of(ranked), ranked.index, ranked))
    yield from _drain(heap)


def _drain(heap: list[tuple[float, int, RankedOffer]]) -> Iterator[Ranked]:
    while heap:
        worth, _, ranked = heappop(heap)
        yield -worth, ranked
