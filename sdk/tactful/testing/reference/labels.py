"""Labels: how much a treatment shows that it knows, by following what its texts and rules are made of.

A label is a question about all that can be reached from a variable: through segments to what their rules read, and
from an attribute to those that it is derived from.
"""

from collections.abc import Iterable, Sequence

from ...expr import Call, Const, Expr, Var, reads, walk
from ...familiarity import Familiarity
from ...labels import Labels
from ...offers import Offer, Treatment
from ...policy import Policy
from ...schema import Attribute, Sensitivity, Source


def labels(policy: Policy, offer: Offer, treatment: Treatment) -> Labels:
    """Return the labels of one treatment of an offer."""
    rules = [offer.when, *offer.unless]
    texts = [part for _, fields in treatment.content for field in fields for part in field.parts]
    parts = [part for part in texts if not isinstance(part, str)]
    basis = _highest(familiarity(policy, name) for name in _variables(rules))
    tone = max(_highest(familiarity(policy, name) for name in _variables(parts)), treatment.raise_to)
    if basis is Familiarity.PERSONAL and treatment.signed_by == "":
        tone = max(tone, Familiarity.SEGMENT)
    return Labels(
        tone=Familiarity(tone),
        basis=basis,
        shows=_attributes(policy, _variables(parts)),
        evidence=_attributes(policy, _variables(rules)),
        topics=_topics(policy, [*rules, *parts]),
        sensitivity=_sensitivity_of_rules(policy, [*rules, *parts]),
        shows_sensitivity=_sensitivity_of_rules(policy, parts),
        joined=_topics(policy, [offer.when, *parts, *(rule for rule in offer.unless if not _keeps_away(rule))]),
    )


def _keeps_away(rule: Expr) -> bool:
    """Return whether a rule says no more than that one of some attributes is true."""
    if isinstance(rule, Call):
        return rule.fn == "||" and all(_keeps_away(part) for part in rule.args)
    return isinstance(rule, Var) and _split(rule.name)[0] == "attribute"


def familiarity(policy: Policy, name: str) -> Familiarity:
    """Return how much reading a variable shows that one knows."""
    kind, rest = _split(name)
    if kind == "attribute":
        return Familiarity.PERSONAL
    if kind != "segment":
        return Familiarity.CONTEXT
    segment = next((one for one in policy.segments if one.name == rest), None)
    if segment is None or is_circular(policy, name):
        return Familiarity.PERSONAL
    inner = _highest(familiarity(policy, part) for part in reads(segment.when))
    is_large = segment.size is not None and segment.size >= policy.values.min_segment
    return min(inner, Familiarity.SEGMENT) if is_large else inner


def sensitivity(policy: Policy, name: str) -> Sensitivity:
    """Return the greatest sensitivity of all that a variable is made of; what is unknown or circular is intimate."""
    greatest = Sensitivity.ORDINARY
    for part in {name} | reached(policy, name):
        kind, rest = _split(part)
        if kind == "attribute":
            attribute = _attribute(policy, rest)
            own = Sensitivity.INTIMATE if attribute is None else _own_sensitivity(attribute)
            greatest = max(greatest, own, topic_sensitivity(policy, None if attribute is None else attribute.topic))
        if kind == "segment":
            rules = _rules_of(policy, part)
            greatest = max([greatest, *(topic_sensitivity(policy, one) for one in _named(policy, rules))])
            greatest = greatest if rules else Sensitivity.INTIMATE
        if is_circular(policy, part):
            greatest = Sensitivity.INTIMATE
    return greatest


def _own_sensitivity(attribute: Attribute) -> Sensitivity:
    """Return what is said of an attribute; one that was bought, and nobody says of what it was made, is sensitive."""
    is_known = attribute.source is not Source.THIRD_PARTY or attribute.collected != "" or attribute.derived_from != ()
    return attribute.sensitivity if is_known else max(attribute.sensitivity, Sensitivity.SENSITIVE)


def _sensitivity_of_rules(policy: Policy, rules: Sequence[Expr]) -> Sensitivity:
    by_variable = [sensitivity(policy, name) for name in _variables(rules)]
    by_name = [topic_sensitivity(policy, topic) for topic in _named(policy, rules)]
    return max([Sensitivity.ORDINARY, *by_variable, *by_name])


def _named(policy: Policy, rules: Iterable[Expr]) -> set[str]:
    """Return the topics whose names stand in questions about the profile: `"baby" in profile.bought`."""
    found: set[str] = set()
    for question in [question for rule in rules for question in _questions(rule)]:
        if any(_split(name)[0] == "attribute" for name in reads(question)):
            constants = [node.value for node in walk(question) if isinstance(node, Const)]
            texts = [text for one in constants for text in (one if isinstance(one, tuple) else (one,))]
            found |= {topic.name for topic in policy.topics if topic.name in texts}
    return found


