"""What selects a treatment and what its text shows, derived from what is read. It decides nothing.

The tone comes from what a treatment's text reads, the basis from what selects its offer: eligibility, and
segments transitively. An author can raise a label, never lower it. A rule that looks for a topic by its name in the
profile, as `"baby" in profile.bought`, reads evidence of that topic, however ordinary the attribute.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from .expr import Call, Const, Expr, Var, reads, walk
from .familiarity import Familiarity
from .offers import Offer, Treatment
from .policy import Policy
from .schema import Attribute, Sensitivity, Source
from .topics import TopicGraph


@attrs.frozen
class Evidence:
    """What a text or a rule reads, and what that implies."""

    familiarity: Familiarity
    attributes: frozenset[str]
    topics: frozenset[str]
    sensitivity: Sensitivity


_NOTHING: Final = Evidence(Familiarity.GENERIC, frozenset(), frozenset(), Sensitivity.ORDINARY)


@attrs.frozen
class Labels:
    """
    The labels of one treatment.

    Attributes:
        tone: How much its text shows that it knows.
        basis: How much selects it.
        shows: Attributes that its text reads, through segments too.
        evidence: Attributes that select it, through segments too.
        topics: The topics of those attributes, and those that a rule looks for by name.
        sensitivity: The greatest sensitivity of what its text and its selection read; the offer's topic apart.
        shows_sensitivity: The greatest sensitivity of what its text alone reads.
        joined: Those of the topics that are brought together with its offer. What an `unless:` names outright is not:
            it keeps customers away, and picks none.
    """

    tone: Familiarity
    basis: Familiarity
    shows: frozenset[str]
    evidence: frozenset[str]
    topics: frozenset[str]
    sensitivity: Sensitivity
    shows_sensitivity: Sensitivity = Sensitivity.ORDINARY
    joined: frozenset[str] = frozenset()


class Labeller:
    """Derives the labels of a policy's treatments, each attribute and segment once."""

    def __init__(self, policy: Policy) -> None:
        self._graph = TopicGraph(policy.topics)
        self._topics = frozenset(topic.name for topic in self._graph)
        self._min_segment = policy.values.min_segment
        self._segments = {segment.name: segment for segment in policy.segments}
        self._attributes = {attribute.name: attribute for attribute in policy.attributes}
        self._known: dict[str, Evidence] = {}
        # Thousands of offers have the same rules.
        self._found: dict[tuple[Expr, ...], Evidence] = {}
        self._made_of: dict[tuple[Expr, ...], frozenset[str]] = {}
        self._parts = {f"segment.{name}": reads(segment.when) for name, segment in self._segments.items()}
        for attribute in policy.attributes:
            origins = frozenset(f"profile.{origin}" for origin in attribute.derived_from)
            self._parts |= {f"profile.{attribute.name}": origins, f"protective.{attribute.name}": origins}
        self._circular = circular(self._parts)

    def labels(self, offer: Offer, treatment: Treatment) -> Labels:
        """Return the labels of one treatment of an offer."""
        basis = self.evidence((offer.when, *offer.unless))
        picked = self.evidence((offer.when, *filter(_picks, offer.unless))) if offer.unless else basis
        text = self.evidence(part for _, fields in treatment.content for f in fields for part in f.parts)
        tone = max(text.familiarity, treatment.raise_to)
        if basis.familiarity is Familiarity.PERSONAL and not treatment.signed_by:
            tone = max(tone, Familiarity.SEGMENT)
        return Labels(
            tone=tone,
            basis=basis.familiarity,
            shows=text.attributes,
            evidence=basis.attributes,
            topics=text.topics | basis.topics,
            sensitivity=max(text.sensitivity, basis.sensitivity),
            shows_sensitivity=text.sensitivity,
            joined=text.topics | picked.topics,
        )

    def forget(self) -> None:
        """Let go of what is kept to label many offers; it is worked out anew when it is asked for."""
        self._found, self._made_of = {}, {}

    def evidence(self, parts: Iterable[str | Expr]) -> Evidence:
        """Return what the expressions among the parts read, met into one."""
        rules = tuple([part for part in parts if not isinstance(part, str)])
        if not rules:
            return _NOTHING
        if rules not in self._found:
            self._found[rules] = self._evidence(rules)
        return self._found[rules]

    def _evidence(self, rules: tuple[Expr, ...]) -> Evidence:
        names = {name for rule in rules for name in reads(rule)}
        found = [self._read(name) for name in sorted(names)]
        found += [self._about(topic) for topic in sorted({topic for rule in rules for topic in self._named(rule)})]
        return Evidence(
            max((one.familiarity for one in found), default=Familiarity.GENERIC),
            frozenset[str]().union(*(one.attributes for one in found)),
            frozenset[str]().union(*(one.topics for one in found)),
            max((one.sensitivity for one in found), default=Sensitivity.ORDINARY),
        )

    def _named(self, rule: Expr) -> Iterator[str]:
        """Yield the topics that a rule looks for by name in the profile."""
        for test in _tests(rule):
            if any(name.startswith(("profile.", "protective.")) for name in reads(test)):
                yield from self._topics.intersection(_texts(test))

    def _about(self, topic: str) -> Evidence:
        return Evidence(Familiarity.GENERIC, frozenset(), frozenset({topic}), self._graph.sensitivity(topic))

    def sensitivity(self, attribute: str) -> Sensitivity:
        """Return an attribute's sensitivity: its own, its topic's, or that of anything it is derived from."""
        return self._read(f"profile.{attribute}").sensitivity

    def origins(self, attribute: str) -> frozenset[str]:
        """Return an attribute and all that it is derived from, however far round."""
        name = f"profile.{attribute}"
        return frozenset(one.partition(".")[2] for one in {name} | reached(self._parts, name))

    def reads(self, offer: Offer, treatment: Treatment) -> frozenset[str]:
        """Return the variables that a treatment's rules and text read, and all that these are made of."""
        parts = [part for _, fields in treatment.content for f in fields for part in f.parts]
        rules = (offer.when, *offer.unless, *(part for part in parts if not isinstance(part, str)))
        if rules not in self._made_of:
            names = frozenset(name for rule in rules for name in reads(rule))
            self._made_of[rules] = names.union(*(reached(self._parts, name) for name in names))
        return self._made_of[rules]

    def _read(self, name: str) -> Evidence:
        if name not in self._known:
            self._known[name] = self._round(name) if name in self._circular else self._derive(name)
        return self._known[name]

    def _round(self, name: str) -> Evidence:
        """Return the evidence of what is made of itself; it is refused when a policy is checked, here it is careful."""
        below = reached(self._parts, name) | {name}
        spaces = [one.partition(".") for one in below]
        attributes = frozenset(rest for space, _, rest in spaces if space in ("profile", "protective"))
        topics = {self._attributes[one].topic for one in attributes if one in self._attributes}
        rules = [
            self._segments[rest].when for space, _, rest in spaces if space == "segment" and rest in self._segments
        ]
        named = {topic for rule in rules for topic in self._named(rule)}
        about = frozenset(topic for topic in topics | named if topic)
        return Evidence(Familiarity.PERSONAL, attributes, about, Sensitivity.INTIMATE)

    def _derive(self, name: str) -> Evidence:
        space, _, rest = name.partition(".")
        if space in ("profile", "protective"):
            return self._attribute(rest)
        if space == "segment":
            return self._segment(rest)
        return Evidence(Familiarity.CONTEXT, frozenset(), frozenset(), Sensitivity.ORDINARY)

    def _attribute(self, name: str) -> Evidence:
        attribute = self._attributes.get(name)
        if attribute is None:
            return Evidence(Familiarity.PERSONAL, frozenset({name}), frozenset(), Sensitivity.INTIMATE)
        inputs = [self._read(f"profile.{origin}") for origin in attribute.derived_from]
        topics = frozenset([attribute.topic] if attribute.topic else []).union(*(one.topics for one in inputs))
        sensitivity = max(_own_sensitivity(attribute), self._graph.sensitivity(attribute.topic))
        return Evidence(
            Familiarity.PERSONAL,
            frozenset({name}),
            topics,
            max([sensitivity, *(one.sensitivity for one in inputs)]),
        )

    def _segment(self, name: str) -> Evidence:
        segment = self._segments.get(name)
        if segment is None:
            return Evidence(Familiarity.PERSONAL, frozenset(), frozenset(), Sensitivity.INTIMATE)
        inner = self.evidence([segment.when])
        large = segment.size is not None and segment.size >= self._min_segment
        told = Familiarity.SEGMENT if large else Familiarity.PERSONAL
        return attrs.evolve(inner, familiarity=min(inner.familiarity, told))


