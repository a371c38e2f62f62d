"""Overcrowding: one ledger over all channels and departments bounds how often a customer hears from us.

It says what is counted and how often it may be; the engine counts.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from tactful import (
    Always,
    Cap,
    Catalog,
    Counted,
    Intent,
    LimitRule,
    OfferClass,
    PluginError,
    Rolling,
    Scope,
    Sensitivity,
    hookimpl,
)

from .caps import DAY_S, CapSetting, QuietSetting, cap_settings, length, quiet_setting


@attrs.frozen
class Overcrowding:
    """
    How often a customer hears from us.

    Attributes:
        caps: The caps, by name.
        quiet: The hours in which nobody is written to; None for no such hours.
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

    caps: Mapping[str, CapSetting] = attrs.field(factory=dict, converter=cap_settings)
    quiet: QuietSetting | None = attrs.field(default=None, converter=quiet_setting)
    after_purchase_s: int = attrs.field(default=30 * DAY_S, validator=attrs.validators.ge(0))
    after_purchase_topics: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    after_complaint_s: int = attrs.field(default=30 * DAY_S, validator=attrs.validators.ge(0))

    def scope(self, catalog: Catalog) -> Scope:
        """Return what any of its caps limits."""
        scope = self._sold(catalog) | (Scope() if self.quiet is None else self.quiet.scope(catalog))
        for cap in self.caps.values():
            scope |= cap.scope(catalog) | cap.stand_in(catalog)
        return scope

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield each cap, the quiet hours, the rest after a purchase, and the quiet after a complaint."""
        self._check(catalog)
        for name, cap in self.caps.items():
            yield Always(cap.cap(catalog), cap.words(), id=name)
        if self.quiet is not None:
            yield Always(self.quiet.quiet(catalog), self.quiet.words(), id="quiet_hours")
        if self.after_purchase_s:
            limit = Cap(
                self._ordinary(catalog), 1, Rolling(self.after_purchase_s), Counted("purchase"), "topic", exact=True
            )
            yield Always(limit, "bought lately", id="after_purchase")
        if self.after_complaint_s:
            for event in ("complaint", "unsubscribe"):
                limit = Cap(self._sold(catalog), 1, Rolling(self.after_complaint_s), Counted(event), "all")
                yield Always(limit, f"quiet after {event}", id=f"after_{event}")

    def sentence(self) -> str:
        """Return its line in the policy document."""
        rules = [cap.words() for cap in self.caps.values()]
        if self.quiet is not None:
            rules.append(self.quiet.words())
        if self.after_purchase_s:
            rest = length(self.after_purchase_s)
            rules.append(f"for {rest} after a purchase nothing of its topic is sold{self._of_topics()}")
        if self.after_complaint_s:
            rules.append(f"for {length(self.after_complaint_s)} after a complaint nothing is sold")
        return f"All channels and departments together: {'; '.join(rules) or 'no bound'}."

    def _check(self, catalog: Catalog) -> None:
        """Refuse a cap that names what is not there, and an offer that would have to stand in for two caps."""
        offers, channels = catalog.by_offer(), {channel.name for channel in catalog.policy.channels}
        standing_in: set[str] = set()
        for name, cap in self.caps.items():
            if cap.topic is not None and cap.topic not in catalog.topics:
                raise PluginError(f"cap {name!r}: there is no topic {cap.topic!r}")
            for channel in cap.channels:
                if channel not in channels:
                    raise PluginError(f"cap {name!r}: there is no channel {channel!r}")
            if cap.instead is not None and (cap.instead not in offers or cap.instead in standing_in):
                wrong = "stands in for another cap already" if cap.instead in standing_in else "is no offer"
                raise PluginError(f"cap {name!r}: instead: {cap.instead!r} {wrong}")
            standing_in |= {cap.instead} if cap.instead else set()

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


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [Overcrowding]
