"""What a sale lets the seller write about: things like those that were bought. It knows no consent and no channel.

A soft opt-in covers the seller's own similar products alone (directive 2002/58/EC, article 13(2)).
"""

from collections.abc import Iterator, Sequence

import attrs

from tactful import Catalog, PluginError, Purpose, Scope, Sensitivity, Source, ValueType

from .named import literal

#: What a customer did, or told us. What was computed, guessed or bought tells of no sale.
_TOLD = (Source.OBSERVED, Source.STATED)
#: A rule is no longer than that, and a list in it has no more items (docs/rules.md, "Limits").
_RULE_MAX_CHARS, _LIST_MAX_ITEMS = 3_000, 256
#: A time that is so far ahead of our clock cannot be trusted [s].
_SKEW_S = 300


def topics_like(catalog: Catalog, topic: str, within: int) -> Sequence[str]:
    """
    Return the topics whose purchase lets the seller write about a topic.

    What is sensitive is like nothing, on either side: to write about it, or because of it, takes a yes of the
    customer's own.

    Args:
        catalog: The catalog, with its graph of topics.
        topic: What is written about.
        within: The greatest distance in the graph [links], >= 0.

    Raises:
        PluginError: If there are more than a rule holds.
    """
    graph = catalog.topics
    if graph.sensitivity(topic) is not Sensitivity.ORDINARY:
        return ()
    like = sorted(
        one.name
        for one in graph
        if graph.sensitivity(one.name) is Sensitivity.ORDINARY
        and not graph.forbidden(one.name, topic)
        and graph.distance(one.name, topic, within) is not None
    )
    if len(like) > _LIST_MAX_ITEMS or len(literal(like)) > _RULE_MAX_CHARS:
        raise PluginError(f"similar_within: too many topics ({len(like)}) are within {links(within)} of {topic!r}")
    return like


@attrs.frozen
class Bought:
    """
    The attribute that lists what a customer bought.

    Attributes:
        name: Its name.
        max_age_s: A list that is older does not exist [s]; None means that it does not age.
        purposes: The purposes that may read it; empty means all.
    """

    name: str
    max_age_s: int | None
    purposes: tuple[str, ...]

    @classmethod
    def of(cls, catalog: Catalog, name: str) -> "Bought | None":
        """
        Return what a policy declares of the attribute; None if none is named.

        Raises:
            PluginError: If it cannot tell what was bought.
        """
        if not name:
            return None
        spec = next((one for one in catalog.policy.attributes if one.name == name), None)
        if spec is None:
            raise PluginError(f"bought: there is no attribute {name!r}")
        if spec.type is not ValueType.TEXTS:
            raise PluginError(f"bought: {name!r} must be a list of text, names of topics, and is {spec.type.value}")
        if not spec.protect:
            raise PluginError(f"bought: {name!r} must be marked in the schema: protect: true")
        if spec.source not in _TOLD or spec.derived_from or spec.collected:
            raise PluginError(f"bought: {name!r} must be observed or stated, by us, and computed from nothing")
        if catalog.sensitivity(name) > Sensitivity.ORDINARY:
            raise PluginError(f"bought: {name!r} is sensitive, and a message would tell of it; name an ordinary one")
        return cls(name, spec.max_age_s, spec.purposes)

    def one_of(self, topics: Sequence[str], purpose: Purpose, lasts_s: int) -> str:
        """
        Return the condition that one of these topics was bought, and that the list is not too old.

        Args:
            topics: Names of topics.
            purpose: For what it is read.
            lasts_s: So long a list counts [s]; the attribute's own greatest age can make it shorter.

        Raises:
            PluginError: If the purpose may not read it.
        """
        if self.purposes and purpose.name not in self.purposes:
            raise PluginError(f"bought: {purpose.name!r} may not read {self.name!r}; add it in the schema")
        if not topics:
            return "false"
        age = f"now - direct.{self.name}.at"
        young_s = lasts_s if self.max_age_s is None else min(lasts_s, self.max_age_s)
        young = f'{age} < duration("{young_s}s") && {age} >= duration("-{_SKEW_S}s")'
        return f"direct.{self.name}.exists(topic, topic in {literal(topics)}) && {young}"


def by_topic(catalog: Catalog, purpose: Purpose) -> Iterator[tuple[str, Scope]]:
    """Yield each topic that a purpose's offers are about, with their treatments."""
    found: dict[str, int] = {}
    for index in catalog.purpose(purpose.name):
        topic = catalog.entries[index].offer.topic
        found[topic] = found.get(topic, 0) | 1 << index
    for topic, bits in sorted(found.items()):
        yield topic, Scope(bits)


def links(count: int) -> str:
    """
    Return a distance in words.

    >>> links(1), links(2)
    ('1 link', '2 links')
    """
    return "1 link" if count == 1 else f"{count} links"
