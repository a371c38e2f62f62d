"""A clock for tests: it stands where a test puts it, can be set, and also tells a time that only passes."""

from ..clock import DAY_US, SECOND_US


class FakeClock:
    """
    A clock that a test moves; a `SteadyClock`.

    Attributes:
        now_us: What the wall clock tells [us since 1970].

    >>> clock = FakeClock()
    >>> clock.set_s(-3600)
    >>> clock.pass_s(60)
    >>> clock() - clock.steady_us()
    1727996400000000
    """

    def __init__(self, now_us: int = 20_000 * DAY_US) -> None:
        self.now_us = now_us
        self._passed_us = 0

    def __call__(self) -> int:
        """Return the moment by the wall clock [us since 1970]."""
        return self.now_us

    def steady_us(self) -> int:
        """Return the time that has passed [us]."""
        return self._passed_us

    def pass_s(self, seconds: float) -> None:
        """Let time pass [s]."""
        self._passed_us += int(seconds * SECOND_US)
        self.now_us += int(seconds * SECOND_US)

    def set_s(self, seconds: float) -> None:
        """Set the wall clock forward or back [s]; no time passes."""
        self.now_us += int(seconds * SECOND_US)
