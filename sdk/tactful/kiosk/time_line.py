"""Time at a kiosk: it never goes back, and what cannot be told is not guessed. It asks no network.

Within one boot a clock that nobody can set carries on from the latest moment that was ever read, suspended or not.
From boot to boot a mark in the kiosk's store does: a wall clock before it has lost the time. How long a machine was
off, only a clock with a battery knows; unless told that there is one, a pack counts as fresh only in the boot in which
it came.
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
#: The register of the newest pack that came within a boot, whose boot follows.
CAME_REGISTER: Final = "kiosk-came/"


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
        self._ahead_us = max(self._ahead_us, clock() - self._steady())
        self._came: int | None = None
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

    def follow(self, epoch: int, expires_us: int, *, is_new: bool) -> None:
        """
        Measure the age of a pack from now on.

        Args:
            epoch: Its epoch.
            expires_us: When it ends [us since 1970]: no mark is set beyond that, so that a clock that ran ahead for a
                while costs at most the rest of this pack's days.
            is_new: Whether it was never taken before.
        """
        name = CAME_REGISTER + self._boot
        if is_new and self._boot:
            self._registers.raise_register(name, epoch)
        came = epoch if is_new or (self._boot and self._number(name) == epoch) else None
        with self._lock:
            self._came, self._bound_us = came, expires_us
        self.keep()

    def tells_age(self, issued_us: int) -> bool:
        """Return whether it can be told how old the pack that is followed is, made at a moment [us since 1970]."""
        known_us = self._steady() + self._ahead_us
        if known_us < max(self._mark_us, issued_us) - SKEW_US:
            return False  # the clock has lost the time, or the pack comes from a time to come
        return self._keeps_time or self._came is not None

    def keep(self) -> None:
        """Keep the moment durably, for the next boot and for other processes; it does I/O, so no decision calls it."""
        now_us = self()
        if self._bound_us:
            self._registers.raise_register(TIME_REGISTER, min(now_us, self._bound_us))
        if self._boot and self._ahead_us > 0:
            self._registers.raise_register(AHEAD_REGISTER + self._boot, self._ahead_us)

    def _number(self, name: str) -> int:
        found = self._registers.register(name) or b""
        return int(found) if found.isdigit() else 0
