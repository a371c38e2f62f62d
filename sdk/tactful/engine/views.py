"""Page views: what was decided for one is decided once, and takes room under the caps once. Bounded.

A page view lasts as long as the room that it took: after that it is decided anew, and counts anew.
"""

import hashlib
from collections.abc import Set as AbstractSet
from threading import Lock

from cachetools import LRUCache

from ..clock import SECOND_US
from ..plan.plan import Plan
from .customer import Customer
from .decision import Decision

#: A page view: its id, whose it is, and the placements.
View = tuple[str, str, tuple[str, ...]]


class Views:
    """What was decided for the page views of late."""

    def __init__(self, maxsize: int) -> None:
        """Begin with none; so many are remembered at most."""
        self._maxsize = maxsize
        self.reset()

    def reset(self) -> None:
        """Begin anew, also in a forked child, where no lock is ours."""
        self._lock = Lock()
        self._known: LRUCache[View, Decision] = LRUCache(self._maxsize)

    def seen(self, view: View, customer: Customer, now_us: int) -> Decision | None:
        """Return what was decided for a page view, while it lasts and as long as customer and policy stay the same."""
        with self._lock:
            known = self._known.get(view)
        if known is None or known.now_us < customer.plan.until_us <= now_us:
            return None
        if abs(now_us - known.now_us) >= lasts_us(known.plan):  # also where the clock was set back
            return None
        return known if known.was_for(customer) else None

    def keep(self, view: View, decision: Decision) -> None:
        """Remember what was decided for a page view."""
        with self._lock:
            self._known[view] = decision

    def forget_of(self, customers: AbstractSet[str]) -> None:
        """Forget the page views of customers, by their ids."""
        with self._lock:
            for view in [view for view in self._known if view[1] in customers]:
                del self._known[view]

    def forget_decision(self, decision: str) -> None:
        """Forget a decision: it is not shown, and has no room any more."""
        with self._lock:
            for view in [view for view, one in self._known.items() if one.id == decision]:
                del self._known[view]

    def forget(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._known.clear()


def lasts_us(plan: Plan) -> int:
    """Return how long what was decided for a page view may be shown again [us]: its room is kept, its token taken."""
    values = plan.policy.values
    return min(values.reserve_s, values.token_s) * SECOND_US


def id_of(view: View, plan: Plan, now_us: int, key: bytes) -> str:
    """
    Return the id of a page view's decision: in any process that shares the key the same, in the same stretch of time.

    What is decided for it after it has lasted always gets another one, so that what is shown then counts.
    """
    stretch = now_us // lasts_us(plan)
    return hashlib.blake2b(repr((view, stretch)).encode(), key=key, digest_size=12).hexdigest()
