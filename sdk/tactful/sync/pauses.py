"""How long to leave a centre alone: after errors, and when its hints bring nothing. It sleeps not itself."""

from collections.abc import Callable
from random import SystemRandom
from typing import Final

from ..errors import CentreError

#: The system's chance: it takes nothing from numbers that the host has seeded, and forked workers draw other ones.
uniform: Final = SystemRandom().uniform
_FIRST_S: Final = 1.0
#: The centre may ask for patience, but not for ever.
_RETRY_AFTER_MAX_S: Final = 3600.0


class Backoff:
    """
    Pauses after errors: exponential, with full jitter, and no shorter than the centre wants.

    >>> backoff = Backoff(max_s=60, chance=lambda low, high: high)
    >>> [backoff.after(OSError()) for _ in range(3)], backoff.after(CentreError("busy", retry_after_s=90))
    ([1.0, 2.0, 4.0], 90.0)
    """

    def __init__(self, max_s: float, chance: Callable[[float, float], float] = uniform) -> None:
        self._max_s = max_s
        self._chance = chance
        self._failures = 0

    def after(self, error: BaseException) -> float:
        """Return how long to wait after one more error [s]."""
        ceiling_s = min(self._max_s, _FIRST_S * 2 ** min(self._failures, 30))
        self._failures += 1
        wanted_s = error.retry_after_s if isinstance(error, CentreError) else None
        return max(self._chance(0.0, ceiling_s), min(float(wanted_s or 0), _RETRY_AFTER_MAX_S))

    def reset(self) -> None:
        """Begin anew after a success."""
        self._failures = 0


class Budget:
    """
    What may be spent on calls that bring nothing, retries and empty hints alike: some at once, then one a second.

    Each call that brings something earns one: while much is told, hints overlap, and none is to wait for that.

    >>> budget = Budget(lambda: 7.0, burst=2)
    >>> budget.spend(), budget.spend(), budget.spend()
    (0.0, 0.0, 1.0)
    """

    def __init__(self, clock_s: Callable[[], float], burst: int = 5) -> None:
        """
        Begin with all of it.

        Args:
            clock_s: Gives a time that only passes [s].
            burst: So many calls may be made at once.
        """
        self._clock_s = clock_s
        self._burst = burst
        self._left = float(burst)
        self._at_s = clock_s()

    def earn(self) -> None:
        """Have one more call, up to those that may be made at once: the last one brought something."""
        self._left = min(self._burst, self._left + 1.0)

    def spend(self) -> float:
        """Spend one call; return how long to wait for it [s]."""
        now_s = self._clock_s()
        self._left = min(self._burst, self._left + max(0.0, now_s - self._at_s)) - 1.0
        self._at_s = now_s
        return max(0.0, -self._left)
