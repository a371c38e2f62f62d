"""The sections `caps` and `quiet_hours` as tables, and what of them the guardrail takes as settings."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from enum import Enum
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

from ..familiarity import Familiarity
from ..limits import Dimension, Per, Reached
from ..offers import Intent, OfferClass
from .format_types import BOOL, COUNT, DURATION, ID, Type, choice, duration_s, many, name_of, one_of, scalar, whole
from .periods import ZONE
from .records import Key, Record, mapping
from .source import Log, Node, Scalar

_CALENDAR: Final = re.compile(r"(?:(\d{1,3}) )?(day|week|month)s?", re.ASCII)
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CUSTOMER: Final = "customer"
_DATES: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?: to (\d{4}-\d\d-\d\d))?", re.ASCII)
_DATES_MAX: Final = 366


def _window(text: str) -> Mapping[str, object] | None:
    calendar = _CALENDAR.fullmatch(text)
    if calendar is not None and calendar[1] != "0":
        return {"unit": calendar[2], "times": int(calendar[1] or 1)}
    seconds = duration_s(text)
    return None if seconds is None else {"within_s": seconds}


def _minute(text: str) -> int | None:
    clock = _CLOCK.fullmatch(text)
    return None if clock is None else int(clock[1]) * 60 + int(clock[2])


def _days(text: str) -> tuple[str, ...] | None:
    """Return each day from one to another."""
    dates = _DATES.fullmatch(text)
    if dates is None:
        return None
    try:
        first, last = date.fromisoformat(dates[1]), date.fromisoformat(dates[2] or dates[1])
    except ValueError:  # such as the 30th of February
        return None
    count = (last - first).days + 1
    return tuple(str(first + timedelta(days=n)) for n in range(count)) if 1 <= count <= _DATES_MAX else None


def _zone(node: Node, log: Log) -> str | None:
    if isinstance(node, Scalar) and node.text == _CUSTOMER:
        return _CUSTOMER
    found: ZoneInfo | None = ZONE.read(node, log)
    return None if found is None else found.key


WINDOW: Final = scalar("a length such as 7d, or day, week, month, 2 weeks", _window)
TIME_OF_DAY: Final = scalar("a time of the day such as 21:30", _minute)
WHOSE_ZONE: Final[Type[str]] = Type("a time zone such as Europe/Berlin, or customer", _zone)
WEEKDAY: Final = one_of({day: day for day in _WEEKDAYS}, "day of the week")
DATES: Final = scalar("a day such as 2026-12-24, or up to a year such as 2026-12-24 to 2026-12-26", _days)
WEIGHT: Final = scalar("a whole number such as 4 or -2", whole)
_CLASSES: Final = many(choice(OfferClass, "class"))
_OWN_ZONE: Final = "the customer's, where `values` names its attribute; else that of `values`"


def _words(of: object) -> Mapping[str, str]:
    return {word: word for word in get_args(of)}


CAP: Final = Record(
    "cap",
    {
        "count": Key(COUNT, "so many events are allowed", required=True),
        "within": Key(
            WINDOW, "in a rolling window of this length; or in the calendar's day, week or month so far", required=True
        ),
        "zone": Key(WHOSE_ZONE, "the time zone of the calendar", default=_OWN_ZONE),
        "week_start": Key(WEEKDAY, "the day on which a week begins", default="`monday`"),
        "per": Key(
            one_of(_words(Per), "scope of a cap"),
            "whose events are counted together",
            default="`customer`",
        ),
        "of": Key(
            one_of(_words(Dimension), "dimension"),
            "for each of what they are counted; `all` counts them together",
            default="`offer`",
        ),
        "event": Key(ID, "the event that is counted, such as shown, click or purchase", default="`shown`"),
        "weights": Key(
            mapping(WEIGHT, "weights"),
            "further events that are counted, each as so many; less than nothing speaks against the cap",
            default="none",
        ),
        "channels": Key(many(name_of("channel")), "it counts and limits on these alone, all together", default="all"),
        "then": Key(
            one_of(_words(Reached), "consequence"),
            "what happens when it is reached: nothing is shown, nothing until it may be, only what needs no knowledge, "
            "or something else",
            default="`suppress`",
        ),
        "down_to": Key(
            one_of(
                {step.name.lower(): step.name.lower() for step in Familiarity if step < Familiarity.PERSONAL}, "step"
            ),
            "with `downgrade`, what is still allowed",
            default="`context`",
        ),
        "instead": Key(name_of("offer"), "with `replace`, the offer that comes in", default="none"),
        "suppress": Key(
            DURATION,
            "once reached, it stays so for this long after the last event",
            default="until the window has room",
        ),
        "topic": Key(name_of("topic"), "only offers of this topic are counted and limited", default="all"),
        "intent": Key(choice(Intent, "intent"), "only offers of this intent are counted and limited", default="all"),
        "tag": Key(ID, "only offers with this tag are counted and limited", default="all"),
        "owner": Key(ID, "only offers of this owner are counted and limited", default="all"),
        "exempt": Key(
            _CLASSES, "classes of offers that are neither limited nor counted", default="`[mandatory, transactional]`"
        ),
        "count_exempt": Key(BOOL, "whether offers of these classes are counted all the same", default="`false`"),
        "strict": Key(
            BOOL,
            "whether all edges together keep within it: room is reserved at the centre before it is used",
            default="`false`",
        ),
        "wish": Key(
            name_of("attribute"),
            "the attribute, an int, with how many a customer wants at most; it counts where it is fewer than `count`",
            default="none",
        ),
    },
)
QUIET_HOURS: Final = Record(
    "quiet hours",
    {
        "from": Key(TIME_OF_DAY, "nobody is written to from this time on", required=True),
        "to": Key(TIME_OF_DAY, "before this time; one that is not later is on the next day", required=True),
        "zone": Key(WHOSE_ZONE, "the time zone", default=_OWN_ZONE),
        "days": Key(many(WEEKDAY), "on nights that begin on these days", default="all"),
        "channels": Key(many(name_of("channel")), "on these channels", default="those on which we write"),
        "exempt": Key(_CLASSES, "classes of offers that may come all the same", default="`[mandatory, transactional]`"),
        "dates": Key(many(DATES), "all day on these days as well", default="none"),
    },
)
_FIELDS: Final = {"suppress": "suppress_s", "from": "from_min", "to": "to_min"}


def settings_of_record(found: Mapping[str, Any]) -> dict[str, object]:
    """Return the settings that the guardrail takes, of what stands in a table, as a bundle carries them."""
    window = found.get("within", {})
    others = {_FIELDS.get(key, key): _plain(value) for key, value in found.items() if key not in ("within", "dates")}
    dates = {"dates": [day for days in found["dates"] for day in days]} if "dates" in found else {}
    return {**window, **others, **dates}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
