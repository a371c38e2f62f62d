"""Households: what counts for the households of those who are here, and the room they hold when who took it is gone.

It fetches none. Who is let go with all that is known must not reopen a cap for the others, nor for a later visit.
"""

import hashlib
import os
from collections.abc import Set as AbstractSet

from cachetools import FIFOCache

from ..plan.plan import Plan
from .count import Counters
from .here import HouseholdKey
from .loading import add, joined, reservations
from .own import shared


class Households(FIFOCache[HouseholdKey, Counters]):
    """
    What counts for households; bounded. Whoever calls holds the lock of the customers that are here.

    Attributes:
        left: The room that is taken for households of whom somebody was let go, until they are fetched again. It is
            held under marks that name nobody, and does not say who took it.
    """

    def __init__(self, maxsize: int) -> None:
        """Begin with none; marks are of this process alone."""
        super().__init__(maxsize)
        self.left: FIFOCache[bytes, Counters] = FIFOCache(maxsize)
        self._key = os.urandom(16)

    def put(self, key: HouseholdKey, fetched: Counters, now_us: int) -> Counters:
        """Put what was fetched in place, with the room that is taken; return what counts."""
        household = self[key] = joined(self.get(key), fetched, now_us)
        room = self.left.pop(self._mark(key), None)
        if room is not None:
            add(household, reservations(room, now_us), now_us)
        return household

    def leave(self, key: HouseholdKey, now_us: int) -> None:
        """Let a household go but for the room that is taken; what has lapsed goes."""
        while self.left and not reservations(self.left[next(iter(self.left))], now_us):
            self.left.popitem()
        counters = self.pop(key, None)
        room = None if counters is None else room_alone(counters, now_us)
        if room is not None:
            self.left[self._mark(key)] = room

    def erase(self, names: AbstractSet[str]) -> None:
        """Keep nothing of households, by their names or by the ids of customers who are in none."""
        for key in [key for key in self if key[1] in names]:
            del self[key]
        for name in names:
            for kind in ("household", "customer"):
                self.left.pop(self._mark((kind, name)), None)

    def let_go(self, plan: Plan) -> None:
        """Let go of all plans but this one."""
        for key, counters in list(self.items()):
            self[key] = counters.under(plan, shared(plan))
        for mark, counters in list(self.left.items()):
            self.left[mark] = counters.under(plan, shared(plan))

    def _mark(self, key: HouseholdKey) -> bytes:
        return hashlib.blake2b(repr(key).encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()


def room_alone(counters: Counters, now_us: int) -> Counters | None:
    """Leave counters, and return the room that is taken in them and nothing else; None if there is none."""
    with counters.lock:
        moved = counters.moved
        if moved is None:
            taken = counters.reservations(now_us)
            moved = counters.moved = Counters(counters.plan, taken, counters.per, counters.own, now_us)
            return moved if taken else None
    return room_alone(moved, now_us)
