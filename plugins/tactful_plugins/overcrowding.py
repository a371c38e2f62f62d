"""Overcrowding: one ledger over all channels and departments bounds how often a customer hears from us.

It says what is counted and how often it may be; the engine counts.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

import attrs

from tactful import (
    Always,
    Cap,
    Catalog,
    Entry,
    Intent,
    LimitRule,
    OfferClass,
    PluginError,
    Scope,
    Sensitivity,
    hookimpl,
)

DAY_S = 86_400
_positive = attrs.validators.gt(0)


@attrs.frozen
class CapSetting:
    """
    One cap of the policy's section `caps`.

    Attributes:
        count: So many events are allowed.
        within_s: In a window of this length [s].
        of: Counted for each offer, topic (and those above it), tag, owner, channel, or all together.
        event: The event that is counted.
        then: What happens when it is reached.
        suppress_s: Once reached, it stays so for this long after the last event [s].
        topic: Only offers of this topic are limited.
        intent: Only offers of this intent are limited.
        tag: Only offers with this tag are limited.
        exempt: Classes of offers that are not limited.
    """

    count: int = attrs.field(validator=_positive)
    within_s: int = attrs.field(validator=_positive)
    of: Literal["offer", "topic", "tag", "owner", "channel", "all"] = attrs.field(
        default="offer", validator=attrs.validators.in_(("offer", "topic", "tag", "owner", "channel", "all"))
    )
    event: str = "shown"
    then: Literal["suppress", "defer", "downgrade"] = attrs.field(
        default="suppress", validator=attrs.validators.in_(("suppress", "defer", "downgrade"))
    )
    suppress_s: int | None = attrs.field(default=None, validator=attrs.validators.optional(_positive))
    topic: str | None = None
    intent: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.in_([intent.value for intent in Intent]))
    )
    tag: str | None = None
    exempt: tuple[str, ...] = attrs.field(
        default=("mandatory", "transactional"),
        converter=tuple,
        validator=attrs.validators.deep_iterable(attrs.validators.in_([kind.value for kind in OfferClass])),
    )

    def scope(self, catalog: Catalog) -> Scope:
        """Return the treatments that the cap limits."""

        def limits(entry: Entry) -> bool:
            offer = entry.offer
            return (
                offer.offer_class.value not in self.exempt
                and (self.topic is None or self.topic in catalog.topics.above(offer.topic))
                and (self.intent is None or offer.intent.value == self.intent)
                and (self.tag is None or self.tag in offer.tags)
            )

        return catalog.where(limits)


def _settings(caps: Mapping[str, object]) -> Mapping[str, CapSetting]:
    made: dict[str, CapSetting] = {}
    for name, setting in caps.items():
        if isinstance(setting, CapSetting):
            made[name] = setting
        elif isinstance(setting, Mapping):
            made[name] = CapSetting(**setting)
        else:
            raise TypeError(f"cap {name!r}: expected settings, got {type(setting).__name__}")
    return made


@attrs.frozen
class Overcrowding:
    """
    How often a customer hears from us.

    Attributes:
        caps: The caps, by name.
        after_purchase_s: Nothing of an ordinary topic is sold for this long after a purchase of it [s]; 0 is never.
        after_purchase_topics: Only of these topics, with those under them; none named means of all.
        after_complaint_s: Nothing is sold for this long after a complaint or an unsubscription [s]; 0 is never.
    """

    name: ClassVar[str] = "overcrowding"
    tiers: ClassVar[tuple[str, ...]] = ("strategy", "execution")
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "conservative": {"after_purchase_s": 60 * DAY_S, "after_complaint_s": 90 * DAY_S},
        "bold": {"after_purchase_s": 14 * DAY_S, "after_complaint_s": 14 * DAY_S},
    }

    caps: Mapping[str, CapSetting] = attrs.field(factory=dict, converter=_settings)
    after_purchase_s: int = attrs.field(default=30 * DAY_S, validator=attrs.validators.ge(0))
    after_purchase_topics: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    after_complaint_s: int = attrs.field(default=30 * DAY_S, validator=attrs.validators.ge(0))

    def scope(self, catalog: Catalog) -> Scope:
        """Return what any of its caps limits."""
        scope = self._sold(catalog)
        for cap in self.caps.values():
            scope |= cap.scope(catalog)
        return scope

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield each cap, the rest after a purchase, and the quiet after a complaint."""
        for name, cap in self.caps.items():
            limit = Cap(cap.scope(catalog), cap.count, cap.within_s, cap.event, cap.of, cap.then, cap.suppress_s)
            yield Always(limit, f"{cap.count} times {cap.event} within {_length(cap.within_s)} per {cap.of}", id=name)
        if self.after_purchase_s:
            limit = Cap(self._ordinary(catalog), 1, self.after_purchase_s, "purchase", "topic", exact=True)
            yield Always(limit, "bought lately", id="after_purchase")
        if self.after_complaint_s:
            for event in ("complaint", "unsubscribe"):
                limit = Cap(self._sold(catalog), 1, self.after_complaint_s, event, "all")
                yield Always(limit, f"quiet after {event}", id=f"after_{event}")

    def sentence(self) -> str:
        """Return its line in the policy document."""
        caps = [
            f"{cap.event} at most {cap.count} times within {_length(cap.within_s)} per {cap.of}"
            for cap in self.caps.values()
        ]
        rests = []
        if self.after_purchase_s:
            rest = _length(self.after_purchase_s)
            rests.append(f"for {rest} after a purchase nothing of its topic is sold{self._of_topics()}")
        if self.after_complaint_s:
            rests.append(f"for {_length(self.after_complaint_s)} after a complaint nothing is sold")
        return f"All channels and departments together: {'; '.join([*caps, *rests]) or 'no bound'}."

    def _of_topics(self) -> str:
        topics = self.after_purchase_topics
        return f" (of {' and '.join(topics)})" if topics else ""

    @staticmethod
    def _sold(catalog: Catalog) -> Scope:
        exempt = (OfferClass.MANDATORY, OfferClass.TRANSACTIONAL)
        return catalog.where(lambda e: e.offer.intent is Intent.SELL and e.offer.offer_class not in exempt)

    def _ordinary(self, catalog: Catalog) -> Scope:
        # To stop selling a sensitive topic after its purchase would tell of the purchase.
        ordinary = catalog.where(lambda e: catalog.topics.sensitivity(e.offer.topic) is Sensitivity.ORDINARY)
        resting = catalog.all if not self.after_purchase_topics else Scope()
        for topic in self.after_purchase_topics:
            if topic not in catalog.topics:
                raise PluginError(f"after_purchase_topics: there is no topic {topic!r}")
            resting |= catalog.topic(topic)
        return self._sold(catalog) & ordinary & resting


def _length(seconds: int) -> str:
    if seconds % DAY_S == 0:
        days = seconds // DAY_S
        return f"{days} day{'' if days == 1 else 's'}"
    return f"{seconds // 3600} hours" if seconds % 3600 == 0 else f"{seconds} s"


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [Overcrowding]
