"""Time as the engine reads it: whole microseconds since 1970 in UTC. It knows no zone and no calendar."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, runtime_checkable

#: A function that gives the moment [us since 1970, UTC].
Clock = Callable[[], int]


@runtime_checkable
class SteadyClock(Protocol):
    """A clock that also tells a time that only passes, whatever the clock is set to."""

    def __call__(self) -> int:
        """Return the moment [us since 1970, UTC]."""
        ...

    def steady_us(self) -> int:
        """Return the time that has passed since some moment [us]."""
        ...


SECOND_US: Final = 1_000_000
DAY_US: Final = 86_400 * SECOND_US
#: Later than anything: a truth that does not end.
NEVER_US: Final = 2**63 - 1
#: The clocks of two hosts differ by less. A time that is further ahead of ours than this cannot be trusted: either
#: clock may have been set back, and nothing tells how old it is.
SKEW_US: Final = 300 * SECOND_US
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def wall_clock() -> int:
    """Return the machine's moment [us]."""
    return time.time_ns() // 1000


def to_us(moment: datetime) -> int:
    """
    Return an aware datetime as microseconds.

    Raises:
        ValueError: If it has no zone.

    >>> to_us(datetime(1970, 1, 2, tzinfo=UTC)) == DAY_US
    True
    """
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, as in datetime.now(UTC)")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_datetime(moment_us: int) -> datetime:
    """Return microseconds as an aware datetime in UTC."""
    return _EPOCH + timedelta(microseconds=moment_us)


def in_words(moment_us: int) -> str:
    """
    Return microseconds as people read a moment.

    >>> in_words(DAY_US)
    '1970-01-02 00:00 UTC'
    """
    return f"{to_datetime(moment_us):%Y-%m-%d %H:%M} UTC"
