"""The rarer operators of rules, as total functions over known values: an error is None. They never raise.

The common operators are not here: `conditions` writes them into the generated code.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from math import copysign, inf, isnan, nan
from typing import Final

from ..clock import SECOND_US, to_datetime
from ..schema import INT64_MAX

#: The range of moments, 0001-01-01 to the end of 9999 [us].
TIME_MIN_US: Final = -62_135_596_800 * SECOND_US
TIME_MAX_US: Final = 253_402_300_800 * SECOND_US - 1
#: The range of what arithmetic on durations may give: 64 bits of nanoseconds, some 292 years [us].
DURATION_MAX_US: Final = INT64_MAX // 1000

_INT_TEXT = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]{1,20})[ \t\n\v\f\r]*")
_NUMBER_TEXT = re.compile(
    r"[ \t\n\v\f\r]*([+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?|nan))[ \t\n\v\f\r]*",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"([+-]?)([0-9]{2}):([0-9]{2})")


def quotient(left: int, right: int) -> int | None:
    """Return `left / right` cut towards zero; None for a zero divisor and past 64 bits."""
    if right == 0:
        return None
    whole = abs(left) // abs(right)
    signed = whole if (left < 0) == (right < 0) else -whole
    return signed if signed <= INT64_MAX else None


def remainder(left: int, right: int) -> int | None:
    """Return `left % right` with the sign of `left`; None where `quotient` is None."""
    whole = quotient(left, right)
    return None if whole is None else left - whole * right


def ratio(left: float, right: float) -> float:
    """Return `left / right` as IEEE 754 has it: no divisor is an error."""
    if right != 0.0:
        return left / right
    return nan if left == 0.0 or isnan(left) else copysign(inf, left) * copysign(1.0, right)


def to_int(value: str | float) -> int | None:
    """Return a text or a number as a whole number, cut towards zero; None if it is none of 64 bits."""
    if isinstance(value, str):
        match = _INT_TEXT.fullmatch(value)
        whole = int(match[1]) if match else None
        return whole if whole is not None and -INT64_MAX - 1 <= whole <= INT64_MAX else None
    return int(value) if -(2.0**63) < value < 2.0**63 else None


def to_number(value: str | int) -> float | None:
    """Return a text or a whole number as a number; None for a text that is no decimal number."""
    if isinstance(value, str):
        match = _NUMBER_TEXT.fullmatch(value)
        return float(match[1]) if match else None
    return float(value)


def to_text(value: str | bool | int) -> str:  # noqa: FBT001 - it is the value
    """Return a text, truth or whole number as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def same_numbers(left: tuple[float, ...], right: tuple[float, ...]) -> bool:
    """Say whether two lists of numbers are equal; unlike Python's, not-a-number equals nothing, itself included."""
    return len(left) == len(right) and all(one == other for one, other in zip(left, right, strict=True))


def some(items: tuple[object, ...] | None, test: Callable[[object], object]) -> bool:
    """Say whether the list is known and an item passes the test."""
    if items is not None:
        for item in items:
            if test(item):
                return True
    return False


def every(items: tuple[object, ...] | None, test: Callable[[object], object]) -> bool:
    """Say whether the list is known and every item passes the test."""
    if items is None:
        return False
    for item in items:  # noqa: SIM110 - a generator costs more than the few items
        if not test(item):
            return False
    return True


def exists(items: tuple[object, ...] | None, truth: Callable[[object], bool | None]) -> bool | None:
    """Return the three-valued "or" of the items' truths."""
    if items is None:
        return None
    whole: bool | None = False
    for item in items:
        part = truth(item)
        if part:
            return True
        if part is None:
            whole = None
    return whole


def for_all(items: tuple[object, ...] | None, truth: Callable[[object], bool | None]) -> bool | None:
    """Return the three-valued "and" of the items' truths."""
    if items is None:
        return None
    whole: bool | None = True
    for item in items:
        part = truth(item)
        if part is False:
            return False
        if part is None:
            whole = None
    return whole


def exists_one(items: tuple[object, ...] | None, truth: Callable[[object], bool | None]) -> bool | None:
    """Say whether exactly one item is true; unknown if any item is."""
    if items is None:
        return None
    count = 0
    for item in items:
        part = truth(item)
        if part is None:
            return None
        count += part
    return count == 1


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo | None:
    """
    Return the time zone of a name such as `Europe/Berlin`, or of an offset such as `+05:30`; None if there is none.

    >>> zone("-05:30").utcoffset(None)
    datetime.timedelta(days=-1, seconds=66600)
    """
    if match := _OFFSET.fullmatch(name):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset) if offset < timedelta(days=1) else None
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - few rules name a zone, and it takes time to load

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # a name with a null byte, a folder's name, a name of no zone
        return None


def _local(moment_us: int, zone_name: str) -> datetime | None:
    """Return a moment in a time zone; None outside the years 1 to 9999 and in an unknown zone."""
    if not TIME_MIN_US <= moment_us <= TIME_MAX_US or (where := zone(zone_name)) is None:
        return None
    try:
        return to_datetime(moment_us).astimezone(where)
    except OverflowError:  # the first and the last day have no local time everywhere
        return None


#: The moments of decisions, of which many rules ask one after the other; they tell nothing of a customer.
_local_now: Final = lru_cache(maxsize=64)(_local)


def time_part(moment_us: int, part: str, zone_name: str) -> int | None:
    """Return a part of the calendar in a time zone; None outside the years 1 to 9999 and in an unknown zone."""
    local = _local(moment_us, zone_name)
    return None if local is None else TIME_PARTS[part](local)


def now_part(now_us: int, part: str, zone_name: str) -> int | None:
    """Return the same of the moment of a decision, of which other rules ask as well."""
    local = _local_now(now_us, zone_name)
    return None if local is None else TIME_PARTS[part](local)


#: The parts of a moment in a calendar. Months, days of the month and of the year count from 0, but `getDate` from 1.
TIME_PARTS: Final[Mapping[str, Callable[[datetime], int]]] = {
    "getFullYear": lambda local: local.year,
    "getMonth": lambda local: local.month - 1,
    "getDate": lambda local: local.day,
    "getDayOfMonth": lambda local: local.day - 1,
    "getDayOfWeek": lambda local: local.isoweekday() % 7,
    "getDayOfYear": lambda local: local.timetuple().tm_yday - 1,
    "getHours": lambda local: local.hour,
    "getMinutes": lambda local: local.minute,
    "getSeconds": lambda local: local.second,
    "getMilliseconds": lambda local: local.microsecond // 1000,
}
#: The unit of each part of a duration [us]; `getMilliseconds` gives what is left over a second.
DURATION_PARTS: Final[Mapping[str, int]] = {
    "getHours": 3600 * SECOND_US,
    "getMinutes": 60 * SECOND_US,
    "getSeconds": SECOND_US,
    "getMilliseconds": 1000,
}


def duration_part(duration_us: int, part: str) -> int:
    """Return a duration in whole units, cut towards zero."""
    sign = -1 if duration_us < 0 else 1
    length_us = abs(duration_us)
    if part == "getMilliseconds":
        length_us %= SECOND_US
    return sign * (length_us // DURATION_PARTS[part])
