"""Preferences: what a customer stated about topics, channels, tone and silence is kept, whatever a campaign wants.

The schema says which attributes hold the wishes; this reads their protective view, so that no consent hides them. A
wish only ever restricts: one for more allows nothing that law or policy does not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar

import attrs

from tactful import (
    Catalog,
    Entry,
    Familiarity,
    Intent,
    LegalBasis,
    LimitRule,
    OfferClass,
    Scope,
    Sensitivity,
    UpTo,
    ValueType,
    When,
    Withhold,
    hookimpl,
)

from .named import literal, strange
from .settings import listed, word
from .wishes import type_of

_TONES = {tone.name.lower(): tone for tone in Familiarity}
#: That something is wished for, whatever it is, by the type of what tells of it.
_ANYTHING = {
    ValueType.TEXTS: "size({}) > 0",
    ValueType.TEXT: '{} != "personal"',
    ValueType.BOOL: "{}",
    ValueType.TIME: "now < {}",
}
_SOMEBODY, _NOBODY = 'identity.kind != "none"', 'identity.kind == "none"'
#: What each setting's attribute has to be, and in words.
_TYPES: Mapping[str, tuple[tuple[ValueType, ...], str]] = {
    "muted_topics": ((ValueType.TEXTS,), "a list of text, the names of topics"),
    "muted_channels": ((ValueType.TEXTS,), "a list of text, the names of channels"),
    "tone": ((ValueType.TEXT,), f"a text, one of {', '.join(_TONES)}"),
    "silence": ((ValueType.BOOL, ValueType.TIME), "a bool, or the time until which it is quiet"),
}


def _attribute(value: str | None) -> str | None:
    """Return an empty name as none."""
    return None if value == "" else value


@attrs.frozen
class Preferences:
    """
    What customers stated about how they want to be treated.

    Attributes:
        muted_topics: The attribute, a list of text, with the topics of which a customer wants to hear nothing.
        muted_channels: The attribute, a list of text, with the channels on which a customer wants to hear nothing.
        tone: The attribute, a text, with the most familiar tone that a customer wants.
        silence: The attribute, a bool or a time, that says whether or until when a customer wants to hear nothing.
    """

    name: ClassVar[str] = "preferences"
    tiers: ClassVar[tuple[str, ...]] = ("values", "strategy")
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {}  # a wish is a wish, whatever the appetite for risk
    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = dict.fromkeys(_TYPES, "less or none")

    muted_topics: str | None = attrs.field(
        default=None, converter=_attribute, validator=attrs.validators.optional(word())
    )
    muted_channels: str | None = attrs.field(
        default=None, converter=_attribute, validator=attrs.validators.optional(word())
    )
    tone: str | None = attrs.field(default=None, converter=_attribute, validator=attrs.validators.optional(word()))
    silence: str | None = attrs.field(default=None, converter=_attribute, validator=attrs.validators.optional(word()))

    def scope(self, catalog: Catalog) -> Scope:
        """Return what is sold and told, but for what a contract demands."""
        contracts = {p.name for p in catalog.policy.purposes if p.legal_basis is LegalBasis.CONTRACT}

        def due(entry: Entry) -> bool:
            return entry.offer.offer_class is not OfferClass.DEFAULT and entry.offer.purpose in contracts

        return catalog.where(lambda entry: entry.offer.intent is not Intent.HELP and not due(entry))

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield what each stated wish restricts. What is not known counts as stated."""
        asked = {setting: getattr(self, setting) for setting in _TYPES}
        types = {setting: _type(catalog, setting, name) for setting, name in asked.items() if name is not None}
        concerned = self.scope(catalog)
        rules: list[LimitRule] = []
        for setting, type_ in types.items():
            value = f"protective.{asked[setting]}"
            rules += _RULES[setting](catalog, concerned, value, type_)
            rules.append(_maybe(concerned, setting, _ANYTHING[type_].format(value)))
        return rules

    def sentence(self) -> str:
        """Return its line in the policy document."""
        words = (
            (self.muted_topics, "which topics to leave out"),
            (self.muted_channels, "on which channels to be silent"),
            (self.tone, "in which tone to speak"),
            (self.silence, "until when to be quiet"),
        )
        kept = [said for name, said in words if name is not None]
        if not kept:
            return "What customers wish goes before what a campaign wants, and nothing says yet what they wish."
        return f"What customers wish goes before what a campaign wants: they say {listed(kept)}."


