"""What a policy says of one cap, and of quiet hours: the settings of `overcrowding`, and the limits that they make."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal
from zoneinfo import ZoneInfo

import attrs

from tactful import Calendar, Cap, Catalog, Counted, Entry, Familiarity, Intent, OfferClass, Rolling, Scope

from .settings import length, listed, one_of, texts, truth, whole, word

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: The customer's own time zone, in a setting.
CUSTOMER: Final = "customer"
_UNITS: Final = ("day", "week", "month")
_DIMENSIONS: Final = ("offer", "topic", "tag", "owner", "channel", "all")
_PER: Final = ("customer", "household", "everyone")
_STEPS: Final = ("generic", "context", "segment")
_REACHED: Final = ("suppress", "defer", "downgrade", "replace")
EXEMPT: Final = (OfferClass.MANDATORY.value, OfferClass.TRANSACTIONAL.value)
_optional, _each = attrs.validators.optional, attrs.validators.deep_iterable
are_classes = _each(one_of(tuple(kind.value for kind in OfferClass)))


def is_zone(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """Take a time zone, the customer's own, or none."""
    if not isinstance(value, str) or (value not in ("", CUSTOMER) and not _exists(value)):
        raise ValueError(f"{field.name} must be a time zone such as Europe/Berlin, or customer, not {value!r}")


