"""Windows and quiet hours, told by the clock on a wall. Nothing is kept: each question is worked out anew."""

from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from ...clock import NEVER_US, SECOND_US, to_datetime, to_us
from ...limits import Calendar, Cap, Quiet
from ...policy import Policy
from ...profile import Snapshot

#: A rolling window that counts for everyone is counted in so many stretches.
STRETCHES = 256
_DAY = timedelta(days=1)


def zone(name: object) -> tzinfo | None:
    """Return a time zone, or None if there is none of that name."""
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else None
    except (KeyError, ValueError, OSError):
        return None


def own_zone(policy: Policy, snapshot: Snapshot | None) -> tzinfo | None:
    """Return a customer's own time zone, or None if it is not known."""
    observed = None if snapshot is None else snapshot.attributes.get(policy.values.customer_zone)
    return None if observed is None else zone(observed.value)


def clock(policy: Policy, cap: Cap, snapshot: Snapshot | None) -> tzinfo | None:
    """Return the time zone by which a cap counts the customer of a profile; None if it is not known."""
    if not isinstance(cap.window, Calendar):
        return None
    if cap.window.zone:
        return zone(cap.window.zone)
    return own_zone(policy, snapshot) if cap.per == "customer" else zone(policy.values.zone)


def counts_until_us(cap: Cap, at_us: int, where: tzinfo | None) -> int:
    """Return until when an event of a moment counts under a cap [us since 1970]."""
    if isinstance(cap.window, Calendar):
        return NEVER_US if where is None else _next_us(cap.window, at_us, where)
    length_us = cap.window.length_s * SECOND_US
    if cap.per != "everyone":
        return at_us + length_us
    stretch_us = max(length_us // STRETCHES, 1)
    return -(-(at_us + length_us) // stretch_us) * stretch_us


def is_quiet(quiet: Quiet, now_us: int, where: tzinfo | None) -> bool:
    """Return whether a moment is in quiet hours: always, where the time zone is not known."""
    if where is None:
        return True
    today = to_datetime(now_us).astimezone(where).date()
    for day in (today - _DAY, today, today + _DAY):
        last = day if quiet.from_min < quiet.to_min else day + _DAY
        start_us, end_us = min(_readings(day, quiet.from_min, where)), max(_readings(last, quiet.to_min, where))
        if day.weekday() in quiet.days and start_us <= now_us < end_us:
            return True
    # Holidays: from the midnight before the first day to that after the last one.
    midnights = ((_readings(first, 0, where), _readings(last + _DAY, 0, where)) for first, last in quiet.dates)
    return any(min(before) <= now_us < max(after) for before, after in midnights)


def _next_us(window: Calendar, at_us: int, where: tzinfo) -> int:
    """Return the midnight at which so many days, weeks or months are over, the one of the moment among them."""
    day = to_datetime(at_us).astimezone(where).date()
    for _ in range(window.times):
        day = _following(window, day)
    return min(_readings(day, 0, where))


def _following(window: Calendar, day: date) -> date:
    day += _DAY
    while window.unit == "week" and day.weekday() != window.week_start:
        day += _DAY
    while window.unit == "month" and day.day != 1:
        day += _DAY
    return day


def _readings(day: date, minute: int, where: tzinfo) -> tuple[int, int]:
    """Return both moments that a local time can mean; they differ where clocks are changed."""
    local = datetime.combine(day, time(minute // 60, minute % 60), where)
    return to_us(local), to_us(local.replace(fold=1))