def _own_sensitivity(attribute: Attribute) -> Sensitivity:
    """Return what an attribute is said to be; one that was bought, and may be made of anything, is sensitive."""
    if attribute.source is Source.THIRD_PARTY and not attribute.collected and not attribute.derived_from:
        return max(attribute.sensitivity, Sensitivity.SENSITIVE)
    return attribute.sensitivity


def circular(parts: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """
    Return the names that are made of themselves, however far round.

    >>> sorted(circular({"a": ["b"], "b": ["c"], "c": ["b"]}))
    ['b', 'c']
    """
    return frozenset(name for name in parts if name in reached(parts, name))


def reached(parts: Mapping[str, Iterable[str]], name: str) -> set[str]:
    """Return all that a name is made of; itself among it only if it is made of itself."""
    found: set[str] = set()
    waiting = list(parts.get(name, ()))
    while waiting:
        part = waiting.pop()
        if part not in found:
            found.add(part)
            waiting.extend(parts.get(part, ()))
    return found


def _picks(rule: Expr) -> bool:
    """Return whether an `unless:` may pick customers; not one that names truths that keep them away, and no more."""
    if isinstance(rule, Call) and rule.fn == "||":
        return any(map(_picks, rule.args))
    return not (isinstance(rule, Var) and rule.name.startswith(("profile.", "protective.")))


def _tests(rule: Expr) -> Iterator[Expr]:
    """Yield the parts of a rule that are joined by logic alone."""
    if isinstance(rule, Call) and rule.fn in ("&&", "||", "!", "?:"):
        for part in rule.args:
            yield from _tests(part)
    else:
        yield rule


def _texts(test: Expr) -> Iterator[str]:
    for node in walk(test):
        if isinstance(node, Const):
            values = node.value if isinstance(node.value, tuple) else (node.value,)
            yield from (value for value in values if isinstance(value, str))


def all_labels(policy: Policy) -> Mapping[tuple[str, str], Labels]:
    """Return the labels of every treatment, by the ids of offer and treatment."""
    labeller = Labeller(policy)
    return {(offer.id, t.id): labeller.labels(offer, t) for offer in policy.offers for t in offer.treatments}
