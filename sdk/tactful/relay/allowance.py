"""How often each may ask: buckets that fill with time. It knows no device."""

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Final

from cachetools import LRUCache

#: So many are remembered; of more, the one that asked longest ago begins anew.
_NAMES_MAX: Final = 10_000


class Allowance:
    """
    A bucket for each name: some calls at once, then so many a second.

    >>> allowance = Allowance(rate_per_s=2, burst=2, clock_s=lambda: 7.0)
    >>> [allowance.wait_s("kiosk") for _ in range(3)], allowance.wait_s("other")
    ([0.0, 0.0, 0.5], 0.0)
    """

    def __init__(self, *, rate_per_s: float, burst: int, clock_s: Callable[[], float] = monotonic) -> None:
        """
        Begin with full buckets.

        Args:
            rate_per_s: So many calls a second [1/s].
            burst: So many at once.
            clock_s: Gives a time that only passes [s].
        """
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._clock_s = clock_s
        self._lock = Lock()
        self._left: LRUCache[str, tuple[float, float]] = LRUCache(_NAMES_MAX)

    def wait_s(self, name: str) -> float:
        """Take one call; return 0, or after how long there is one again [s]."""
        with self._lock:
            now_s = self._clock_s()
            left, at_s = self._left.get(name, (float(self._burst), now_s))
            left = min(float(self._burst), left + (now_s - at_s) * self._rate_per_s)
            taken = left >= 1.0
            self._left[name] = (left - 1.0 if taken else left, now_s)
            return 0.0 if taken else (1.0 - left) / self._rate_per_s
