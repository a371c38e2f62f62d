"""Help before selling: who has an open ticket or complaint is helped, and sold nothing, wholly or on its topics.

The schema says which attributes hold what is open; this reads their protective view, so that no consent hides them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

import attrs

from tactful import (
    Catalog,
    Familiarity,
    Intent,
    LimitRule,
    OfferClass,
    PluginError,
    Privacy,
    Scope,
    Sensitivity,
    UpTo,
    ValueType,
    When,
    Withhold,
    hookimpl,
)

from .named import literal, strange
from .settings import listed, some_of, texts

_SAY = "You are waiting for our help; until then we leave you in peace with this."
_SOMEBODY, _NOBODY = 'identity.kind != "none"', 'identity.kind == "none"'
#: That something is open, whatever it is, by the type of what tells of it.
_ANYTHING = {ValueType.BOOL: "{}", ValueType.TEXT: '{} != ""', ValueType.TEXTS: "size({}) > 0"}


@attrs.frozen
class HelpFirst:
    """
    What is open between a customer and us goes before selling.

    Attributes:
        open: Attributes that tell of it, each marked `protect`: a bool silences all selling while it is true, a text
            or a list of texts names the topics of which nothing is sold, with those under them.
    """

    name: ClassVar[str] = "help_first"
    tiers: ClassVar[tuple[str, ...]] = ("values", "strategy")
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "conservative": {"silences": (Intent.SELL.value, Intent.INFORM.value)},
    }
    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = {"open": "less", "silences": "less"}

    open: tuple[str, ...] = attrs.field(default=(), converter=texts)
    silences: tuple[str, ...] = attrs.field(
        default=(Intent.SELL.value,), converter=texts, validator=some_of((Intent.SELL.value, Intent.INFORM.value))
    )

    def scope(self, catalog: Catalog) -> Scope:
        """Return what goes silent: all of these intents, but for what must be told."""
        exempt = (OfferClass.MANDATORY, OfferClass.TRANSACTIONAL)
        return catalog.where(lambda e: e.offer.intent.value in self.silences and e.offer.offer_class not in exempt)

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield for each attribute what it silences. What is not known counts as open."""
        sold = self.scope(catalog)
        for name, type_ in self._known(catalog):
            for part, condition, topic, told in _silences(catalog, name, type_):
                concerned = sold if topic is None else sold & catalog.topic(topic)
                if concerned:
                    say = _SAY if told else ""
                    reason = f"{name}: something is open about {part}" if part else f"{name}: something is open"
                    id_ = f"{name}.{part.replace(' ', '_')}" if part else name
                    yield When(f"{_SOMEBODY} && ({condition})", Withhold(concerned), reason, id_, say)
            # Of nobody in particular nothing can be open; what such a visitor brings along still keeps us impersonal.
            impersonal = UpTo(sold, Familiarity.CONTEXT, Familiarity.CONTEXT)
            maybe = f"{_ANYTHING[type_].format(f'protective.{name}')} && {_NOBODY}"
            yield When(maybe, impersonal, f"{name}: something may be open", f"{name}.maybe")

    def sentence(self) -> str:
        """Return its line in the policy document."""
        if not self.open:
            return "Help comes before selling, and nothing says yet what is open between a customer and us."
        words = listed([name.replace("_", " ") for name in self.open], "or")
        silent = "nothing is sold or told" if Intent.INFORM.value in self.silences else "nothing is sold"
        return f"Help comes before selling: while {words} is open, {silent}, wholly or of its topics."

    def _known(self, catalog: Catalog) -> Iterator[tuple[str, ValueType]]:
        """Yield each attribute with its type, and refuse one that cannot tell what is open."""
        specs = {spec.name: spec for spec in catalog.policy.attributes}
        for name in dict.fromkeys(self.open):
            spec = specs.get(name)
            if spec is None:
                raise PluginError(f"open: there is no attribute {name!r}")
            if not spec.protect:
                raise PluginError(f"open: {name!r} must be marked in the schema: protect: true")
            if spec.type not in _ANYTHING:
                raise PluginError(f"open: {name!r} must be a bool, or hold names of topics, and is {spec.type.value}")
            if catalog.sensitivity(name) > Sensitivity.ORDINARY:
                raise PluginError(f"open: {name!r} is sensitive, and silence would tell of it; name an ordinary one")
            yield name, spec.type


def _silences(catalog: Catalog, name: str, type_: ValueType) -> Iterator[tuple[str, str, str | None, bool]]:
    """Yield what may be open, its condition, the topic that it silences (None is all), and whether that is told."""
    several, value = type_ is ValueType.TEXTS, f"protective.{name}"
    if type_ is ValueType.BOOL:
        yield "", value, None, True
        return
    topics = sorted(topic.name for topic in catalog.policy.topics)
    for topic in topics:
        found = f'"{topic}" in {value}' if several else f'{value} == "{topic}"'
        if catalog.topics.sensitivity(topic) > Sensitivity.ORDINARY:  # where others see, the silence would tell of it
            yield topic, f"channel.name in {_private(catalog)} && {found}", topic, False
        else:
            yield topic, found, topic, True
    for number, unknown in enumerate(strange(topics), 1):
        found = f"{value}.exists(topic, {unknown.format('topic')})" if several else unknown.format(value)
        yield f"unknown topic {number}", found, None, True


def _private(catalog: Catalog) -> str:
    return literal(channel.name for channel in catalog.policy.channels if channel.privacy is Privacy.PRIVATE)


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [HelpFirst]
