"""Times, durations and time zones as rules write them. It reads literals only: the edge converts no text to a time."""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Final
from zoneinfo import available_timezones

from ..clock import to_us
from ..plan.operators import zone
from .rule_errors import nearest

_DURATION = re.compile(r"([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h|d|w))+|0)", re.ASCII)
_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h|d|w)", re.ASCII)
_UNIT_US: Final = {
    "ns": Fraction(1, 1000),
    "us": Fraction(1),
    "µs": Fraction(1),
    "ms": Fraction(1_000),
    "s": Fraction(1_000_000),
    "m": Fraction(60_000_000),
    "h": Fraction(3_600_000_000),
    "d": Fraction(86_400_000_000),
    "w": Fraction(604_800_000_000),
}
_DURATION_MAX_US: Final = 315_576_000_000 * 1_000_000
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)


class LiteralError(ValueError):
    """A literal says no time, duration or zone; `hint` says how to write one."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def duration_us(text: str) -> int:
    """
    Return a duration in microseconds.

    Raises:
        LiteralError: If it is none, finer than a microsecond, or longer than 10,000 years.

    >>> duration_us("1h30m") == 5_400_000_000 == duration_us("1.5h")
    True
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise LiteralError("this is no duration", 'write it as "90d", "12h" or "1h30m"')
    length_us = sum(
        (Fraction(count) * _UNIT_US[unit] for count, unit in _DURATION_PART.findall(match[2])), start=Fraction(0)
    )
    if length_us.denominator != 1:
        raise LiteralError("a duration is not finer than a microsecond")
    if length_us > _DURATION_MAX_US:
        raise LiteralError("a duration is not longer than 10,000 years")
    return -int(length_us) if match[1] == "-" else int(length_us)


def time_us(text: str) -> int:
    """
    Return a moment in microseconds since 1970.

    Raises:
        LiteralError: If it is none, finer than a microsecond, or outside the years 1 to 9999.

    >>> time_us("1970-01-01T01:00:00+01:00")
    0
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise LiteralError("this is no moment", 'write it as "2026-12-01T09:00:00Z" or "2026-12-01T09:00:00+01:00"')
    fraction = (match[7] or "").ljust(9, "0")
    if fraction[6:] != "000":
        raise LiteralError("a moment is not finer than a microsecond")
    offset = timedelta(hours=int(match[9] or 0), minutes=int(match[10] or 0)) * (-1 if match[8] == "-" else 1)
    try:
        local = datetime(*(int(match[part]) for part in range(1, 7)), int(fraction[:6]), tzinfo=UTC)  # type: ignore[misc, arg-type]
        return to_us(local - offset)
    except (ValueError, OverflowError):
        raise LiteralError("the calendar has no such moment") from None


def zone_name(text: str) -> str:
    """
    Return the name of a time zone that exists.

    Raises:
        LiteralError: If it does not.
    """
    if zone(text) is None:
        hint = nearest(text, available_timezones())
        raise LiteralError("there is no such time zone", hint or 'write it as "Europe/Berlin" or "+01:00"')
    return text
