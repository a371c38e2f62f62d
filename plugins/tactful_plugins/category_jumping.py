"""Category jumping: what is known of one thing is not joined with another that has little to do with it.

It looks at the graph of topics that the policy declares, and at nothing else: to be sold by the same house is no link.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations_with_replacement
from typing import ClassVar

import attrs

from tactful import (
    Always,
    Catalog,
    Entry,
    Intent,
    LimitRule,
    RankBlind,
    Scope,
    Sensitivity,
    TopicGraph,
    Withhold,
    hookimpl,
)

from .settings import whole

#: So many pairs of topics are told of all that the offers of one topic join.
_PAIRS_TOLD = 2
_SAY = "We do not put together what we know of things that have little to do with one another."
Pair = tuple[str, str]


@attrs.frozen
class CategoryJumping:
    """
    How far apart the topics may be that an offer joins.

    Attributes:
        distance: Topics are linked if one is reached from the other over at most so many links; a link joins a topic
            with the wider one or with a related one.
    """

    name: ClassVar[str] = "category_jumping"
    tiers: ClassVar[tuple[str, ...]] = ("values", "strategy")
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {"conservative": {"distance": 1}, "bold": {"distance": 3}}
    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = {"distance": "more"}

    distance: int = attrs.field(default=2, validator=whole(1))

    def scope(self, catalog: Catalog) -> Scope:
        """Return what joins topics that are not linked, and what scores of such topics rank."""
        scope = self._ranked(catalog)
        for jumps in self._jumps(catalog).values():
            scope |= jumps.scope()
        return scope

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """
        Yield, for the offers of each topic, that nothing joins what is not linked, and that no such score ranks them.

        What joins something sensitive has a rule of its own, without words for the customer: they would tell of it.
        """
        why = {
            "forbidden": "it joins what must never be linked",
            "unlinked": f"it joins what is more than {self._links} apart",
        }
        for (rule, topic, say), jumps in self._jumps(catalog).items():
            id_ = f"{rule}.{topic}" if say else f"{rule}.{topic}.silent"
            yield Always(Withhold(jumps.scope()), f"{why[rule]}: {jumps.told()}", id_, say)
        ranked = self._ranked(catalog)
        if ranked:
            yield Always(RankBlind(ranked), "a score of what it is not linked with does not rank it", id="not_ranked")

    def sentence(self) -> str:
        """Return its line in the policy document."""
        return (
            f"Nothing is offered because of things that have little to do with it, or with one another: between what "
            f"an offer joins lie at most {self._links}, and some links are forbidden for ever."
        )

    @property
    def _links(self) -> str:
        return "1 link" if self.distance == 1 else f"{self.distance} links"

    def _jumps(self, catalog: Catalog) -> Mapping[tuple[str, str, str], "_Jumps"]:
        """Return what joins topics that are not linked, by the rule that it breaks, its offer's topic and the words."""
        broken: dict[Pair, str] = {}
        found: dict[tuple[str, str, str], _Jumps] = {}
        for index in catalog.all:
            entry = catalog.entries[index]
            for pair in _pairs(entry):
                if pair not in broken:
                    broken[pair] = self._broken(catalog.topics, pair)
                if broken[pair]:
                    say = _SAY if _is_ordinary(catalog, entry) else ""
                    jumps = found.setdefault((broken[pair], entry.offer.topic, say), _Jumps())
                    jumps.entries[entry.index] = entry
                    jumps.pairs[pair] = None
        return found

    def _broken(self, graph: TopicGraph, pair: Pair) -> str:
        """Return the rule that joining two topics breaks, or nothing."""
        if graph.forbidden(*pair):
            return "forbidden"
        return "unlinked" if graph.distance(*pair, self.distance) is None else ""

    def _ranked(self, catalog: Catalog) -> Scope:
        """Return what a score ranks that is, by its key or by the attribute that holds it, of a topic not linked."""
        keys: dict[str, set[str]] = {topic.name: {topic.name} for topic in catalog.topics}
        for offer in catalog.policy.offers:
            if offer.affinity not in catalog.topics:  # a key of its own is about whatever it ranks
                keys.setdefault(offer.affinity, set()).add(offer.topic)
        affinity = catalog.policy.ranking.affinity
        held = {a.topic for a in catalog.policy.attributes if a.name == affinity and a.topic is not None}

        def jumps(entry: Entry) -> bool:
            topic = entry.offer.topic
            about = held | keys[entry.offer.affinity]
            return any(self._broken(catalog.topics, (topic, other)) for other in about - {topic})

        return catalog.where(lambda entry: entry.offer.intent is not Intent.HELP and jumps(entry))


@attrs.frozen
class _Jumps:
    """Treatments that break one rule, by index, and the pairs of topics by which they do."""

    entries: dict[int, Entry] = attrs.field(factory=dict)
    pairs: dict[Pair, None] = attrs.field(factory=dict)

    def scope(self) -> Scope:
        return Scope(sum(1 << index for index in self.entries))

    def told(self) -> str:
        pairs = [f"{one} and {other}" for one, other in sorted(self.pairs)]
        more = f", and {len(pairs) - _PAIRS_TOLD} more" if len(pairs) > _PAIRS_TOLD else ""
        return ", ".join(pairs[:_PAIRS_TOLD]) + more


def _pairs(entry: Entry) -> Iterable[Pair]:
    """Return all pairs of the topics that a treatment joins; of help and of what knows nothing, none."""
    if entry.offer.intent is Intent.HELP or not entry.labels.joined:
        return ()
    return combinations_with_replacement(sorted({entry.offer.topic, *entry.labels.joined}), 2)


def _is_ordinary(catalog: Catalog, entry: Entry) -> bool:
    about = catalog.topics.sensitivity(entry.offer.topic)
    return max(about, entry.labels.sensitivity) is Sensitivity.ORDINARY


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [CategoryJumping]
