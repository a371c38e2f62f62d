"""When the centre's consents were last known to be true, by a clock that nobody can set. It asks no centre.

The mark is kept under the name of the machine's boot: after a reboot nothing tells how long it was off, and consents
count as not fresh until the centre is heard again.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final

from ..clock import SECOND_US, Clock, SteadyClock, wall_clock
from ..errors import StoreError
from ..ports import Registers

#: The register of the mark, whose boot follows.
HEARD_REGISTER = "centre-heard/"
_KEEP_EVERY_US: Final = 30 * SECOND_US
_LOOK_EVERY_US: Final = SECOND_US
#: A wall clock that is set back by less is being corrected.
_STEP_US: Final = SECOND_US


def steady_clock() -> int:
    """Return the time since the machine was started, suspended or not [us]; on other systems than Linux, not quite."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return (time.monotonic_ns() if clock is None else time.clock_gettime_ns(clock)) // 1000


def boot() -> str:
    """Return the name of the machine's boot; empty where it has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


class Heard:
    """When everything that the centre had to say of consents was last in the store."""

    def __init__(
        self, registers: Registers, clock: Clock, *, steady: Clock | None = None, of: str | None = None
    ) -> None:
        """
        Begin with what other processes of this boot have heard.

        Args:
            registers: Where the mark is kept.
            clock: Gives the moment [us since 1970].
            steady: Gives a time that only passes [us]; None takes the machine's, or a simulated clock's own.
            of: The name of the boot; None takes the machine's, or none for a simulated clock.
        """
        real = clock is wall_clock
        self._registers = registers
        self._clock = clock
        simulated = clock.steady_us if isinstance(clock, SteadyClock) else clock
        self._steady = steady or (steady_clock if real else simulated)
        self._name = HEARD_REGISTER + ((boot() if real else "") if of is None else of)
        self.reset()

    def reset(self) -> None:
        """Begin anew, also in a forked child, where no lock is ours."""
        self._lock = Lock()
        self._heard_us: int | None = None
        self._kept_us: int | None = None
        self._looked_us: int | None = None
        self._is_steady = True
        self._last_us = self._steady()
        self._ahead_us = self._clock() - self._last_us

    def begin(self) -> int:
        """Return the moment from which an answer that is asked for now is true, for `hear`."""
        return self._steady()

    def hear(self, began_us: int) -> None:
        """Keep that all was in the store as it was at the centre at a moment, in memory and now and then durably."""
        with self._lock:
            self._heard_us, self._is_steady = began_us, True
            keep = self._kept_us is None or not 0 <= began_us - self._kept_us < _KEEP_EVERY_US
            if keep:
                self._kept_us = began_us
        if keep:
            self._registers.raise_register(self._name, began_us)

    def at_us(self, now_us: int) -> int | None:
        """Return when that was by the wall clock [us since 1970]; None if nothing tells."""
        age_us = self.age_us()
        return None if age_us is None else now_us - age_us

    def age_us(self) -> int | None:
        """Return how long ago that was [us]; None if nothing tells."""
        steady_us = self._steady()
        if not self._is_steady:
            return None
        known = [one for one in (self._heard_us, self._others(steady_us)) if one is not None and one <= steady_us]
        return steady_us - max(known) if known else None

    def set_back(self, now_us: int) -> bool:
        """Return whether the wall clock has been set back since the last call, so that ages by it are not true."""
        steady_us = self._steady()
        ahead_us = now_us - steady_us
        began_anew = steady_us < self._last_us - _STEP_US  # a simulated clock can; then nothing tells any age
        self._is_steady = self._is_steady and not began_anew
        back = began_anew or ahead_us < self._ahead_us - _STEP_US
        self._ahead_us = ahead_us if back else max(ahead_us, self._ahead_us)
        self._last_us = steady_us
        return back

    def _others(self, steady_us: int) -> int | None:
        """Return what any process of this boot has kept, looked up once a second."""
        if self._looked_us is None or not 0 <= steady_us - self._looked_us < _LOOK_EVERY_US:
            with suppress(StoreError):  # an older mark is more careful, and the account of the store says it
                mark = self._registers.register(self._name) or b""
                self._kept_us = int(mark) if mark.isdigit() else None
            self._looked_us = steady_us  # last: another thread that sees it takes the mark as it is by then
        return self._kept_us


class WatchedClock:
    """A wall clock that tells when it is set back, at the first reading after it."""

    def __init__(self, clock: Clock, heard: Heard) -> None:
        self._clock = clock
        self._heard = heard
        self.when_set_back: Callable[[], None] = lambda: None

    def __call__(self) -> int:
        """Return the moment [us since 1970]."""
        now_us = self._clock()
        if self._heard.set_back(now_us):
            self.when_set_back()
        return now_us
