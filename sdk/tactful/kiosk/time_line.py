"""Time at a kiosk: it never goes back, and what cannot be told is not guessed. It asks no network.

Within one boot a clock that nobody can set carries on from the latest moment that was ever read, suspended or not.
From boot to boot a mark in the kiosk's store does: a wall clock before it has lost the time. How long a machine was
off, only a clock with a battery knows; unless told that there is one, a pack counts as fresh only in the boot in which
it came, and only if it was made after the latest moment of before: one that was made earlier, and lay here or
elsewhere while the machine was off, is older than a clock that stood still meanwhile says. And a clock that was behind
a pack when it came has to be set right: that time passes does not make it right. What was made while the machine was
off, and comes when a clock that stood still has gone past that moment, nothing here can tell from what is new.
"""

from threading import Lock
from typing import Final

from ..clock import SKEW_US, Clock, SteadyClock, wall_clock
from ..ports import Registers
from ..sync.heard import boot, steady_clock

#: The register of the latest moment that was read; it is never set beyond the end of a pack.
TIME_REGISTER: Final = "kiosk-time"
#: The register of how far the wall clock is ahead of the steady one, whose boot follows.
AHEAD_REGISTER: Final = "kiosk-ahead/"
#: The register of the latest moment of before a boot, whose boot follows.
OFF_REGISTER: Final = "kiosk-off/"
#: The register of the newest pack that came within a boot, whose boot follows.
CAME_REGISTER: Final = "kiosk-came/"
#: The register of when that was by the steady clock [us], whose boot follows.
CAME_AT_REGISTER: Final = "kiosk-came-at/"


class TimeLine:
    """A `Clock` that never goes back; and whether it can be told how old a pack is."""

    def __init__(
        self,
        registers: Registers,
        clock: Clock,
        *,
        keeps_time: bool = False,
        steady: Clock | None = None,
        of: str | None = None,
    ) -> None:
        """
        Go on from what is known.

        Args:
            registers: Where the marks are kept.
            clock: Gives the moment [us since 1970]; it may be set.
            keeps_time: Whether the machine's clock goes on while it is off, and nobody sets it back meanwhile.
            steady: Gives a time that only passes [us]; None takes the machine's, or a simulated clock's own.
            of: The name of the boot; None takes the machine's, or none for a simulated clock.
        """
        real = clock is wall_clock
        simulated = clock.steady_us if isinstance(clock, SteadyClock) else clock
        self._clock, self._registers, self._keeps_time = clock, registers, keeps_time
        self._steady = steady or (steady_clock if real else simulated)
        self._boot = (boot() if real else "") if of is None else of
        self.reset()
        self._mark_us = self._number(TIME_REGISTER)
        self._ahead_us = max(self._number(AHEAD_REGISTER + self._boot) if self._boot else 0, 0)
        self._off_since_us = self._off_since()  # 0: nothing says that it was off
        self._ahead_us = max(self._ahead_us, clock() - self._steady())
        self._came_us: int | None = None
        self._bound_us = 0

    def reset(self) -> None:
        """Go on in a forked child, where no lock is ours."""
        self._lock = Lock()

    def __call__(self) -> int:
        """Return the moment [us since 1970]; never earlier than one that was kept or read before."""
        wall_us, steady_us = self._clock(), self._steady()
        with self._lock:
            self._ahead_us = max(self._ahead_us, wall_us - steady_us)
            return max(steady_us + self._ahead_us, self._mark_us)

    def follow(self, epoch: int, expires_us: int, *, is_new: bool, issued_us: int) -> None:
        """
        Measure the age of a pack from now on.

        Args:
            epoch: Its epoch.
            expires_us: When it ends [us since 1970]: no mark is set beyond that, so that a clock that ran ahead for a
                while costs at most the rest of this pack's days.
            is_new: Whether it was never taken before.
            issued_us: When it was made [us since 1970].
        """
        stood_us = self._off_since_us + 2 * SKEW_US  # a clock that stood still meanwhile is behind all made after this
        is_new = is_new and not (self._off_since_us and issued_us < stood_us)
        name, at = CAME_REGISTER + self._boot, CAME_AT_REGISTER + self._boot
        came_us: int | None = self._steady() if is_new else None
        if came_us is not None and self._boot:
            self._registers.raise_register(name, epoch)
            self._registers.raise_register(at, came_us)
        elif self._boot and self._number(name) == epoch:
            came_us = self._number(at)
        with self._lock:
            self._came_us, self._bound_us = came_us, expires_us
        self.keep()

    def tells_age(self, issued_us: int) -> bool:
        """Return whether it can be told how old the pack that is followed is, made at a moment [us since 1970]."""
        steady_us = self._steady()
        came_us = steady_us if self._came_us is None else self._came_us
        if steady_us + self._ahead_us < self._mark_us - SKEW_US or came_us + self._ahead_us < issued_us - SKEW_US:
            return False  # the clock has lost the time, or the pack comes from a time to come
        return self._keeps_time or self._came_us is not None

    def keep(self) -> None:
        """Keep the moment durably, for the next boot and for other processes; it does I/O, so no decision calls it."""
        now_us = self()
        if self._bound_us:
            self._registers.raise_register(TIME_REGISTER, min(now_us, self._bound_us))
        if self._boot and self._ahead_us > 0:
            self._registers.raise_register(AHEAD_REGISTER + self._boot, self._ahead_us)

    def _off_since(self) -> int:
        """Return the latest moment that was read before this boot, also in the boot's later processes."""
        if not self._boot:
            return 0
        if self._ahead_us:  # another process of this boot was here before
            return self._number(OFF_REGISTER + self._boot)
        return self._registers.raise_register(OFF_REGISTER + self._boot, self._mark_us) if self._mark_us else 0

    def _number(self, name: str) -> int:
        found = self._registers.register(name) or b""
        return int(found) if found.isdigit() else 0
