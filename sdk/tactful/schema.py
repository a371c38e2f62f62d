"""Types of values and the profile schema: what an attribute is, and whether a value fits. It holds no value."""

import enum
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import attrs

from .errors import ValueRefused

INT64_MAX: Final = 2**63 - 1
TEXT_MAX_CHARS: Final = 4096
LIST_MAX_ITEMS: Final = 256
SCORES_MAX_ITEMS: Final = 4096
#: The years 1 to 9999 [us since 1970]: what the calendar can tell.
_CALENDAR_US: Final = (-62_135_596_800_000_000, 253_402_300_799_999_999)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ValueType(enum.Enum):
    """The types of values; their names are those of the policy format."""

    TEXT = "text"
    INT = "int"
    NUMBER = "number"
    BOOL = "bool"
    #: A moment; inside, whole microseconds since 1970 in UTC.
    TIME = "time"
    #: A length of time; inside, whole microseconds.
    DURATION = "duration"
    TEXTS = "list of text"
    INTS = "list of int"
    NUMBERS = "list of number"
    #: A score per key, for ranking; no rule can read it.
    SCORES = "scores"

    __hash__ = object.__hash__  # a type is one object; the hash of its name would be one more call of Python's


#: A value as the engine holds it: times and durations are int microseconds, lists are tuples.
Value = str | int | float | bool | tuple[str, ...] | tuple[int, ...] | tuple[float, ...] | Mapping[str, float]


class Sensitivity(enum.IntEnum):
    """How much harm it does to a customer when knowledge shows."""

    ORDINARY = 0
    SENSITIVE = 1
    INTIMATE = 2


class Source(enum.Enum):
    """Where a value comes from."""

    STATED = "stated"
    OBSERVED = "observed"
    DERIVED = "derived"
    MODELLED = "modelled"
    THIRD_PARTY = "third-party"

    __hash__ = object.__hash__  # as for types


class Precision(enum.Enum):
    """How closely a place is known."""

    #: A town or a region.
    COARSE = "coarse"
    #: A street, a shop, or a shelf in it.
    PRECISE = "precise"


@attrs.frozen
class Attribute:
    """
    One attribute of the profile schema.

    Attributes:
        name: Its name in rules, without `profile.`.
        type: The type of its values.
        topic: What it tells about, or None.
        sensitivity: Its own sensitivity; what it is about and derived from can raise it (see `labels`).
        derived_from: Names of the attributes that it is computed from.
        owner: The department that answers for it.
        readers: The departments whose offers may read it, besides the owner's; empty means all.
        purposes: The purposes that may read it; empty means all.
        source: The source of a value that names none.
        max_age_s: Older values do not exist [s]; None means that it does not age.
        lease_s: So long after it was observed, or the customer last got value for it, its use ends, and that of what
            is derived from it [s]; None means never.
        absent: The value that a customer has who has none on record; None means unknown.
        protect: Guardrails and `unless:` see it even where a purpose may not read it.
        say: The words in which a customer is told of it.
        collected: Where it was collected, if outside the direct relationship: "mail", "broker", "sister_shop"; empty
            means in it.
        location: How closely it tells where the customer is; None means not at all.
        checked_by: The attribute, of the same type and stated by customers, that tells whether it is right; or None.
    """

    name: str
    type: ValueType
    topic: str | None = None
    sensitivity: Sensitivity = Sensitivity.ORDINARY
    derived_from: tuple[str, ...] = ()
    owner: str = ""
    purposes: tuple[str, ...] = ()
    source: Source = Source.OBSERVED
    max_age_s: int | None = None
    absent: Value | None = None
    protect: bool = False
    say: str = ""
    collected: str = ""
    location: Precision | None = None
    readers: tuple[str, ...] = ()
    lease_s: int | None = None
    checked_by: str | None = None

    def may_be_read_by(self, department: str) -> bool:
        """Return whether offers of a department may read it."""
        return not self.readers or (department != "" and department in (self.owner, *self.readers))


