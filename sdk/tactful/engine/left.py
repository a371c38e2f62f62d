"""Left: the room that decisions took for customers who are here no more, until they are fetched again. It fetches none.

Who was let go, and who had to make way for others, may still be shown what was decided: it counts when they come back.
"""

from threading import Lock

from cachetools import FIFOCache

from ..plan.plan import Plan
from .count import Counters
from .here import Here
from .loading import reservations
from .own import unstated


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
