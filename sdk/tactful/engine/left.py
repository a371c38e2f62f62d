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


class Present(dict[str, Here]):
    """
    The customers who are here, bounded; of one who has to make way, the room that was taken stays.

    It is a dictionary, in the order in which they came: every decision asks it once, with nothing of Python's between.
    """

    def __init__(self, customers_max: int, left: Left) -> None:
        """Begin with nobody, who may become so many; room that was taken goes to `left`."""
        super().__init__()
        self._customers_max = max(customers_max, 1)
        self._left = left

    def __setitem__(self, customer: str, here: Here) -> None:
        """Put in a customer; if there are too many, who was fetched first makes way."""
        self.pop(customer, None)
        while len(self) >= self._customers_max:
            first = next(iter(self))
            gone = self.pop(first)
            if reservations(gone.counters, gone.loaded_us):
                self._left[first] = gone.counters
        super().__setitem__(customer, here)
