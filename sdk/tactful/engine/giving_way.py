"""Giving way: how a plan is built beside threads that decide. It builds nothing and decides nothing.

Two settings of the interpreter are other ones while at least one plan is built, and as before afterwards: how soon a
thread that waits gets its turn, and whether all objects of the process are searched for garbage, which stops every
thread for as long as it takes. Young garbage is collected all the time.
"""

import gc
import sys
from threading import Lock
from typing import Final, Self

#: A thread that waits for its turn gets it after this time [s]; the interpreter's own setting is 5 ms.
TURN_S: Final = 0.0005
#: More collections of the middle generation than any plan brings about.
_NEVER: Final = 1_000_000_000
#: The interpreter keeps whole microseconds [s].
_EXACT_S: Final = 2e-6


class GivingWay:
    """
    A context in which long work gives way to short work; threads share it, the last one out restores the settings.

    A setting that somebody else changes meanwhile stays as they wish.
    """

    def __init__(self) -> None:
        self._inside = 0
        self.reset()

    def reset(self) -> None:
        """Begin anew in a forked child, where nobody works yet: what was set for the parent's work is taken back."""
        if self._inside:
            self._restore()
        self._lock = Lock()
        self._inside = 0

    def __enter__(self) -> Self:
        with self._lock:
            if not self._inside:
                self._turn_s, self._thresholds = sys.getswitchinterval(), gc.get_threshold()
                sys.setswitchinterval(min(TURN_S, self._turn_s))
                gc.set_threshold(*self._thresholds[:2], _NEVER)
            self._inside += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._restore()

    def _restore(self) -> None:
        if abs(sys.getswitchinterval() - min(TURN_S, self._turn_s)) < _EXACT_S:
            sys.setswitchinterval(self._turn_s)
        if gc.get_threshold()[2] == _NEVER:
            gc.set_threshold(*gc.get_threshold()[:2], self._thresholds[2])


giving_way: Final = GivingWay()
