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

<<<<<<< HEAD
from .caps import DAY_S, CapSetting, QuietSetting, cap_settings, length, quiet_setting
=======
from .settings import DAY_S, length, listed, one_of, texts, whole

#: What a customer does who is offended, and what is told of it afterwards.
_OFFENCES = {
    "complaint": "You complained not long ago; for a while we sell you nothing.",
    "unsubscribe": "You asked to hear less from us; for a while we sell you nothing.",
    "too_personal": "We were too personal for you; for a while we sell you nothing.",
}
_OWN_RULES = frozenset({"after_purchase", *(f"after_{event}" for event in _OFFENCES)})
_DIMENSIONS = ("offer", "topic", "tag", "owner", "channel", "all")
_REACHED = ("suppress", "defer", "downgrade")
_CLASSES = tuple(kind.value for kind in OfferClass)
_INTENTS = tuple(intent.value for intent in Intent)


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

    count: int = attrs.field(validator=whole(1))
    within_s: int = attrs.field(validator=whole(1))
    of: Literal["offer", "topic", "tag", "owner", "channel", "all"] = attrs.field(
        default="offer", validator=one_of(_DIMENSIONS)
    )
    event: str = attrs.field(default="shown", validator=attrs.validators.matches_re(r"[\w.\-]{1,100}"))
    then: Literal["suppress", "defer", "downgrade"] = attrs.field(default="suppress", validator=one_of(_REACHED))
    suppress_s: int | None = attrs.field(default=None, validator=attrs.validators.optional(whole(1)))
    topic: str | None = None
    intent: str | None = attrs.field(default=None, validator=attrs.validators.optional(one_of(_INTENTS)))
    tag: str | None = None
    exempt: tuple[str, ...] = attrs.field(
        default=("mandatory", "transactional"),
        converter=texts,
        validator=attrs.validators.deep_iterable(one_of(_CLASSES)),
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
        if name in _OWN_RULES:
            raise ValueError(f"cap {name!r} has the name of a rule of overcrowding's own")
        if not isinstance(setting, CapSetting | Mapping):
            raise TypeError(f"cap {name!r} must be settings by name, not {setting!r}")
        try:
            made[name] = setting if isinstance(setting, CapSetting) else CapSetting(**setting)
        except (TypeError, ValueError) as error:
            raise ValueError(f"cap {name!r}: {error.args[0]}") from None
    return made
>>>>>>> main


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

<<<<<<< HEAD
    caps: Mapping[str, CapSetting] = attrs.field(factory=dict, converter=cap_settings)
    quiet: QuietSetting | None = attrs.field(default=None, converter=quiet_setting)
    after_purchase_s: int = attrs.field(default=30 * DAY_S, validator=attrs.validators.ge(0))
    after_purchase_topics: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    after_complaint_s: int = attrs.field(default=30 * DAY_S, validator=attrs.validators.ge(0))
=======
    caps: Mapping[str, CapSetting] = attrs.field(factory=dict, converter=_settings)
    after_purchase_s: int = attrs.field(default=30 * DAY_S, validator=whole(0))
    after_purchase_topics: tuple[str, ...] = attrs.field(default=(), converter=texts)
    after_complaint_s: int = attrs.field(default=30 * DAY_S, validator=whole(0))
>>>>>>> main

    def scope(self, catalog: Catalog) -> Scope:
        """Return what any of its caps limits."""
        scope = self._sold(catalog) | (Scope() if self.quiet is None else self.quiet.scope(catalog))
        for cap in self.caps.values():
            scope |= cap.scope(catalog) | cap.stand_in(catalog)
        return scope

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
<<<<<<< HEAD
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
=======
        """Yield each cap, the rest after a purchase, and the quiet after an offence."""
        self._know_topics(catalog)
        for name, cap in self.caps.items():
            limit = Cap(cap.scope(catalog), cap.count, cap.within_s, cap.event, cap.of, cap.then, cap.suppress_s)
            reason = f"{cap.count} times {cap.event} within {length(cap.within_s)} per {cap.of}"
            yield Always(limit, reason, id=name, say="Of this you have seen enough from us for now.")
        if self.after_purchase_s:
            limit = Cap(self._resting(catalog), 1, self.after_purchase_s, "purchase", "topic", exact=True)
            reason = f"something of its topic was bought within {length(self.after_purchase_s)}"
            yield Always(limit, reason, id="after_purchase", say="What you bought lately we do not sell you again.")
        if self.after_complaint_s:
            for event, say in _OFFENCES.items():
                limit = Cap(self._sold(catalog), 1, self.after_complaint_s, event, "all")
                yield Always(limit, f"quiet for {length(self.after_complaint_s)} after {event}", f"after_{event}", say)

    def sentence(self) -> str:
        """Return its line in the policy document."""
        caps = self.caps.values()
        rules = [f"{cap.event} at most {cap.count} times within {length(cap.within_s)} {_per(cap)}" for cap in caps]
        if self.after_purchase_s:
            of = f" (of {listed(self.after_purchase_topics)})" if self.after_purchase_topics else ""
            rules.append(f"nothing of its topic is sold for {length(self.after_purchase_s)} after a purchase{of}")
        if self.after_complaint_s:
            rules.append(f"nothing is sold for {length(self.after_complaint_s)} after a complaint")
        return f"All channels and departments together: {'; '.join(rules) or 'no bound'}."
>>>>>>> main

    def _know_topics(self, catalog: Catalog) -> None:
        """Refuse a topic that is not there: what limits nothing would look like a limit."""
        named = [("after_purchase_topics", topic) for topic in self.after_purchase_topics]
        named += [(f"cap {name!r}", cap.topic) for name, cap in self.caps.items() if cap.topic is not None]
        for where, topic in named:
            if topic not in catalog.topics:
                raise PluginError(f"{where}: there is no topic {topic!r}")

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


<<<<<<< HEAD
=======
def _per(cap: CapSetting) -> str:
    of = "in all" if cap.of == "all" else f"per {cap.of}"
    only = [f"of {cap.topic}"] if cap.topic else []
    only += [f"to {cap.intent}"] if cap.intent else []
    only += [f"tagged {cap.tag}"] if cap.tag else []
    return f"{of}{' (' + ', '.join(only) + ')' if only else ''}"


>>>>>>> main
@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [Overcrowding]
