"""What CEL's operators and functions give for known values, written plainly. It reads no variable."""

import enum
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from ..clock import to_datetime
from ..expr import Call
from ..schema import ValueType


class Unknown(enum.Enum):
    """What a rule comes to when it depends on something that is not known, or on an error."""

    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        raise TypeError("unknown is neither true nor false")


UNKNOWN: Final = Unknown.UNKNOWN

#: The years 1 to 9999 of the calendar [us].
TIME_BOUNDS_US: Final = (-62_135_596_800_000_000, 253_402_300_799_999_999)
#: What CEL holds as nanoseconds in 64 bits [us].
DURATION_MAX_US: Final = (2**63 - 1) // 1000
INT64_BOUNDS: Final = (-(2**63), 2**63 - 1)


def apply(call: Call, values: list[Any]) -> Any:
    """Return what an operator or function other than `&& || ?: has missing` gives for known values."""
    fn, type_ = call.fn, call.args[0].type if call.args else call.type
    if fn in _PLAIN:
        return _PLAIN[fn](*values)
    if fn in _CONVERSIONS:
        return _CONVERSIONS[fn](type_, *values)
    if fn.startswith("get"):
        return _time_part(fn, *values) if type_ is ValueType.TIME else _duration_part(fn, *values)
    if call.type is ValueType.NUMBER:
        return _number(fn, *values)
    if call.type in _BOUNDS:
        result = _whole(fn, *values)
        low, high = _BOUNDS[call.type]
        return result if result is not UNKNOWN and low <= result <= high else UNKNOWN
    return values[0] + values[1]  # texts and lists


def same(left: Any, right: Any) -> bool:
    """Return whether two values of one type are equal; lists are, item by item, so that NaN never is."""
    if isinstance(left, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


_PLAIN: Final[Mapping[str, Callable[..., Any]]] = {
    "!": lambda value: not value,
    "==": same,
    "!=": lambda left, right: not same(left, right),
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "in": lambda item, items: any(same(item, one) for one in items),
    "size": len,
    "contains": lambda text, part: part in text,
    "startsWith": lambda text, part: text.startswith(part),
    "endsWith": lambda text, part: text.endswith(part),
    "list": lambda *items: items,
}
_BOUNDS: Final = {
    ValueType.INT: INT64_BOUNDS,
    ValueType.TIME: TIME_BOUNDS_US,
    ValueType.DURATION: (-DURATION_MAX_US, DURATION_MAX_US),
}


def _whole(fn: str, left: int, right: int = 0) -> Any:
    match fn:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "neg":
            return -left
    if right == 0:
        return UNKNOWN
    quotient = abs(left) // abs(right)
    if (left < 0) != (right < 0):
        quotient = -quotient
    if not INT64_BOUNDS[0] <= quotient <= INT64_BOUNDS[1]:
        return UNKNOWN  # the smallest int by -1, for the remainder too
    return quotient if fn == "/" else left - quotient * right


def _number(fn: str, left: float, right: float = 0.0) -> float:
    match fn:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "neg":
            return -left
    if right != 0.0:
        return left / right
    if left == 0.0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


# Conversions: a type name as a function.

_INT_TEXT: Final = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)[ \t\n\v\f\r]*")
_NUMBER_TEXT: Final = re.compile(
    r"[ \t\n\v\f\r]*([+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|infinity|nan))[ \t\n\v\f\r]*",
    re.IGNORECASE,
)


def _to_int(type_: ValueType, value: Any) -> Any:
    match type_:
        case ValueType.INT:
            return value
        case ValueType.NUMBER:
            return int(value) if -(2.0**63) < value < 2.0**63 else UNKNOWN
        case ValueType.TIME:
            return value // 1_000_000
    match = _INT_TEXT.fullmatch(value)
    whole = int(match[1]) if match and len(match[1]) < 4000 else 2**63  # noqa: PLR2004 - int() refuses longer ones
    return whole if INT64_BOUNDS[0] <= whole <= INT64_BOUNDS[1] else UNKNOWN


def _to_number(type_: ValueType, value: Any) -> Any:
    if type_ is not ValueType.TEXT:
        return float(value)
    match = _NUMBER_TEXT.fullmatch(value)
    return float(match[1]) if match else UNKNOWN


def _to_text(type_: ValueType, value: Any) -> Any:
    if type_ is ValueType.BOOL:
        return "true" if value else "false"
    return str(value)


_CONVERSIONS: Final[Mapping[str, Callable[..., Any]]] = {"int": _to_int, "number": _to_number, "text": _to_text}


# Parts of times and durations.

_OFFSET: Final = re.compile(r"([+-]?)(\d\d):(\d\d)")
_TIME_PARTS: Final[Mapping[str, Callable[[datetime], int]]] = {
    "getFullYear": lambda at: at.year,
    "getMonth": lambda at: at.month - 1,
    "getDate": lambda at: at.day,
    "getDayOfMonth": lambda at: at.day - 1,
    "getDayOfWeek": lambda at: at.isoweekday() % 7,
    "getDayOfYear": lambda at: at.timetuple().tm_yday - 1,
    "getHours": lambda at: at.hour,
    "getMinutes": lambda at: at.minute,
    "getSeconds": lambda at: at.second,
    "getMilliseconds": lambda at: at.microsecond // 1000,
}
_DURATION_UNITS_US: Final = {"getHours": 3_600_000_000, "getMinutes": 60_000_000, "getSeconds": 1_000_000}


def _time_part(fn: str, moment_us: int, zone: str = "UTC") -> Any:
    try:
        return _TIME_PARTS[fn](to_datetime(moment_us).astimezone(_zone(zone)))
    except (OverflowError, ValueError, KeyError):  # beyond the calendar, or no such zone
        return UNKNOWN


def _zone(name: str) -> tzinfo:
    if match := _OFFSET.fullmatch(name):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    return UTC if name == "UTC" else ZoneInfo(name)


def _duration_part(fn: str, length_us: int) -> Any:
    length_ms = abs(length_us) // 1000 % 1000
    part = length_ms if fn == "getMilliseconds" else abs(length_us) // _DURATION_UNITS_US[fn]
    return -part if length_us < 0 else part
