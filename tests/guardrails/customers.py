"""Made-up customers: what is known of one, drawn at random from what a policy's rules look at."""

import random
from collections.abc import Iterator
from typing import Any

import attrs

from tactful import Catalog, Consents, ConsentState, Contact, How, Observation, Sensitivity, Snapshot, Source
from tactful.clock import DAY_US
from tactful.consent import Consent
from tactful.expr import Const, walk
from tactful.policy import Policy
from tactful.schema import Attribute, ValueType

from .houses import NOON_US

_AGES_US = (0, DAY_US, 20 * DAY_US, 50 * DAY_US, 100 * DAY_US, 400 * DAY_US, 900 * DAY_US, -DAY_US)
_STATES = (*[ConsentState.GIVEN] * 6, ConsentState.WITHDRAWN, ConsentState.REQUESTED, ConsentState.EXPIRED)
_HOWS = (*[How.EXPLICIT] * 5, *How)
_MARKETS = ({}, {}, {"market": "US"}, {"market": "US", "gpc": True}, {"gpc": True})


@attrs.frozen
class Known:
    """What is known of a customer, as a caller brings it."""

    attributes: dict[str, Observation]
    consents: Consents | None
    contacts: tuple[Contact, ...]
    context: dict[str, object]
    age_us: int

    def brought(self) -> dict[str, Any]:
        return {
            "profile": Snapshot("ann", NOON_US - self.age_us, self.attributes),
            "consents": self.consents,
            "contacts": self.contacts,
        }


