"""A shop, its bundle in several epochs, and an edge that decides by it, on the machine's clock. It times nothing."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Final

from ...bundle import make_keys, write
from ...engine.edge import Edge
from ...engine.options import Options
from ...memory import MemoryStore
from ...opening import open as open_edge
from ...profile import Snapshot
from ..packed import packed, unpacked
from ..shop import NOW_US, PLACE, shop

CONTEXT: Final[Mapping[str, object]] = {"page": "p1", "hour": 12}
_YEAR_US: Final = 365 * 86_400 * 1_000_000
_TENANT: Final = "load"


class World:
    """
    What decisions are made of.

    Attributes:
        ids: The customers of the store.
        bundles: The same policy as bundles, the newest first, for as many swaps.
        store: The store.
        edge: The edge, with all customers here.
    """

    def __init__(self, offers: int, customers: int) -> None:
        """Make a shop with so many offers and customers."""
        self._shop = shop(offers, customers)
        self._started_ns = time.monotonic_ns()
        self.ids = [one.customer for one in self._shop.customers]
        private, self._public = make_keys()
        seal = partial(write, self._shop.policy, private_key=private, tenant=_TENANT)
        self.bundles = [seal(epoch=n, issued_us=NOW_US - 1, expires_us=NOW_US + _YEAR_US) for n in (3, 2, 1)]
        self._first = self.bundles.pop()
        self.store = MemoryStore(kinds={"card": "person"}, clock=self.clock)
        self.store.put_many(self._shop.customers, dict.fromkeys(self.ids, self._shop.consents), self._shop.contacts())
        self.edge = self._open(store=self.store)
        for who in self.ids:
            self.edge.decide(PLACE, who, CONTEXT, preview=True)

    def clock(self) -> int:
        """Return the moment [us since 1970]: the shop's, gone on by as much as the machine's."""
        return NOW_US + (time.monotonic_ns() - self._started_ns) // 1000

    def decide(self, who: str) -> object:
        """Decide for a customer, in full."""
        return self.edge.decide(PLACE, who, CONTEXT)

    def change(self, who: str) -> None:
        """Have a profile fetched anew, as if it were another one by now."""
        self.edge.warm(who)

    def elsewhere(self, customers_max: int) -> Edge:
        """Return an edge over a source that knows every customer, packed, and keeps none; so many are held at most."""
        raw = [packed(one) for one in self._shop.customers]
        agreed = self._shop.consents

        def profile(customer: str) -> Snapshot:
            found = unpacked(raw[hash(customer) % len(raw)])
            return Snapshot(customer, found.at_us, found.attributes)

        return self._open(
            profiles=profile, consents=lambda _: agreed, options=Options(customers_max=customers_max, views_max=1000)
        )

    def packed_bytes(self) -> float:
        """Return the mean length of a packed profile [bytes]."""
        return sum(len(packed(one)) for one in self._shop.customers) / len(self.ids)

    def close(self) -> None:
        """Close the edge."""
        self.edge.close()

    def _open(self, **parts: object) -> Edge:
        return open_edge(self._first, key=self._public, tenant=_TENANT, clock=self.clock, **parts)  # type: ignore[arg-type] # one of two sorts
