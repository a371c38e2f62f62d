"""Windows and quiet hours on the clock: when an event leaves a window, and when it is quiet. It counts nothing.

Local days begin and end where the time zone says, across changes to and from daylight-saving time.
"""

from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from ..clock import NEVER_US, SECOND_US, to_datetime, to_us
from ..limits import Calendar, Quiet, Window

_DAY = timedelta(days=1)


@lru_cache(512)
def zone_of(name: object) -> tzinfo | None:
    """Return a time zone by its name, or None if there is none."""
    if not isinstance(name, str) or not name:
        return None
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - few policies name a zone, and it takes time to load

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such zone, no name of a zone, a folder of zones
        return None


def leaves_us(window: Window, at_us: int, zone: tzinfo | None) -> int:
    """
    Return when an event no longer counts [us since 1970]; never, where the calendar's zone is not known.

    >>> from tactful.limits import Rolling
    >>> leaves_us(Rolling(60), 0, None), leaves_us(Calendar("day", zone="UTC"), 5, zone_of("UTC"))
    (60000000, 86400000000)
    """
    if not isinstance(window, Calendar):
        return at_us + window.length_s * SECOND_US
    if zone is None:
        return NEVER_US
    try:
        return _midnight_us(_following(window, to_datetime(at_us).astimezone(zone).date()), zone)
    except (OverflowError, ValueError):  # beyond the calendar
        return NEVER_US


def length_us(window: Window) -> int:
    """Return how far back a window reaches at most [us]."""
    if isinstance(window, Calendar):
        days = {"day": 1, "week": 7, "month": 31}[window.unit] * window.times + 1  # and an hour more in autumn
        return days * 86_400 * SECOND_US
    return window.length_s * SECOND_US


def quiet_at(quiet: Quiet, now_us: int, zone: tzinfo | None) -> tuple[bool, int]:
    """Return whether it is quiet, and until when that holds [us since 1970]; always, where the zone is not known."""
    if zone is None:
        return True, NEVER_US
    today = to_datetime(now_us).astimezone(zone).date()
    days = [today + n * _DAY for n in range(-1, 9)]
    nights = [_span(quiet, day, zone) for day in days if day.weekday() in quiet.days]
    spans = sorted(nights + [_whole_days(first, last, zone) for first, last in quiet.dates])
    until_us = NEVER_US
    for start_us, end_us in spans:
        if start_us <= now_us < end_us:
            return True, _joined(spans, end_us)
        if now_us < start_us < end_us:
            until_us = min(until_us, start_us)
    return False, until_us


def _joined(spans: list[tuple[int, int]], end_us: int) -> int:
    """Return the end of a quiet span with those that follow it without a pause."""
    for start_us, later_us in spans:
        if start_us <= end_us < later_us:
            end_us = later_us
    return end_us


def _span(quiet: Quiet, day: date, zone: tzinfo) -> tuple[int, int]:
    """Return the quiet time that begins on a day; where clocks skip or repeat a time, the longer one."""
    last = day if quiet.from_min < quiet.to_min else day + _DAY
    return min(_local_us(day, quiet.from_min, zone)), max(_local_us(last, quiet.to_min, zone))


def _whole_days(first: date, last: date, zone: tzinfo) -> tuple[int, int]:
    """Return the time from the midnight before a day to that after another; the longer one, as for a night."""
    return min(_local_us(first, 0, zone)), max(_local_us(last + _DAY, 0, zone))


def _local_us(day: date, minute: int, zone: tzinfo) -> tuple[int, int]:
    """Return both readings of a local time [us since 1970]; they differ where clocks skip or repeat it."""
    local = datetime.combine(day, time(minute // 60, minute % 60), zone)
    return to_us(local), to_us(local.replace(fold=1))


def _midnight_us(day: date, zone: tzinfo) -> int:
    return min(_local_us(day, 0, zone))


def _following(window: Calendar, day: date) -> date:
    """Return the first day on which an event of a day no longer counts."""
    if window.unit == "day":
        return day + window.times * _DAY
    if window.unit == "week":
        return day + (7 * window.times - (day.weekday() - window.week_start) % 7) * _DAY
    months = day.year * 12 + day.month - 1 + window.times
    return date(months // 12, months % 12 + 1, 1)
