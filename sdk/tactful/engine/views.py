"""Page views: what was decided for one is decided once, and takes room under the caps once. Bounded."""

import hashlib
from collections.abc import Set as AbstractSet
from threading import Lock

from cachetools import LRUCache

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
        """Return what was decided for a page view, unless what is known of the customer or the policy has changed."""
        with self._lock:
            known = self._known.get(view)
        if known is None or known.now_us < customer.plan.until_us <= now_us:
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

    def forget(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._known.clear()


def id_of(view: View, key: bytes) -> str:
    """Return the id of a page view's decision: in any process that shares the key the same."""
    return hashlib.blake2b(repr(view).encode(), key=key, digest_size=12).hexdigest()
