"""Giving way: how a plan is built beside threads that decide. It builds nothing and decides nothing.

Settings of the interpreter are other ones while at least one plan is built, and as before afterwards: how soon a thread
that waits gets its turn, and that only what is youngest is searched for garbage, as a search through all objects of the
process stops every thread for as long as it takes. What came meanwhile counts as old afterwards: a plan lives long, and
is no reason to search everything.
"""

import gc
import sys
from threading import Lock
from typing import Final, Self

#: A thread that waits for its turn gets it after this time [s]; the interpreter's own setting is 5 ms.
TURN_S: Final = 0.0005
#: More collections of a younger generation than any plan brings about.
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
                gc.set_threshold(self._thresholds[0], _NEVER, _NEVER)
                self._meanwhile = gc.get_threshold()[1:]
            self._inside += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                _grow_old()
                self._restore()

    def _restore(self) -> None:
        if abs(sys.getswitchinterval() - min(TURN_S, self._turn_s)) < _EXACT_S:
            sys.setswitchinterval(self._turn_s)
        if gc.get_threshold()[1:] == self._meanwhile:
            gc.set_threshold(gc.get_threshold()[0], *self._thresholds[1:])


def _grow_old() -> None:
    """
    Count all objects as old, without a look at any of them; the next full search comes when it would have come anyway.

    To freeze and thaw does that. Where a host keeps objects frozen, they stay so, and nothing is done.
    """
    if not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()


giving_way: Final = GivingWay()