def _type(catalog: Catalog, setting: str, name: str) -> ValueType:
    """Return the type of the attribute that holds a wish."""
    return type_of(catalog, setting, name, *_TYPES[setting])


def _stated(wish: str) -> str:
    return f"{_SOMEBODY} && ({wish})"


def _maybe(concerned: Scope, setting: str, wish: str) -> LimitRule:
    """Return that who brings a wish without a name is sold to impersonally: visitors state none, and all have it."""
    impersonal = UpTo(concerned, Familiarity.CONTEXT, Familiarity.CONTEXT)
    return When(f"{_NOBODY} && ({wish})", impersonal, "may have asked for something", f"{setting}.maybe")


def _topics(catalog: Catalog, concerned: Scope, value: str, _: ValueType) -> Iterator[LimitRule]:
    topics = sorted(topic.name for topic in catalog.policy.topics)
    for topic in topics:
        # Of a sensitive topic there are no words: to repeat the wish would tell of it.
        ordinary = catalog.topics.sensitivity(topic) is Sensitivity.ORDINARY
        say = "You asked us to leave this out." if ordinary else ""
        if about := concerned & catalog.topic(topic):
            wish = _stated(f'"{topic}" in {value}')
            yield When(wish, Withhold(about), f"asked to hear nothing of {topic}", f"topic.{topic}", say)
    yield from _unclear(topics, concerned, value, "topic")


def _channels(catalog: Catalog, concerned: Scope, value: str, _: ValueType) -> Iterator[LimitRule]:
    channels = sorted(channel.name for channel in catalog.policy.channels)
    for name in channels:
        wish = _stated(f'channel.name == "{name}" && "{name}" in {value}')
        reason = f"asked to hear nothing on {name}"
        yield When(wish, Withhold(concerned), reason, f"channel.{name}", "You asked us to be silent here.")
    yield from _unclear(channels, concerned, value, "channel")


def _unclear(known: list[str], concerned: Scope, value: str, kind: str) -> Iterator[LimitRule]:
    """Yield that a name which nobody here knows may mean anything, and so silences all."""
    for number, unknown in enumerate(strange(known), 1):
        wish = _stated(f"{value}.exists(name, {unknown.format('name')})")
        reason = f"asked to leave out a {kind} that is not there"
        say = "You asked us to leave something out, and we could not tell what."
        yield When(wish, Withhold(concerned), reason, f"{kind}.unclear.{number}", say)


def _tones(_catalog: Catalog, concerned: Scope, value: str, _: ValueType) -> Iterator[LimitRule]:
    say = "You asked us to be less personal."
    for word_, tone in _TONES.items():
        if tone < Familiarity.PERSONAL:
            wish = _stated(f'{value} == "{word_}"')
            yield When(wish, UpTo(concerned, tone=tone), f"asked for tones up to {tone.name}", f"tone.{word_}", say)
    unclear = _stated(f"!({value} in {literal(_TONES)})")
    reason = "asked for a tone that is none"
    yield When(unclear, UpTo(concerned, tone=Familiarity.CONTEXT), reason, "tone.unclear", say)


def _silence(_catalog: Catalog, concerned: Scope, value: str, type_: ValueType) -> Iterator[LimitRule]:
    wish = _stated(_ANYTHING[type_].format(value))
    yield When(wish, Withhold(concerned), "asked for silence", "silence", "You asked us to be quiet for now.")


_RULES: Mapping[str, Callable[[Catalog, Scope, str, ValueType], Iterator[LimitRule]]] = {
    "muted_topics": _topics,
    "muted_channels": _channels,
    "tone": _tones,
    "silence": _silence,
}


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [Preferences]