def _questions(rule: Expr) -> list[Expr]:
    """Return the parts of a rule that only logic joins."""
    if isinstance(rule, Call) and rule.fn in {"&&", "||", "!", "?:"}:
        return [question for part in rule.args for question in _questions(part)]
    return [rule]


def topic_sensitivity(policy: Policy, name: str | None) -> Sensitivity:
    """Return a topic's sensitivity: the greatest of it and all wider ones; an unknown topic is intimate."""
    if name is None:
        return Sensitivity.ORDINARY
    known = {topic.name: topic.sensitivity for topic in policy.topics}
    if name not in known:
        return Sensitivity.INTIMATE
    return max(known[one] for one in lineage(policy, name) if one in known)


def lineage(policy: Policy, topic: str) -> tuple[str, ...]:
    """Return a topic and all wider ones that the policy has."""
    under = {one.name: one.under for one in policy.topics}
    found = [topic]
    wider = under.get(topic)
    while wider is not None and wider in under and wider not in found:
        found.append(wider)
        wider = under[wider]
    return tuple(found)


def reached(policy: Policy, name: str) -> set[str]:
    """Return all that a variable is made of; itself among it only if it is made of itself."""
    found: set[str] = set()
    waiting = list(_parts(policy, name))
    while waiting:
        part = waiting.pop()
        if part not in found:
            found.add(part)
            waiting.extend(_parts(policy, part))
    return found


def is_circular(policy: Policy, name: str) -> bool:
    """Return whether a variable is made of itself, however far round."""
    return name in reached(policy, name)


def read_attributes(policy: Policy, offer: Offer, treatment: Treatment) -> frozenset[str]:
    """Return all attributes that a treatment's rules, texts and ranking read, and all that these are made of."""
    texts = [part for _, fields in treatment.content for field in fields for part in field.parts]
    names = set(_variables([offer.when, *offer.unless, *(part for part in texts if not isinstance(part, str))]))
    if policy.ranking.affinity is not None:
        names.add(f"profile.{policy.ranking.affinity}")
    everything = names.union(*(reached(policy, name) for name in names))
    return frozenset(rest for kind, rest in map(_split, everything) if kind == "attribute")


def _parts(policy: Policy, name: str) -> Iterable[str]:
    """Return what a variable is made of directly."""
    kind, rest = _split(name)
    if kind == "segment":
        return _variables(_rules_of(policy, name))
    attribute = _attribute(policy, rest) if kind == "attribute" else None
    return () if attribute is None else [f"profile.{origin}" for origin in attribute.derived_from]


def _rules_of(policy: Policy, name: str) -> list[Expr]:
    """Return the rule of a segment, by its variable; of anything else, none."""
    kind, rest = _split(name)
    return [one.when for one in policy.segments if kind == "segment" and one.name == rest]


def _attributes(policy: Policy, names: frozenset[str]) -> frozenset[str]:
    """Return the attributes among variables, and those that segments among them read."""
    found = set(names).union(*(_through_segments(policy, name) for name in names if name.startswith("segment.")))
    found = found.union(*(reached(policy, name) for name in found if is_circular(policy, name)))
    return frozenset(_split(name)[1] for name in found if _split(name)[0] == "attribute")


def _through_segments(policy: Policy, name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for part in _parts(policy, waiting.pop()):
            if part not in found:
                found.add(part)
                waiting += [part] if part.startswith("segment.") else []
    return found


def _topics(policy: Policy, rules: Sequence[Expr]) -> frozenset[str]:
    """Return the topics of all attributes that rules are made of, and those that they look for by name."""
    names = _variables(rules)
    everything = set(names).union(*(reached(policy, name) for name in names))
    attributes = [_attribute(policy, rest) for kind, rest in map(_split, everything) if kind == "attribute"]
    topics = {one.topic for one in attributes if one is not None and one.topic}
    inner = [rule for name in everything for rule in _rules_of(policy, name)]
    return frozenset(topics | _named(policy, [*rules, *inner]))


def _attribute(policy: Policy, name: str) -> Attribute | None:
    return next((one for one in policy.attributes if one.name == name), None)


def _split(name: str) -> tuple[str, str]:
    space, _, rest = name.partition(".")
    return {"profile": "attribute", "protective": "attribute", "segment": "segment"}.get(space, "moment"), rest


def _variables(rules: Iterable[Expr]) -> frozenset[str]:
    return frozenset(name for rule in rules for name in reads(rule))


def _highest(found: Iterable[Familiarity]) -> Familiarity:
    return max(found, default=Familiarity.GENERIC)
