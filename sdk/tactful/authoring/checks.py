"""Checks what is right by itself against the whole: names that must exist, cycles, and what every offer needs."""

from collections.abc import Iterable, Mapping, Sequence

from ..expr import Expr, reads
from ..familiarity import Familiarity
from ..labels import Labeller
from ..policy import Policy
from .format_types import nearest
from .offers_reader import Placed
from .source import Log, Place

#: Where a named thing of a section stands.
Places = Mapping[tuple[str, str], Place]


def check(policy: Policy, places: Places, offers: Sequence[Placed], log: Log) -> None:
    """Note every name that does not exist, every cycle, and every offer that cannot be shown to a stranger."""
    checker = _Checker(policy, places, log)
    checker.names()
    checker.cycles()
    for placed in offers:
        checker.offer(placed)


class _Checker:
    def __init__(self, policy: Policy, places: Places, log: Log) -> None:
        self._policy = policy
        self._places = places
        self._log = log
        self._topics = {topic.name for topic in policy.topics}
        self._purposes = {purpose.name for purpose in policy.purposes}
        self._channels = {channel.name for channel in policy.channels}
        self._placements = {placement.name for placement in policy.placements}
        self._attributes = {attribute.name: attribute for attribute in policy.attributes}
        self._labeller = Labeller(policy)
        self._ids: dict[str, Place] = {}

    def _exist(self, what: str, names: Iterable[str], there: Iterable[str], place: Place) -> None:
        known = set(there)
        for name in names:
            if name not in known:
                self._log.add(place, f"unknown-{what}", f"there is no {what} {name!r}", nearest(name, known))

    def _at(self, section: str, name: str) -> Place:
        return self._places.get((section, name), Place("policy"))

    def names(self) -> None:
        policy = self._policy
        for topic in policy.topics:
            at = self._at("topics", topic.name)
            self._exist("topic", (*filter(None, [topic.under]), *topic.related, *topic.forbidden), self._topics, at)
        for placement in policy.placements:
            at = self._at("placements", placement.name)
            self._exist("channel", [placement.channel], self._channels, at)
            self._exist("topic", placement.topics, self._topics, at)
        for purpose in policy.purposes:
            self._exist("purpose", filter(None, [purpose.under]), self._purposes, self._at("purposes", purpose.name))
        for attribute in policy.attributes:
            at = self._at("profile", attribute.name)
            self._exist("topic", filter(None, [attribute.topic]), self._topics, at)
            self._exist("purpose", attribute.purposes, self._purposes, at)
            self._exist("attribute", attribute.derived_from, self._attributes, at)
        for boost in policy.ranking.boosts:
            self._exist("topic", boost.topics, self._topics, self._at("ranking", "ranking"))
            self._exist("offer", boost.offers, [o.id for o in policy.offers], self._at("ranking", "ranking"))

    def cycles(self) -> None:
        policy = self._policy
        segments = {s.name: [n.removeprefix("segment.") for n in _segment_reads(s.when)] for s in policy.segments}
        graphs: list[tuple[str, Mapping[str, Sequence[str]]]] = [
            ("topics", {t.name: [t.under] if t.under else [] for t in policy.topics}),
            ("purposes", {p.name: [p.under] if p.under else [] for p in policy.purposes}),
            ("profile", {a.name: a.derived_from for a in policy.attributes}),
            ("segments", segments),
        ]
        for section, graph in graphs:
            for name in graph:
                if (cycle := _cycle(graph, name)) and name == min(cycle):
                    path = " → ".join((*cycle, cycle[0]))
                    self._log.add(self._at(section, name), "cycle", f"{section} go round in a circle: {path}")

    def offer(self, placed: Placed) -> None:
        offer, place = placed.offer, placed.place
        if offer.id in self._ids:
            first = self._ids[offer.id]
            self._log.add(place, "duplicate", f"offer {offer.id!r} is there twice; first in {first.file}:{first.line}")
        self._ids.setdefault(offer.id, place)
        self._exist("topic", [offer.topic], self._topics, place)
        self._exist("purpose", [offer.purpose], self._purposes, place)
        self._exist(
            "channel", (*offer.channels, *(c for t in offer.treatments for c in t.channels)), self._channels, place
        )
        self._exist("placement", offer.placements, self._placements, place)
        tones = [
            max(self._labeller.evidence(p for _, fs in t.content for f in fs for p in f.parts).familiarity, t.raise_to)
            for t in offer.treatments
        ]
        if min(tones) > Familiarity.CONTEXT:
            message = f"offer {offer.id!r} has no treatment that is GENERIC or CONTEXT"
            self._log.add(place, "no-plain-treatment", message, "add one that reads nothing of the profile")


def _segment_reads(expr: Expr) -> list[str]:
    return sorted(name for name in reads(expr) if name.startswith("segment."))


def _cycle(graph: Mapping[str, Sequence[str]], start: str) -> tuple[str, ...]:
    """Return a way from a name back to itself, or nothing."""
    seen: set[str] = set()

    def visit(at: str, path: tuple[str, ...]) -> tuple[str, ...]:
        for following in graph.get(at, ()):
            if following == start:
                return path
            if following not in seen:
                seen.add(following)
                if found := visit(following, (*path, following)):
                    return found
        return ()

    return visit(start, (start,))
