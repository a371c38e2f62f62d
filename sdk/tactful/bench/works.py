"""What is timed: decisions of all sorts, and beside them the bare predicates that any of them has to beat."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from importlib.util import find_spec
from typing import Final

from ..memory import MemoryStore
from ..opening import open as open_edge
from .drawn import ATTRIBUTES
from .shop import NOW_US, PLACE, predicates, shop
from .timing import Timed, timed

#: So many customers come in each turn.
CUSTOMERS: Final = 100
#: What each work is; a method of `Bench` by that name yields its calls.
WORKS: Final[Mapping[str, str]] = {
    "predicates": "a list comprehension over as many compiled Python predicates as there are offers",
    "decide": "decide, the customer here and seen before, all guardrails, three slots, room reserved",
    "preview": "the same without a trace, one customer again and again",
    "first": "the first decision for a customer who is here",
    "brought": "a customer whom the caller brings: profile, consents and no contacts",
    "miss": "a customer who is not here, and is fetched in the background",
    "many": "each of 4,000 customers in a table, decided together (needs the extra batch)",
}
#: So many customers are in a table; what a work takes is told for each.
MANY: Final = 4000
_CONTEXT: Final = {"page": "p1", "hour": 12}
_STEP_US: Final = 1000
_Calls = Iterator[Callable[[], object]]


class Bench:
    """The works over a shop of so many offers; the clock goes on by a millisecond whenever it is read."""

    def __init__(self, offers: int) -> None:
        self._shop = shop(offers, CUSTOMERS)
        self._ids = [customer.customer for customer in self._shop.customers]
        self._rules = predicates(offers)
        self._strangers = itertools.count()
        self._now_us = NOW_US
        store = MemoryStore(kinds={"card": "person"}, clock=self._clock)
        store.put_many(self._shop.customers, dict.fromkeys(self._ids, self._shop.consents), self._shop.contacts())
        self._edge = open_edge(self._shop.policy, store=store, clock=self._clock)
        # Profiles that come from elsewhere are fetched in the background; this source has none.
        self._elsewhere = open_edge(self._shop.policy, profiles=lambda _: None, clock=self._clock)

    def predicates(self) -> _Calls:
        """Yield evaluations of bare predicates."""
        rules = [eval(f"lambda v: {rule}") for rule in self._rules]  # noqa: S307 - made in `shop`
        values = list(range(ATTRIBUTES))
        for _ in self._ids:
            yield lambda: [rule(values) for rule in rules]

    def decide(self) -> _Calls:
        """Yield decisions for customers who were here before."""
        for who in self._ids:
            self._edge.decide(PLACE, who, _CONTEXT, preview=True)
        for who in self._ids:
            yield partial(self._edge.decide, PLACE, who, _CONTEXT)

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

    @cache  # noqa: B019 - a benchmark lives as long as its process
    def _table(self) -> object:
        from .tables import table_of  # noqa: PLC0415 - the extra batch

        return table_of(self._shop, MANY)

    def close(self) -> None:
        """Close the edges."""
        self._edge.close()
        self._elsewhere.close()

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
    together = find_spec("pyarrow") is not None and find_spec("numpy") is not None
    works = {name: getattr(bench, name) for name in WORKS if together or name != "many"}
    try:
        found = timed(works, rounds, progress)
    finally:
        bench.close()
    return {name: one.for_each(MANY) if name == "many" else one for name, one in found.items()}
