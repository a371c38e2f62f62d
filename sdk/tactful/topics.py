"""The graph of topics: what lies under what, what is related, what must never be linked. It knows no offer."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

import attrs

from .schema import Sensitivity


@attrs.frozen
class Topic:
    """
    What an offer or an attribute is about.

    Attributes:
        name: Its name in the policy.
        under: The wider topic, or None.
        sensitivity: Its own; a topic is at least as sensitive as what lies above it.
        blend: The largest share of filled slots that it may take where evidence of it selects, 0 to 1.
        related: Topics it is linked to, in both directions.
        forbidden: Topics that must never be linked with it, nor with what lies under it; in both directions.
    """

    name: str
    under: str | None = None
    sensitivity: Sensitivity = Sensitivity.ORDINARY
    blend: float | None = None
    related: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


class TopicGraph:
    """
    Topics by name, with what follows from their links.

    >>> graph = TopicGraph([Topic("health", sensitivity=Sensitivity.SENSITIVE), Topic("diet", under="health")])
    >>> graph.sensitivity("diet").name, graph.above("diet")
    ('SENSITIVE', ('diet', 'health'))
    """

    __slots__ = ("_above", "_links", "_topics")

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._topics: Mapping[str, Topic] = {topic.name: topic for topic in topics}
        self._above = {name: self._lineage(name) for name in self._topics}
        self._links: dict[str, set[str]] = {name: set() for name in self._topics}
        for topic in self._topics.values():
            for other in self._topics.keys() & {topic.under, *topic.related}:
                self._links[topic.name].add(other)
                self._links[other].add(topic.name)

    def _lineage(self, name: str) -> tuple[str, ...]:
        lineage: list[str] = []
        at: str | None = name
        while at is not None and at in self._topics and at not in lineage:
            lineage.append(at)
            at = self._topics[at].under
        return tuple(lineage)

    def above(self, name: str) -> tuple[str, ...]:
        """Return the topic and all wider ones, narrowest first; of an unknown topic, itself."""
        return self._above.get(name, (name,))

    def sensitivity(self, name: str | None) -> Sensitivity:
        """Return a topic's sensitivity; an unknown topic is intimate, none is ordinary."""
        if name is None:
            return Sensitivity.ORDINARY
        if name not in self._topics:
            return Sensitivity.INTIMATE
        return max(self._topics[at].sensitivity for at in self._above[name])

    def blend(self, name: str) -> float | None:
        """Return the smallest share that the topic or a wider one declares, or None."""
        shares = (self._topics[at].blend for at in self.above(name) if at in self._topics)
        return min((share for share in shares if share is not None), default=None)

    def forbidden(self, one: str, other: str) -> bool:
        """
        Return whether two topics must never be linked: either one, or a wider one, forbids the other or a wider one.

        >>> graph = TopicGraph([Topic("diet", forbidden=("sweets",)), Topic("sweets"), Topic("fudge", under="sweets")])
        >>> graph.forbidden("fudge", "diet"), graph.forbidden("fudge", "sweets")
        (True, False)
        """
        lines = (self.above(one), self.above(other))
        return one != other and any(self._forbids(here, there) for here, there in product(*lines))

    def distance(self, one: str, other: str, at_most: int) -> int | None:
        """
        Return over how many links a topic is reached from another, or None if there is no way of at most so many.

        A link joins a topic with the wider one or with a related one, in both directions. No way leads from or to a
        topic that is not in the graph, and none over a link between topics that must never be linked.

        >>> graph = TopicGraph([Topic("food"), Topic("pasta", under="food", related=("sauces",)), Topic("sauces")])
        >>> graph.distance("sauces", "food", 2), graph.distance("sauces", "food", 1), graph.distance("food", "food", 0)
        (2, None, 0)
        """
        reached = {one} if one in self._topics and other in self._topics else set[str]()
        border = reached
        for links in range(at_most + 1):
            if other in reached:
                return links
            border = {
                there for here in border for there in self._links[here] if not self.forbidden(here, there)
            } - reached
            if not border:
                break
            reached = reached | border
        return None

    def _forbids(self, one: str, other: str) -> bool:
        return any(
            there in self._topics[here].forbidden
            for here, there in ((one, other), (other, one))
            if here in self._topics
        )

    def __iter__(self) -> Iterator[Topic]:
        return iter(self._topics.values())

    def __contains__(self, name: object) -> bool:
        return name in self._topics
