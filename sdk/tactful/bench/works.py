"""What is timed: decisions of all sorts, and beside them the bare predicates that any of them has to beat."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from importlib.util import find_spec
from random import Random
from typing import Final

import attrs

from ..consent import Consents
from ..engine.edge import Edge
from ..engine.held_profile import HeldProfile
from ..engine.options import Options
from ..memory import MemoryStore
from ..opening import open as open_edge
from ..profile import Snapshot
from .drawn import ATTRIBUTES
from .packed import packed, unpacked
from .shop import MODEL, NEAR, NOW_US, PLACE, Affinity, Shop, customers_of, predicates, shop
from .timing import Timed, timed
from .weighing import counting, weight_of

#: So many customers come in each turn.
CUSTOMERS: Final = 100
#: What each work is; a method of `Bench` by that name yields its calls.
WORKS: Final[Mapping[str, str]] = {
    "predicates": "a list comprehension over as many compiled Python predicates as there are offers",
    "decide": "decide, the customer here and seen before, all guardrails, three slots, room reserved",
    "flat": "the same, of customers who like every topic alike",
    "skewed": "the same, of customers who like one topic far above the others",
    "scored": "the same, with a score model that puts a shortlist of fifty in order",
    "near": "the same, of customers who have room left for this page, and no more, under a cap",
    "moving": "the same, of customers who come on another page than the one that was decided for them last",
    "preview": "the same without a trace, one customer again and again",
    "first": "the first decision for a customer who is here",
    "cold": "a customer whom nobody has seen, as 2 KB of MessagePack: unpack it, and decide as for one brought",
    "brought": "a customer whom the caller brings: profile, consents and no contacts",
    "miss": "a customer who is not here, and is fetched in the background",
    "many": "each of 4,000 customers in a table, decided together (needs the extra batch)",
}
#: So many customers are in a table; what a work takes is told for each.
MANY: Final = 4000
_CONTEXT: Final = {"page": "p1", "hour": 12}
_BEFORE: Final = {"page": "p2", "hour": 12}
_STEP_US: Final = 1000
#: After so long the cap of `near` has forgotten what was shown.
_FORGOTTEN_US: Final = 120_000_000
#: The clock of `near` jumps ahead in each turn: its customers are not fetched anew for it, as it is to time counting.
_NEVER_ANEW: Final = Options(refresh_s=90 * 86_400)
_FLAT, _SKEWED = Affinity.FLAT, Affinity.SKEWED
_Calls = Iterator[Callable[[], object]]


class Bench:
    """The works over a shop of so many offers; the clock goes on by a millisecond whenever it is read."""

    def __init__(self, offers: int) -> None:
        self._shop = shop(offers, CUSTOMERS)
        self._ids = [customer.customer for customer in self._shop.customers]
        random = Random(offers)  # noqa: S311 - nothing secret
        self._leaning = {one: customers_of(CUSTOMERS, random, one, one.value) for one in (_FLAT, _SKEWED)}
        self._packed = [packed(customer) for customer in self._shop.customers]
        self._rules = predicates(offers)
        self._strangers = itertools.count()
        self._now_us = NOW_US
        everyone = [*self._shop.customers, *itertools.chain(*self._leaning.values())]
        self._edge = self._opened(self._shop, everyone)
        # Profiles that come from elsewhere are fetched in the background; this source knows none but whom it is told.
        self._told: dict[str, bytes] = {}
        self._elsewhere = open_edge(
            self._shop.policy, profiles=self._profile, consents=self._consents, clock=self._clock
        )
        self._offers = offers

    def _opened(self, shop_: Shop, everyone: Sequence[Snapshot], options: Options | None = None) -> Edge:
        store = MemoryStore(kinds={"card": "person"}, clock=self._clock)
        store.put_many(everyone, {one.customer: shop_.consents for one in everyone}, shop_.contacts())
        return open_edge(shop_.policy, store=store, clock=self._clock, options=options)

    def _profile(self, who: str) -> Snapshot | None:
        raw = self._told.get(who)
        return None if raw is None else unpacked(raw)

    def _consents(self, who: str) -> Consents | None:
        return self._shop.consents if who in self._told else None

    @cached_property
    def _scored(self) -> Edge:
        policy = self._shop.policy
        policy = attrs.evolve(policy, ranking=attrs.evolve(policy.ranking, model=MODEL))
        return self._opened(attrs.evolve(self._shop, policy=policy), self._shop.customers)

    @cached_property
    def _near(self) -> Edge:
        near = shop(self._offers, CUSTOMERS, caps=NEAR)
        return self._opened(near, near.customers, _NEVER_ANEW)

    def predicates(self) -> _Calls:
        """Yield evaluations of bare predicates."""
        rules = [eval(f"lambda v: {rule}") for rule in self._rules]  # noqa: S307 - made in `shop`
        values = list(range(ATTRIBUTES))
        for _ in self._ids:
            yield lambda: [rule(values) for rule in rules]

    def decide(self) -> _Calls:
        """Yield decisions for customers who were here before."""
        yield from self._again(self._ids)

    def flat(self) -> _Calls:
        """Yield decisions for customers who like all topics alike."""
        yield from self._again([one.customer for one in self._leaning[_FLAT]])

    def skewed(self) -> _Calls:
        """Yield decisions for customers who like one topic far above the others."""
        yield from self._again([one.customer for one in self._leaning[_SKEWED]])

    def scored(self) -> _Calls:
        """Yield decisions in which a score model puts the best in order."""
        yield from self._again(self._ids, self._scored)

    def near(self) -> _Calls:
        """Yield decisions for customers of whom a cap has little room left."""
        self._now_us += _FORGOTTEN_US
        yield from self._again(self._ids, self._near)

    def moving(self) -> _Calls:
        """Yield decisions for customers who come from another page."""
        yield from self._again(self._ids, before=_BEFORE)

    def _again(self, ids: Sequence[str], edge: Edge | None = None, before: Mapping[str, object] = _CONTEXT) -> _Calls:
        asked = edge or self._edge
        for who in ids:
            asked.decide(PLACE, who, before, preview=True)
        for who in ids:
            yield partial(asked.decide, PLACE, who, _CONTEXT)

    def preview(self) -> _Calls:
        """Yield decisions for one customer, without a trace."""
        for _ in self._ids:
            yield partial(self._edge.decide, PLACE, self._ids[0], _CONTEXT, preview=True)

    def first(self) -> _Calls:
        """Yield decisions for customers who have just been fetched."""
        for who in self._ids:
            self._edge.forget(who)
            self._edge.warm(who)
            yield partial(self._edge.decide, PLACE, who, _CONTEXT)

    def cold(self) -> _Calls:
        """Yield decisions for customers who come packed."""
        yield from (partial(self._unpacked, raw) for raw in self._packed)

    def _unpacked(self, raw: bytes) -> object:
        one, consents = unpacked(raw), self._shop.consents
        return self._edge.decide(PLACE, one.customer, _CONTEXT, profile=one, consents=consents, contacts=())

    def brought(self) -> _Calls:
        """Yield decisions for customers whom the caller brings."""
        consents = self._shop.consents
        for one in self._shop.customers:
            yield partial(self._edge.decide, PLACE, one.customer, _CONTEXT, profile=one, consents=consents, contacts=())

    def miss(self) -> _Calls:
        """Yield decisions for customers who are not here."""
        for number in itertools.islice(self._strangers, CUSTOMERS):
            yield partial(self._elsewhere.decide, PLACE, f"stranger {number}", _CONTEXT)

    def many(self) -> _Calls:
        """Yield a decision for a whole table."""
        yield partial(self._edge.decide_many, PLACE, self._table(), _CONTEXT, contacts={})

    def packed_kb(self) -> float:
        """Return how much memory a customer's profile takes as an edge holds it [KB]."""
        with counting() as counted:
            held = [HeldProfile(one, NOW_US) for one in self._shop.customers]
            return counted() / len(held) / 1000

    def held_kb(self) -> float:
        """Return how much memory what the first decision for a customer works out takes [KB]."""
        for who in self._newcomers():  # what a plan works out once is worked out here
            self._elsewhere.warm(who)
            self._decide_elsewhere(who)
        return weight_of(self._elsewhere, self._newcomers(), self._decide_elsewhere).prepared / 1000

    def _newcomers(self) -> list[str]:
        """Return the ids of customers like those of the shop, of whom the edge has not heard yet."""
        first = len(self._told)
        ids = [f"n{first + number}" for number in range(len(self._ids))]
        self._told |= dict(zip(ids, self._packed, strict=True))
        return ids

    def _decide_elsewhere(self, who: str) -> object:
        return self._elsewhere.decide(PLACE, who, _CONTEXT, preview=True)

    @cache  # noqa: B019 - a benchmark lives as long as its process
    def _table(self) -> object:
        from .tables import table_of  # noqa: PLC0415 - the extra batch

        return table_of(self._shop, MANY)

    def close(self) -> None:
        """Close the edges."""
        self._edge.close()
        self._elsewhere.close()
        for name in ("_near", "_scored"):
            if name in self.__dict__:
                self.__dict__[name].close()

    def _clock(self) -> int:
        self._now_us += _STEP_US
        return self._now_us


def run(offers: int, rounds: int, progress: Callable[[int, int], None] = lambda *_: None) -> dict[str, Timed]:
    """
    Return how long each work takes.

    Args:
        offers: How many offers the shop has, >= 1.
        rounds: How many turns each work has; in each, 100 calls are timed.
        progress: Is told how many turns of all are over.
    """
    bench = Bench(offers)
    try:
        found = timed({name: getattr(bench, name) for name in possible(WORKS)}, rounds, progress)
    finally:
        bench.close()
    return {name: one.for_each(MANY) if name == "many" else one for name, one in found.items()}


def possible(names: Iterable[str]) -> list[str]:
    """Return those works that the libraries which are installed allow."""
    together = find_spec("pyarrow") is not None and find_spec("numpy") is not None
    return [name for name in names if together or name != "many"]
