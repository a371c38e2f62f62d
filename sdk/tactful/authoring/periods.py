"""Moments and periods as people write them: days and times in a zone, as microseconds in UTC."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ..clock import to_us
from ..names import hint_for
from .format_types import TEXT, Type, kind
from .records import Key, Record
from .source import Keys, Log, Node, Place, Scalar

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ZONED: Final = re.compile(r"(.*) \[(.*)\]", re.DOTALL)
_LATEST_US: Final = to_us(datetime(9999, 1, 1, tzinfo=UTC))
_EXPECTED: Final = "expected two days, as in 2026-12-01 to 2026-12-08"
#: From the first moment on, and until this moment [us since 1970].
Period = tuple[int, int]


class MomentError(ValueError):
    """A text says no moment; `hint` says how to write one."""

    def __init__(self, message: str, hint: str = "write 2026-12-01 or 2026-12-01 09:00") -> None:
        super().__init__(message)
        self.hint = hint


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo | None:
    """Return a time zone, or None if there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _read_zone(node: Node, log: Log) -> ZoneInfo | None:
    name = TEXT.read(node, log)
    return None if name is None else _zone(name, node.place, log)


def _zone(name: str, place: Place, log: Log) -> ZoneInfo | None:
    zone = zone_of(name)
    if zone is None:
        hint = hint_for(name, sorted(available_timezones())) or "write it as in Europe/Berlin"
        log.add(place, "zone", f"there is no time zone {name[:40]!r}", hint)
    return zone


ZONE = Type("a time zone such as Europe/Berlin", _read_zone)
RUN: Final = Record(
    "period",
    {
        "from": Key(TEXT, "the first day, or the day and time at which it begins", required=True),
        "to": Key(TEXT, "the last day (inclusive), or the day and time at which it ends", required=True),
        "zone": Key(ZONE, "the time zone of both", default="that of `values`"),
    },
)


def read_period(node: Node, zone: ZoneInfo, log: Log) -> Period | None:
    """Return a period; a day as its end is inclusive. None after noting what is wrong."""
    if isinstance(node, Keys):
        found = RUN.read(node, log)
        if not RUN.complete(found):
            return None
        first, last, zone = found["from"], found["to"], found.get("zone", zone)
    elif isinstance(node, Scalar) and " to " in node.text:
        first, _, last = node.text.partition(" to ")
    else:
        log.add(node.place, "period", f"{_EXPECTED}, found {kind(node)}")
        return None
    try:
        start, end = moment(first.strip(), zone), moment(last.strip(), zone, end=True)
    except MomentError as error:
        log.add(node.place, "period", str(error), error.hint)
        return None
    if end <= start:
        log.add(node.place, "period", "the period ends before it begins")
        return None
    return start, end


def moment(text: str, zone: ZoneInfo, *, end: bool = False) -> int:
    """
    Return a moment that is written as a day or as a day and a time [us since 1970].

    Args:
        text: A day stands for its first moment; as an end, for the first moment of the day after. A time that the
            clock shows twice stands for the first; as an end, for the second. One with an offset is unique.
        zone: The time zone of what has no offset.
        end: Whether something ends then.

    Raises:
        MomentError: If it cannot be read, or the clock skips it.
    """
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
            found = datetime(day.year, day.month, day.day, tzinfo=zone)
        else:
            found = _time(datetime.fromisoformat(text), zone, end=end)
        moment_us = to_us(found)
    except MomentError:
        raise
    except OverflowError:
        moment_us = -1
    except ValueError:
        raise MomentError(f"{text[:40]!r} is no day or time") from None
    if not 0 <= moment_us < _LATEST_US:
        raise MomentError(f"{text!r} is not between the years 1970 and 9998")
    return moment_us


def _time(found: datetime, zone: ZoneInfo, *, end: bool) -> datetime:
    """Return a time in its zone, or else in this one."""
    if found.tzinfo is not None:
        return found
    local = found.replace(tzinfo=zone, fold=1 if end else 0)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != found:
        hint = "write a time before or after, or one with its offset, such as 2026-03-29 03:30+02:00"
        raise MomentError(f"the clocks of {zone.key} skip {found:%Y-%m-%d %H:%M}", hint)
    return local


def _read_moment(node: Node, log: Log) -> int | None:
    text = TEXT.read(node, log)
    if text is None:
        return None
    match = _ZONED.fullmatch(text)
    written, name = (match[1], match[2]) if match else (text, "UTC")
    zone = _zone(name, node.place, log)
    try:
        return None if zone is None else moment(written, zone)
    except MomentError as error:
        log.add(node.place, "period", str(error), error.hint)
        return None


MOMENT = Type("a moment such as 2026-12-02 10:00, or 2026-12-02 10:00 [Europe/Berlin]", _read_moment)
