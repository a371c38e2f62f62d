"""What a policy says of quiet hours: a setting of `overcrowding`, and the limit that it makes."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, ClassVar, Final

import attrs

from tactful import Catalog, Quiet, Scope

from .caps import CUSTOMER, EXEMPT, WEEKDAYS, are_classes, is_zone
from .settings import listed, one_of, texts

_DAY_MIN: Final = 1440
_DAY: Final = timedelta(days=1)


def _is_minute(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _DAY_MIN:
        raise ValueError(f"{field.name} must be a time of the day, not {value!r}")


def _are_days(_: object, field: "attrs.Attribute[Any]", value: Iterable[str]) -> None:
    for day in value:
        if not _is_day(day):
            raise ValueError(f"{field.name} must be days such as 2026-12-24, not {day!r}")


def _is_day(text: str) -> bool:
    try:
        return 1970 <= date.fromisoformat(text).year < 9998  # noqa: PLR2004 - years that every clock has
    except ValueError:
        return False


@attrs.frozen
class QuietSetting:
    """
    The policy's section `quiet_hours`.

    Attributes:
        from_min: From this minute of the day.
        to_min: Before this minute of the day.
        zone: The time zone; `customer` is the customer's own.
        days: On nights that begin on these days.
        channels: On these channels; empty means those on which we write to the customer.
        exempt: Classes of offers that may come all the same.
        dates: All day on these days as well, as in 2026-12-24.
    """

    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = {
        "from_min": "later",
        "to_min": "earlier",
        "days": "less",
        "channels": "narrower",
        "exempt": "more",
        "dates": "less",
    }

    from_min: int = attrs.field(validator=_is_minute)
    to_min: int = attrs.field(validator=_is_minute)
    zone: str = attrs.field(default="", validator=is_zone)
    days: tuple[str, ...] = attrs.field(
        default=WEEKDAYS, converter=texts, validator=attrs.validators.deep_iterable(one_of(WEEKDAYS))
    )
    channels: tuple[str, ...] = attrs.field(default=(), converter=texts)
    exempt: tuple[str, ...] = attrs.field(default=EXEMPT, converter=texts, validator=are_classes)
    dates: tuple[str, ...] = attrs.field(default=(), converter=texts, validator=_are_days)

    def quiet(self, catalog: Catalog) -> Quiet:
        """Return the limit."""
        values = catalog.policy.values
        own = self.zone == CUSTOMER or (not self.zone and values.customer_zone)
        outbound = tuple(channel.name for channel in catalog.policy.channels if channel.outbound)
        return Quiet(
            scope=self.scope(catalog),
            from_min=self.from_min,
            to_min=self.to_min,
            zone="" if own else self.zone or values.zone,
            days=tuple(WEEKDAYS.index(day) for day in self.days),
            channels=self.channels or outbound,
            dates=self._spans(),
        )

    def scope(self, catalog: Catalog) -> Scope:
        """Return the treatments that wait."""
        return catalog.where(lambda entry: entry.offer.offer_class.value not in self.exempt)

    def words(self) -> str:
        """Return when it is quiet, in words."""
        days = "" if self.days == WEEKDAYS else f" from {listed(self.days)}"
        where = f" on {listed(self.channels)}" if self.channels else ""
        spans = [str(first) if first == last else f"{first} to {last}" for first, last in self._spans()]
        dates = f", and all day on {listed(spans)}" if spans else ""
        return f"quiet from {_clock(self.from_min)} to {_clock(self.to_min)}{days}{where}{dates}"

    def _spans(self) -> tuple[tuple[date, date], ...]:
        """Return the days of `dates`, those that follow one another together."""
        spans: list[tuple[date, date]] = []
        for day in sorted({date.fromisoformat(day) for day in self.dates}):
            follows = bool(spans) and spans[-1][1] + _DAY == day
            spans.append((spans.pop()[0] if follows else day, day))
        return tuple(spans)


def quiet_setting(quiet: object) -> QuietSetting | None:
    """Return the quiet hours of a policy, from a setting or plain values; None if there are none."""
    if quiet is None or isinstance(quiet, QuietSetting):
        return quiet
    if not isinstance(quiet, Mapping):
        raise TypeError(f"quiet hours must be settings by name, not {quiet!r}")
    try:
        return QuietSetting(**quiet)
    except (TypeError, ValueError) as error:
        raise ValueError(f"quiet hours: {error.args[0]}") from None


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