class Draw:
    """Draws customers of a policy. Everything comes from one seed."""

    def __init__(self, policy: Policy, seed: int) -> None:
        self._policy = policy
        self._catalog = Catalog(policy)
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._words = sorted({*_constants(policy, str), *(topic.name for topic in policy.topics)})
        self._numbers = sorted({*_constants(policy, int), *(int(n) for n in _constants(policy, float))}) or [0]
        self._told = {name for entry in self._catalog.entries for name in entry.labels.shows}
        self._keys = sorted({offer.affinity for offer in policy.offers} | {topic.name for topic in policy.topics})

    def customer(self) -> Known:
        # Few ask for anything, and few wait for help: to those who do, little is shown that could tell.
        rare = self._wishes(("preferences", "help_first"))
        share = {a.name: 0.05 if a.name in rare else 0.7 for a in self._policy.attributes}
        some = [a for a in self._policy.attributes if self._random.random() < share[a.name]]
        attributes = {a.name: self._observed(a) for a in some}
        context = dict(self._random.choice(_MARKETS))
        context |= {a.name: self._random.random() < 0.5 for a in self._policy.context if a.type is ValueType.BOOL}
        consents = Consents(tuple(self._consents()), NOON_US - self._random.choice(_AGES_US[:3]))
        contacts = tuple(self._contact(number) for number in range(self._random.randrange(8)))
        age_us = self._random.choice((0, 0, 0, DAY_US, 50 * DAY_US, -DAY_US))
        return Known(attributes, consents if self._random.random() < 0.95 else None, contacts, context, age_us)

    def with_other_secrets(self, known: Known) -> Known:
        """Return a customer of whom the same is known but for what tells of something sensitive."""
        attributes = {}
        for spec in self._policy.attributes:
            seen = known.attributes.get(spec.name)
            if self._is_secret(spec):
                if self._random.random() < 0.5:
                    attributes[spec.name] = self._observed(spec)
            elif seen is not None and spec.name in self._wishes():
                attributes[spec.name] = seen  # what the customer asks of us is no secret
            elif seen is not None:
                attributes[spec.name] = attrs.evolve(seen, value=self._other_secrets(spec, seen.value))
        contacts = [one for one in known.contacts if one.event == "shown" or not self._tells(one.topic)]
        more = (self._contact(100 + number) for number in range(self._random.randrange(6)))
        contacts += [one for one in more if one.event != "shown" and self._tells(one.topic)]
        return attrs.evolve(known, attributes=attributes, contacts=tuple(contacts))

    def _wishes(self, guardrails: tuple[str, ...] = ("preferences",)) -> set[object]:
        """Return the attributes in which customers ask for something."""
        named: set[object] = set()
        for use in self._policy.guardrails:
            for setting in use.settings.values() if use.name in guardrails else ():
                named |= set(setting) if isinstance(setting, list | tuple) else {setting}
        return named

    def _is_secret(self, spec: Attribute) -> bool:
        return self._catalog.sensitivity(spec.name) > Sensitivity.ORDINARY

    def _tells(self, topic: str) -> bool:
        return self._catalog.topics.sensitivity(topic) > Sensitivity.ORDINARY

    def _secret_words(self) -> list[str]:
        return [topic.name for topic in self._policy.topics if self._tells(topic.name)]

    def _other_secrets(self, spec: Attribute, value: Any) -> Any:
        """Return a value that says the same of what is ordinary."""
        secret = self._secret_words()
        match spec.type:
            case ValueType.TEXTS:
                kept = [word for word in value if word not in secret]
                return (*kept, *self._random.sample(secret, self._random.randrange(3)))
            # What a text shows is written as it is: of an attribute that holds names of topics, no text may show it.
            case ValueType.TEXT if value in secret and spec.name not in self._told:
                return self._random.choice(secret)
            case ValueType.SCORES:
                keys = {o.affinity for o in self._policy.offers if self._tells(o.topic)} | set(secret)
                kept = {key: score for key, score in value.items() if key not in keys}
                return kept | {key: self._random.random() * 9 for key in sorted(keys) if self._random.random() < 0.5}
        return value

    def _observed(self, spec: Attribute) -> Observation:
        source = self._random.choice((spec.source, spec.source, *Source))
        return Observation(
            self._value(spec.type),
            source,
            NOON_US - self._random.choice(_AGES_US),
            self._random.choice((1.0, 1.0, 0.95, 0.7, 0.3)),
        )

    def _value(self, type_: ValueType) -> Any:
        draw = self._random
        match type_:
            case ValueType.BOOL:
                return draw.random() < 0.6
            case ValueType.INT:
                return draw.choice(self._numbers) + draw.randrange(-2, 3)
            case ValueType.NUMBER:
                return float(draw.choice(self._numbers)) + draw.random()
            case ValueType.TIME:
                return NOON_US - draw.choice(_AGES_US)
            case ValueType.TEXTS:
                return tuple(draw.sample(self._words, min(len(self._words), draw.randrange(6))))
            case ValueType.SCORES:
                return {key: draw.random() * 9 for key in draw.sample(self._keys, min(len(self._keys), 8))}
        return draw.choice(self._words)

    def _consents(self) -> Iterator[Consent]:
        channels = (None, None, *(channel.name for channel in self._policy.channels))
        for purpose in self._policy.purposes:
            for _ in range(self._random.randrange(3)):
                at_us = NOON_US - self._random.choice(_AGES_US)
                state, how = self._random.choice(_STATES), self._random.choice(_HOWS)
                yield Consent(purpose.name, state, how, at_us, channel=self._random.choice(channels))

    def _contact(self, number: int) -> Contact:
        draw = self._random
        offer = draw.choice(self._policy.offers)
        event = draw.choice(("shown", "shown", "purchase", "purchase", "click"))
        topic = draw.choice((offer.topic, draw.choice(self._policy.topics).name))
        at_us, channel = NOON_US - draw.randrange(40) * DAY_US // 2, draw.choice(self._policy.channels).name
        return Contact(str(number), "ann", event, at_us, topic, offer.id, channel=channel, owner=offer.owner)


def _constants(policy: Policy, kind: type) -> Iterator[Any]:
    """Yield the literals of a policy's rules."""
    rules = [rule for offer in policy.offers for rule in (offer.when, *offer.unless)]
    for rule in [*rules, *(segment.when for segment in policy.segments)]:
        for node in walk(rule):
            if isinstance(node, Const):
                values = node.value if isinstance(node.value, tuple) else (node.value,)
                yield from (value for value in values if type(value) is kind)