@attrs.frozen
class ContextAttribute:
    """
    One attribute of the moment (page, place, weather …), given by the caller of `decide`.

    Attributes:
        name: Its name in rules, without `context.`.
        type: The type of its values.
        absent: The value if the caller gives none; None means unknown.
        location: How closely it tells where the customer is; None means not at all.
    """

    name: str
    type: ValueType
    absent: Value | None = None
    location: Precision | None = None


def check_value(type_: ValueType, value: object) -> Value:
    """
    Return a value as the engine holds it.

    Args:
        type_: The declared type.
        value: What came from outside. Times: an aware datetime, an ISO 8601 text with its offset, or whole
            microseconds since 1970. Durations: a timedelta or whole microseconds.

    Raises:
        ValueRefused: If it does not fit. The message tells the type, never the value.

    >>> check_value(ValueType.NUMBER, 3), check_value(ValueType.TEXTS, ["a"])
    (3.0, ('a',))
    """
    checked = AS_HELD[type_](value)
    if checked is None:
        raise ValueRefused(f"expected {_EXPECTED[type_]}, got {type(value).__name__}")
    return checked


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= TEXT_MAX_CHARS else None


def _int(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if -INT64_MAX - 1 <= value <= INT64_MAX else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return None if math.isnan(number) else number


def _bool(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _time(value: object) -> int | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return None if value.tzinfo is None else (value - _EPOCH) // timedelta(microseconds=1)
    moment_us = _int(value)
    return moment_us if moment_us is not None and _CALENDAR_US[0] <= moment_us <= _CALENDAR_US[1] else None


def _duration(value: object) -> int | None:
    return value // timedelta(microseconds=1) if isinstance(value, timedelta) else _int(value)


def _texts(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list | tuple | set | frozenset) or len(value) > LIST_MAX_ITEMS:
        return None
    items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
    checked = tuple(item for item in items if _text(item) is not None)
    return checked if len(checked) == len(value) else None


def _ints(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, list | tuple) or len(value) > LIST_MAX_ITEMS:
        return None
    checked = tuple(item for item in value if _int(item) is not None)
    return checked if len(checked) == len(value) else None


def _numbers(value: object) -> tuple[float, ...] | None:
    if not isinstance(value, list | tuple) or len(value) > LIST_MAX_ITEMS:
        return None
    checked = tuple(number for item in value if (number := _number(item)) is not None)
    return checked if len(checked) == len(value) else None


def _scores(value: object) -> Mapping[str, float] | None:
    if not isinstance(value, Mapping) or len(value) > SCORES_MAX_ITEMS:
        return None
    checked: dict[str, float] = {}
    for key, item in value.items():
        score = item if type(item) is float else _number(item)
        if score is None or not isinstance(key, str) or not 0.0 <= score < math.inf:
            return None
        checked[key] = score
    return checked


#: By type, what gives a value as the engine holds it, or None if it does not fit: `check_value`, without a reason.
AS_HELD: Final[Mapping[ValueType, Callable[[object], Value | None]]] = {
    ValueType.TEXT: _text,
    ValueType.INT: _int,
    ValueType.NUMBER: _number,
    ValueType.BOOL: _bool,
    ValueType.TIME: _time,
    ValueType.DURATION: _duration,
    ValueType.TEXTS: _texts,
    ValueType.INTS: _ints,
    ValueType.NUMBERS: _numbers,
    ValueType.SCORES: _scores,
}
_EXPECTED: Final = {
    ValueType.TEXT: f"text of at most {TEXT_MAX_CHARS} characters",
    ValueType.INT: "a whole number of 64 bits",
    ValueType.NUMBER: "a number",
    ValueType.BOOL: "true or false",
    ValueType.TIME: "a time with its offset",
    ValueType.DURATION: "a duration",
    ValueType.TEXTS: f"a list of at most {LIST_MAX_ITEMS} texts",
    ValueType.INTS: f"a list of at most {LIST_MAX_ITEMS} whole numbers",
    ValueType.NUMBERS: f"a list of at most {LIST_MAX_ITEMS} numbers",
    ValueType.SCORES: f"at most {SCORES_MAX_ITEMS} keys with a number of 0 or more each",
}
