"""The graph of topics: what lies under what, what is related, what must never be linked. It knows no offer."""

from collections.abc import Iterable, Iterator, Mapping

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
        related: Topics it is linked to.
        forbidden: Topics that must never be linked with it.
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

    __slots__ = ("_above", "_topics")

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._topics: Mapping[str, Topic] = {topic.name: topic for topic in topics}
        self._above = {name: self._lineage(name) for name in self._topics}

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

    def __iter__(self) -> Iterator[Topic]:
        return iter(self._topics.values())

    def __contains__(self, name: object) -> bool:
        return name in self._topics
