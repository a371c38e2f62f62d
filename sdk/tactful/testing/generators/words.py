"""The names that one random policy is made of, and the variables that its rules can read."""

from collections.abc import Mapping
from typing import Final

import attrs

from ...consent import How
from ...offers import Privacy
from ...policy import Policy
from ...schema import Value, ValueType
from .chance import NOWHERE, Chance

#: Time zones of customers; the last one does not exist.
ZONES: Final = ("Europe/Berlin", "America/New_York", "Nowhere/Land")
_TYPES: Final = (
    ValueType.TEXT,
    ValueType.INT,
    ValueType.BOOL,
    ValueType.TIME,
    ValueType.TIME,
    ValueType.NUMBER,
    ValueType.TEXTS,
    ValueType.INTS,
    ValueType.DURATION,
)
#: The markets that moments are in.
MARKETS: Final = ("m0", "m1", "m2", "a")
_PARTS: Final = {
    "given": ValueType.BOOL,
    "refused": ValueType.BOOL,
    "how": ValueType.TEXT,
    "at": ValueType.TIME,
}
_MOMENT: Final = {
    "context.market": ValueType.TEXT,
    "context.gpc": ValueType.BOOL,
    "now": ValueType.TIME,
    "channel.name": ValueType.TEXT,
    "channel.privacy": ValueType.TEXT,
}
_WHOM: Final = {
    "identity.kind": ValueType.TEXT,
    "snapshot.at": ValueType.TIME,
    "consents.at": ValueType.TIME,
}


TAGS: Final = ("new", "sale", "green")


@attrs.frozen
class Words:
    """
    The names of one policy.

    Attributes:
        values: For some variables, the values worth comparing with.
    """

    channels: tuple[str, ...]
    placements: tuple[str, ...]
    topics: tuple[str, ...]
    purposes: tuple[str, ...]
    segments: tuple[str, ...]
    attributes: Mapping[str, ValueType]
    context: Mapping[str, ValueType]
    wild: bool
    values: Mapping[str, tuple[Value, ...]]

    @classmethod
    def some(cls, chance: Chance) -> "Words":
        """Return some names."""
        channels = _numbered("c", chance.of((1, 2, 2, 3)))
        purposes = _numbered("p", chance.of((1, 2, 2, 3)))
        attributes = some_types(chance, chance.number(2, 6))
        if chance.happens(0.6):
            attributes["zone"] = ValueType.TEXT
        if chance.happens(0.75):
            attributes["scores"] = ValueType.SCORES
        context = {name: chance.of(_TYPES[:5]) for name in _numbered("k", chance.number(1, 3))}
        if chance.is_odd():
            context["market"] = ValueType.TEXT  # a policy can declare anew what every policy has
        values: dict[str, tuple[Value, ...]] = {
            "channel.name": (*channels, NOWHERE),
            "channel.privacy": tuple(one.name.lower().replace("_", "-") for one in Privacy),
            "identity.kind": ("none", "person", "household", "device"),
            "context.market": MARKETS,
            **{f"consent.{purpose}.how": tuple(how.value for how in How) for purpose in purposes},
        }
        return cls(
            channels,
            _numbered("h", chance.number(1, 4)),
            _numbered("t", chance.number(2, 4)),
            purposes,
            _numbered("s", chance.number(1, 3)),
            attributes,
            context,
            chance.wild,
            values,
        )

    @classmethod
    def of(cls, policy: Policy, *, wild: bool) -> "Words":
        """Return the names of a policy."""
        return cls(
            tuple(channel.name for channel in policy.channels),
            tuple(placement.name for placement in policy.placements),
            tuple(topic.name for topic in policy.topics),
            tuple(purpose.name for purpose in policy.purposes),
            tuple(segment.name for segment in policy.segments),
            {attribute.name: attribute.type for attribute in policy.attributes},
            {attribute.name: attribute.type for attribute in policy.context},
            wild,
            {},
        )

    @property
    def moment(self) -> dict[str, ValueType]:
        """The variables that boosts can read."""
        return {**{f"context.{name}": type_ for name, type_ in self.context.items()}, **_MOMENT}

    def offers(self, segments: tuple[str, ...]) -> dict[str, ValueType]:
        """Return the variables that offers and segments can read, with these segments."""
        profile = {f"profile.{name}": type_ for name, type_ in self.attributes.items() if type_ is not ValueType.SCORES}
        found: dict[str, ValueType] = {**profile, **dict.fromkeys(map("segment.{}".format, segments), ValueType.BOOL)}
        found |= self.moment
        if self.wild:
            found[f"profile.{NOWHERE}"] = ValueType.INT
            found[f"segment.{NOWHERE}"] = ValueType.BOOL
            found[f"context.{NOWHERE}"] = ValueType.TEXT
        return found

    @property
    def protective(self) -> dict[str, ValueType]:
        """The variables of the protective view; some attributes are not in it."""
        return {f"protective.{name}": type_ for name, type_ in self.attributes.items() if type_ is not ValueType.SCORES}

    @property
    def direct(self) -> dict[str, ValueType]:
        """The variables of the direct view."""
        names = [name for name, type_ in self.attributes.items() if type_ is not ValueType.SCORES]
        values = {f"direct.{name}": self.attributes[name] for name in names}
        return {**values, **{f"direct.{name}.at": ValueType.TIME for name in names}}

    @property
    def guardrails(self) -> dict[str, ValueType]:
        """The variables that conditions of guardrails can read."""
        purposes = (*self.purposes, NOWHERE) if self.wild else self.purposes
        consents = {f"consent.{purpose}.{part}": type_ for purpose in purposes for part, type_ in _PARTS.items()}
        found: dict[str, ValueType] = {**self.moment, **self.protective, **consents, **_WHOM}
        if self.wild:
            found["profile.a0"] = self.attributes["a0"]
            found["segment.s0"] = ValueType.BOOL
        return found


def some_types(chance: Chance, count: int) -> dict[str, ValueType]:
    """Return so many attributes with types."""
    return {name: chance.of(_TYPES) for name in _numbered("a", count)}


def _numbered(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{number}" for number in range(count))