def _exists(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _are_weights(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    pairs = value.items() if isinstance(value, Mapping) else [(None, None)]
    if not all(isinstance(event, str) and type(weight) is int and weight for event, weight in pairs):
        raise ValueError(f"{field.name} must be whole numbers other than 0 by event, not {value!r}")


@attrs.frozen
class CapSetting:
    """
    One cap of the policy's section `caps`.

    Attributes:
        count: So many events are allowed.
        within_s: In a rolling window of this length [s]; this or `unit`.
        unit: In the present day, week or month of the calendar.
        times: With so many units, the present one among them.
        zone: The time zone of the calendar; `customer` is the customer's own.
        week_start: The day on which a week begins.
        of: Counted for each offer, topic (and those above it), tag, owner, channel, or all together.
        per: Counted for each customer, each household, or everyone together.
        event: The event that is counted.
        weights: Further events that are counted, each as so many.
        channels: Only what is on these channels is counted and limited.
        then: What happens when it is reached.
        down_to: With `downgrade`, what is still allowed.
        instead: With `replace`, the offer that comes in.
        suppress_s: Once reached, it stays so for this long after the last event [s].
        topic: Only offers of this topic are counted and limited.
        intent: Only offers of this intent are counted and limited.
        tag: Only offers with this tag are counted and limited.
        owner: Only offers of this owner are counted and limited.
        exempt: Classes of offers that are neither limited nor counted.
        count_exempt: Whether offers of these classes are counted all the same.
        strict: Whether all edges together keep within it, reserving room at the centre before they act.
        wish: The attribute, a whole number, with how many a customer wants at most; it counts where it is fewer.
    """

    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = {
        "count": "more",
        "within_s": "less",
        "times": "less",
        "weights": "less of each",
        "channels": "narrower",
        "down_to": _STEPS,
        "suppress_s": "less or none",
        "topic": "narrower",
        "intent": "narrower",
        "tag": "narrower",
        "owner": "narrower",
        "exempt": "more",
        "count_exempt": "less",
        "strict": "less",
        "wish": "less or none",
    }

    count: int = attrs.field(validator=whole(1))
    within_s: int | None = attrs.field(default=None, validator=_optional(whole(1)))
    unit: Literal["day", "week", "month"] | None = attrs.field(default=None, validator=_optional(one_of(_UNITS)))
    times: int = attrs.field(default=1, validator=whole(1))
    zone: str = attrs.field(default="", validator=is_zone)
    week_start: str = attrs.field(default="monday", validator=one_of(WEEKDAYS))
    of: Literal["offer", "topic", "tag", "owner", "channel", "all"] = attrs.field(
        default="offer", validator=one_of(_DIMENSIONS)
    )
    per: Literal["customer", "household", "everyone"] = attrs.field(default="customer", validator=one_of(_PER))
    event: str = attrs.field(default="shown", validator=attrs.validators.matches_re(r"[\w.\-]{1,100}"))
    weights: Mapping[str, int] = attrs.field(factory=dict, validator=_are_weights)
    channels: tuple[str, ...] = attrs.field(default=(), converter=texts)
    then: Literal["suppress", "defer", "downgrade", "replace"] = attrs.field(
        default="suppress", validator=one_of(_REACHED)
    )
    down_to: str = attrs.field(default="context", validator=one_of(_STEPS))
    instead: str | None = None
    suppress_s: int | None = attrs.field(default=None, validator=_optional(whole(1)))
    topic: str | None = None
    intent: str | None = attrs.field(
        default=None, validator=_optional(one_of(tuple(intent.value for intent in Intent)))
    )
    tag: str | None = None
    owner: str | None = None
    exempt: tuple[str, ...] = attrs.field(default=EXEMPT, converter=texts, validator=are_classes)
    count_exempt: bool = attrs.field(default=False, validator=truth())
    strict: bool = attrs.field(default=False, validator=truth())
    wish: str | None = attrs.field(default=None, validator=_optional(word()))

    def __attrs_post_init__(self) -> None:
        if (self.within_s is None) == (self.unit is None):
            raise ValueError("a cap counts within a length of time or a unit of the calendar, and not both")
        if self.per == "everyone" and self.suppress_s is not None:
            raise ValueError("a cap for everyone together takes no `suppress`")
        if self.weights and self.suppress_s is not None:
            raise ValueError("a cap with `weights` takes no `suppress`")
        if {self.event, "shown"}.intersection(self.weights):
            raise ValueError("what is shown, and the cap's own event, weigh 1")
        if (self.then == "replace") != (self.instead is not None):
            raise ValueError("`then: replace` and `instead:` go together")
        if self.strict and (self.event != "shown" or self.instead is not None or self.count_exempt):
            raise ValueError("a strict cap counts what is shown, and takes no `instead` and no `count_exempt`")
        if self.wish is not None and (self.per != "customer" or self.strict or self.instead is not None):
            raise ValueError("a cap with a `wish` is per customer, and takes no `strict` and no `instead`")

    def cap(self, catalog: Catalog) -> Cap:
        """Return the limit."""
        return Cap(
            scope=self.scope(catalog),
            count=self.count,
            window=self._window(catalog),
            counted=self._counted(),
            of=self.of,
            per=self.per,
            channels=self.channels,
            then=self.then,
            to=Familiarity[self.down_to.upper()],
            instead=self.stand_in(catalog),
            suppress_s=self.suppress_s,
            strict=self.strict,
            wish=self.wish or "",
        )

    def scope(self, catalog: Catalog) -> Scope:
        """Return the treatments that the cap limits."""

        def limits(entry: Entry) -> bool:
            offer = entry.offer
            return (
                offer.offer_class.value not in self.exempt
                and offer.id != self.instead
                and (self.topic is None or self.topic in catalog.topics.above(offer.topic))
                and (self.intent is None or offer.intent.value == self.intent)
                and (self.tag is None or self.tag in offer.tags)
                and (self.owner is None or offer.owner == self.owner)
            )

        return catalog.where(limits)

    def stand_in(self, catalog: Catalog) -> Scope:
        """Return the treatments of the offer that comes in when the cap is reached."""
        return Scope() if self.instead is None else catalog.by_offer().get(self.instead, Scope())

    def words(self) -> str:
        """Return what it allows, in words."""
        window = length(self.within_s) if self.within_s is not None else self._calendar_words()
        what = [word for word in (self.intent and f"to {self.intent}", self.topic and f"about {self.topic}") if word]
        what += [f"tagged {self.tag}"] if self.tag else []
        what += [f"of {self.owner}"] if self.owner else []
        what += [f"on {listed(self.channels)}"] if self.channels else []
        subject = "" if self.per == "customer" else f" for {'a household' if self.per == 'household' else 'everyone'}"
        of = "in all" if self.of == "all" else f"per {self.of}"
        wish = "" if self.wish is None else ", or as few as a customer asks for,"
        then = {"suppress": "", "defer": ", then later", "downgrade": f", then up to {self.down_to}"}.get(
            self.then, f", then {self.instead} instead"
        )
        weighed = "".join(f", {event} as {weight:+d}" for event, weight in self.weights.items())
        return (
            " ".join([f"{self.event}{weighed} at most {self.count} times{wish} within {window} {of}{subject}", *what])
            + then
        )

    def _window(self, catalog: Catalog) -> Rolling | Calendar:
        if self.within_s is not None:
            return Rolling(self.within_s)
        values = catalog.policy.values
        own = self.zone == CUSTOMER or (not self.zone and values.customer_zone and self.per == "customer")
        zone = "" if own else self.zone or values.zone
        return Calendar(self.unit or "day", self.times, zone, WEEKDAYS.index(self.week_start))

    def _calendar_words(self) -> str:
        return f"a {self.unit}" if self.times == 1 else f"{self.times} {self.unit}s"

    def _counted(self) -> Counted:
        return Counted(
            event=self.event,
            intents=() if self.intent is None else (self.intent,),
            topics=() if self.topic is None else (self.topic,),
            tags=() if self.tag is None else (self.tag,),
            owners=() if self.owner is None else (self.owner,),
            exempt=() if self.count_exempt else self.exempt,
            weights=tuple(self.weights.items()),
        )


def cap_settings(caps: Mapping[str, object]) -> Mapping[str, CapSetting]:
    """
    Return the caps of a policy, from settings or plain values.

    Raises:
        TypeError: If a cap is neither.
        ValueError: If it has a setting that there is not, or one that does not fit.
    """
    made: dict[str, CapSetting] = {}
    for name, setting in caps.items():
        if not isinstance(setting, CapSetting | Mapping):
            raise TypeError(f"cap {name!r} must be settings by name, not {setting!r}")
        try:
            made[name] = setting if isinstance(setting, CapSetting) else CapSetting(**setting)
        except (TypeError, ValueError) as error:
            raise ValueError(f"cap {name!r}: {error.args[0]}") from None
    return made
