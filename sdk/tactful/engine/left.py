"""Left: the room that decisions took for customers who are here no more, until they are fetched again. It fetches none.

Who was let go, and who had to make way for others, may still be shown what was decided: it counts when they come back.
"""

import hashlib
import os
from threading import Lock

from cachetools import FIFOCache

from ..plan.plan import Plan
from .count import Counters
from .here import Here, HouseholdKey
from .loading import reservations
from .own import shared, unstated


class Left(FIFOCache[str, Counters]):
    """What counts for customers who are here no more; bounded."""

    def let_go(self, plan: Plan, lock: Lock) -> None:
        """Let go of all plans but this one; under a lock one by one, as others wait for it."""
        with lock:
            known = list(self.items())
        for customer, counters in known:
            moved = counters.under(plan, unstated(plan))
            with lock:
                if self.get(customer) is counters:
                    self[customer] = moved


class Present(FIFOCache[str, Here]):
    """The customers who are here; of one who has to make way, the room that was taken stays."""

    def __init__(self, customers_max: int, left: Left) -> None:
        """Begin with nobody; room that was taken goes to `left`."""
        super().__init__(customers_max)
        self._left = left

    def popitem(self) -> tuple[str, Here]:
        """Take out who was fetched first."""
        customer, here = super().popitem()
        if reservations(here.counters, here.loaded_us):
            self._left[customer] = here.counters
        return customer, here


class LeftAtHome(FIFOCache[bytes, Counters]):
    """
    The room that is taken for households of whom somebody was let go with all that is known, until it is fetched again.

    It is held under marks that name nobody, and it says of nobody who took it. Bounded.
    """

    def __init__(self, maxsize: int) -> None:
        """Begin with none; marks are of this process alone."""
        super().__init__(maxsize)
        self._key = os.urandom(16)

    def keep(self, household: HouseholdKey, counters: Counters, now_us: int) -> None:
        """Keep the room that is taken in counters, which count no more; what has lapsed goes."""
        while self and not reservations(self[next(iter(self))], now_us):
            self.popitem()
        room = counters.room_alone(now_us)
        if room is not None:
            self[self._mark(household)] = room

    def take(self, household: HouseholdKey) -> Counters | None:
        """Take out the room of a household; None if there is none."""
        return self.pop(self._mark(household), None)

    def let_go(self, plan: Plan) -> None:
        """Let go of all plans but this one."""
        for mark, counters in list(self.items()):
            self[mark] = counters.under(plan, shared(plan))

    def _mark(self, household: HouseholdKey) -> bytes:
        text = repr(household).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=16).digest()
