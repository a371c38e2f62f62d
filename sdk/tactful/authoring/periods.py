"""Periods of offers: days and times in a zone, as microseconds in UTC."""

import re
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..clock import to_us
from .format_types import TEXT, Key, Record, nearest
from .source import Keys, Log, Node, Scalar

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
#: From the first moment on, and until this moment [us since 1970].
Period = tuple[int, int]
RUN = Record(
    "run",
    {
        "from": Key(TEXT, "the first day, or day and time", required=True),
        "to": Key(TEXT, "the last day (inclusive), or the day and time at which it ends", required=True),
        "zone": Key(TEXT, "the time zone, such as Europe/Berlin; the policy's own if it is left out"),
    },
)


@cache
def zone_of(name: str) -> ZoneInfo | None:
    """Return a time zone, or None if there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def read_period(node: Node, zone: str, log: Log) -> Period | None:
    """Return a period; a day as its end is inclusive."""
    if isinstance(node, Scalar):
        first, separator, last = node.text.partition(" to ")
        if not separator:
            log.add(node.place, "period", "expected two days, as in 2026-12-01 to 2026-12-08")
            return None
    elif isinstance(node, Keys):
        values = RUN.read(node, log)
        first, last, zone = values.get("from", ""), values.get("to", ""), values.get("zone", zone)
    else:
        log.add(node.place, "period", "expected two days, as in 2026-12-01 to 2026-12-08")
        return None
    where = zone_of(zone)
    if where is None:
        log.add(node.place, "zone", f"there is no time zone {zone!r}", nearest(zone, ("UTC", "Europe/Berlin")))
        return None
    start, end = moment(first.strip(), where), moment(last.strip(), where, inclusive=True)
    if start is None or end is None:
        wrong = first if start is None else last
        log.add(node.place, "period", f"{wrong.strip()!r} is no day or time", "write 2026-12-01 or 2026-12-01 09:00")
        return None
    if end <= start:
        log.add(node.place, "period", "the period ends before it begins")
        return None
    return start, end


def moment(text: str, zone: ZoneInfo, *, inclusive: bool = False) -> int | None:
    """Return a day's (or, if inclusive, the next day's) first moment, or a time's, in a zone [us since 1970]."""
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text) + timedelta(days=1 if inclusive else 0)
            return to_us(datetime(day.year, day.month, day.day, tzinfo=zone))
        found = datetime.fromisoformat(text)
        return to_us(found if found.tzinfo else found.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return None
