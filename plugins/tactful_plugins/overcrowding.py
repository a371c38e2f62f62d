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

from .caps import CapSetting, cap_settings
from .quiet import QuietSetting, quiet_setting
from .settings import DAY_S, length, listed, texts, whole
from .wishes import know_wish

#: What a customer does who is offended, and what is told of it afterwards.
_OFFENCES = {
    "complaint": "You complained not long ago; for a while we sell you nothing.",
    "unsubscribe": "You asked to hear less from us; for a while we sell you nothing.",
    "too_personal": "We were too personal for you; for a while we sell you nothing.",
}
_OWN_RULES = frozenset({"after_purchase", "quiet_hours", *(f"after_{event}" for event in _OFFENCES)})


def _caps(caps: Mapping[str, object]) -> Mapping[str, CapSetting]:
    for name in _OWN_RULES.intersection(caps):
        raise ValueError(f"cap {name!r} has the name of a rule of overcrowding's own")
    return cap_settings(caps)


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
    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = {
        "caps": "less",
        "quiet": "less or none",
        "after_purchase_s": "less",
        "after_purchase_topics": "narrower",
        "after_complaint_s": "less",
    }

    caps: Mapping[str, CapSetting] = attrs.field(factory=dict, converter=_caps)
    quiet: QuietSetting | None = attrs.field(default=None, converter=quiet_setting)
    after_purchase_s: int = attrs.field(default=30 * DAY_S, validator=whole(0))
    after_purchase_topics: tuple[str, ...] = attrs.field(default=(), converter=texts)
    after_complaint_s: int = attrs.field(default=30 * DAY_S, validator=whole(0))

    def scope(self, catalog: Catalog) -> Scope:
        """Return what any of its caps limits."""
        scope = self._sold(catalog) | (Scope() if self.quiet is None else self.quiet.scope(catalog))
        for cap in self.caps.values():
            scope |= cap.scope(catalog) | cap.stand_in(catalog)
        return scope

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield each cap, the quiet hours, the rest after a purchase, and the quiet after an offence."""
        self._know_topics(catalog)
        self._know_others(catalog)
        for name, cap in self.caps.items():
            know_wish(name, cap, catalog)
        for name, cap in self.caps.items():
            say = "Of this you have seen enough from us for now." if cap.per == "customer" else ""
            yield Always(cap.cap(catalog), cap.words(), name, say)
        if self.quiet is not None:
            yield Always(self.quiet.quiet(catalog), self.quiet.words(), "quiet_hours", "It is late: this can wait.")
        if self.after_purchase_s:
            limit = Cap(
                self._resting(catalog), 1, Rolling(self.after_purchase_s), Counted("purchase"), "topic", exact=True
            )
            reason = f"something of its topic was bought within {length(self.after_purchase_s)}"
            yield Always(limit, reason, id="after_purchase", say="What you bought lately we do not sell you again.")
        if self.after_complaint_s:
            for event, say in _OFFENCES.items():
                limit = Cap(self._sold(catalog), 1, Rolling(self.after_complaint_s), Counted(event), "all")
                yield Always(limit, f"quiet for {length(self.after_complaint_s)} after {event}", f"after_{event}", say)

    def sentence(self) -> str:
        """Return its line in the policy document."""
        rules = [cap.words() for cap in self.caps.values()]
        if self.quiet is not None:
            rules.append(self.quiet.words())
        if self.after_purchase_s:
            of = f" (of {listed(self.after_purchase_topics)})" if self.after_purchase_topics else ""
            rules.append(f"nothing of its topic is sold for {length(self.after_purchase_s)} after a purchase{of}")
        if self.after_complaint_s:
            rules.append(f"nothing is sold for {length(self.after_complaint_s)} after a complaint")
        return f"All channels and departments together: {'; '.join(rules) or 'no bound'}."

    def _know_topics(self, catalog: Catalog) -> None:
        """Refuse a topic that is not there: what limits nothing would look like a limit."""
        named = [("after_purchase_topics", topic) for topic in self.after_purchase_topics]
        named += [(f"cap {name!r}", cap.topic) for name, cap in self.caps.items() if cap.topic is not None]
        for where, topic in named:
            if topic not in catalog.topics:
                raise PluginError(f"{where}: there is no topic {topic!r}")

    def _know_others(self, catalog: Catalog) -> None:
        """Refuse a channel or an offer that is not there, and an offer that would have to stand in for two caps."""
        offers, channels = catalog.by_offer(), {channel.name for channel in catalog.policy.channels}
        standing_in: set[str] = set()
        for name, cap in self.caps.items():
            for channel in cap.channels:
                if channel not in channels:
                    raise PluginError(f"cap {name!r}: there is no channel {channel!r}")
            if cap.instead is not None and (cap.instead not in offers or cap.instead in standing_in):
                wrong = "stands in for another cap already" if cap.instead in standing_in else "is no offer"
                raise PluginError(f"cap {name!r}: instead: {cap.instead!r} {wrong}")
            standing_in |= {cap.instead} if cap.instead else set()
        for channel in () if self.quiet is None else self.quiet.channels:
            if channel not in channels:
                raise PluginError(f"quiet hours: there is no channel {channel!r}")

    @staticmethod
    def _sold(catalog: Catalog) -> Scope:
        exempt = (OfferClass.MANDATORY, OfferClass.TRANSACTIONAL)
        return catalog.where(lambda e: e.offer.intent is Intent.SELL and e.offer.offer_class not in exempt)

    def _resting(self, catalog: Catalog) -> Scope:
        # To stop selling a sensitive topic after its purchase would tell of the purchase.
        ordinary = catalog.where(lambda e: catalog.topics.sensitivity(e.offer.topic) is Sensitivity.ORDINARY)
        named = Scope() if self.after_purchase_topics else catalog.all
        for topic in self.after_purchase_topics:
            named |= catalog.topic(topic)
        return self._sold(catalog) & ordinary & named


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [Overcrowding]
