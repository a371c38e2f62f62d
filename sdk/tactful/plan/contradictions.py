"""What a policy says that cannot be meant: names of what is not there, numbers out of range, rules that are ill typed.

Rules that would grow beyond measure, as segments build on one another, are found out as well. The compiler of policies
makes no such names, numbers and types; this is for policies that come from a bundle, however they were made.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from math import inf
from typing import Final

from ..against_stated import misnamed
from ..errors import ValueRefused
from ..events import Events, misused
from ..expr import Expr, Var, conjuncts, reads, walk
from ..expr import text as written
from ..holdouts import key_of
from ..offers import MomentKind, Offer
from ..pieces import in_pieces
from ..policy import Boost, Policy
from ..schema import ValueType
from ..score_model import Term, faults_of
from ..triggers import Trigger
from ..triggers import misused as misused_triggers
from .rule_types import Variables, faults
from .slots import BUILT_IN_CONTEXT, direct_variables

#: Sections whose items have names, with the name's field; a policy needs some of the first five.
_NAMED: Final = {
    "channels": "name",
    "placements": "name",
    "topics": "name",
    "purposes": "name",
    "offers": "id",
    "attributes": "name",
    "context": "name",
    "segments": "name",
    "holdouts": "name",
    "triggers": "name",
}
_NEEDED: Final = tuple(_NAMED)[:5]
_SLOTS_MAX: Final = 1000
_FINITE: Final = 1e100
_ROUNDING: Final = 1e-9
_SIGNATURES_MAX: Final = 16
#: As the reader of policies takes lengths of time [s].
_LENGTH_MAX_S: Final = 2**40
#: Of a rule, with the segments that it reads in their place.
PARTS_MAX: Final = 10_000
_ONE_VALUE: Final = frozenset(ValueType) - {
    ValueType.SCORES,
    ValueType.TEXTS,
    ValueType.INTS,
    ValueType.NUMBERS,
}
_Names = Mapping[str, frozenset[str]]


def contradictions(policy: Policy) -> Iterator[str]:
    """Yield what a policy says that cannot be meant, in words; nothing if all of it can."""
    listed: dict[str, list[str]] = {}
    for section, field in _NAMED.items():
        listed[section] = [getattr(one, field) for one in in_pieces(getattr(policy, section))]
    for section, names in listed.items():
        if not names and section in _NEEDED:
            yield f"the policy has no {section}"
        yield from (
            f"{section}: {name!r} is there twice" for name, count in in_pieces(Counter(names).items()) if count > 1
        )
    there = {section: frozenset(names) for section, names in listed.items()}
    for where, section, named in _references(policy):
        yield from (
            f"{where}: there is no {name!r} among the {section}" for name in named if name not in there[section]
        )
    yield from (f"attribute {why}" for _, why in misnamed(policy.attributes))
    yield from _numbers(policy)
    yield from (why for _, why in misused(policy.events, dict(policy.identifiers)))
    yield from (why for _, why in misused_triggers(policy.triggers, _outbound(policy)))
    yield from _keys(policy)
    for offer in in_pieces(policy.offers):
        yield from _treatments(policy, offer)
        if offer.asks and f"missing(profile.{offer.asks})" not in map(written, conjuncts(offer.when)):
            yield f"offer {offer.id} asks for {offer.asks!r} also those of whom it is known"
        if offer.moment is not None and (offer.moment is MomentKind.ASK) != bool(offer.asks):
            yield f"offer {offer.id} is no {offer.moment.value}: {'it asks' if offer.asks else 'it asks nothing'}"
    yield from _rules(policy, there)
    try:
        yield from (
            f"{name} has more than {PARTS_MAX} parts, with the segments that it reads" for name in oversized(policy)
        )
    except CycleError:
        yield "the segments go round in a circle"


def _references(policy: Policy) -> Iterator[tuple[str, str, Iterable[str]]]:
    """Yield which names of which section are named where."""
    for placement in policy.placements:
        yield f"placement {placement.name}", "channels", [placement.channel]
        yield f"placement {placement.name}", "topics", placement.topics
    for topic in policy.topics:
        yield f"topic {topic.name}", "topics", [*_some(topic.under), *topic.related, *topic.forbidden]
    for purpose in policy.purposes:
        yield f"purpose {purpose.name}", "purposes", _some(purpose.under)
    for attribute in policy.attributes:
        yield f"attribute {attribute.name}", "topics", _some(attribute.topic)
        yield f"attribute {attribute.name}", "attributes", [*attribute.derived_from, *_some(attribute.checked_by)]
        yield f"attribute {attribute.name}", "purposes", attribute.purposes
    for offer in in_pieces(policy.offers):
        yield f"offer {offer.id}", "topics", [offer.topic]
        yield f"offer {offer.id}", "purposes", [offer.purpose]
        yield f"offer {offer.id}", "placements", offer.placements
        yield f"offer {offer.id}", "channels", [*offer.channels, *(c for t in offer.treatments for c in t.channels)]
    for holdout in policy.holdouts:
        yield f"holdout {holdout.name}", "topics", holdout.topics
        yield f"holdout {holdout.name}", "offers", holdout.offers
    for one in policy.expectations:
        yield "an expectation", "segments", [one.segment]
        yield "an expectation", "offers", [one.offer]
    for what, asked in _ranked(policy):
        yield what, "offers", asked.offers
        yield what, "topics", asked.topics
    yield "the ranking", "attributes", _some(policy.ranking.affinity)
    for use in policy.enrichers:
        yield f"enricher {use.name}", "attributes", (*use.reads, *use.gives)
    yield from _told_by_events(policy.events)
    yield from _asked_by_events(policy.triggers)


def _asked_by_events(triggers: Iterable[Trigger]) -> Iterator[tuple[str, str, Iterable[str]]]:
    for one in triggers:
        yield f"trigger {one.name}", "placements", [one.placement]
        yield f"trigger {one.name}", "context", [attribute for _, attribute in one.properties]


def _outbound(policy: Policy) -> Mapping[str, bool]:
    """Return whether a placement's channel is outbound, by placement; without those whose channel is not there."""
    goes_out = {one.name: one.outbound for one in policy.channels}
    return {one.name: goes_out[one.channel] for one in policy.placements if one.channel in goes_out}


def _told_by_events(events: Events) -> Iterator[tuple[str, str, Iterable[str]]]:
    for category in events.consents:
        yield f"consent category {category.name}", "purposes", category.purposes
    for feed in events.feeds:
        yield f"a feed of {feed.kind.value}", "attributes", [feed.attribute]
    for contact in events.contacts:
        yield f"event {contact.event}", "topics", [contact.topic] if contact.topic else []
        yield f"event {contact.event}", "purposes", _some(contact.purpose)


def _ranked(policy: Policy) -> Iterator[tuple[str, Boost | Term]]:
    yield from (("a boost", boost) for boost in policy.ranking.boosts)
    yield from (("a term", term) for term in _terms(policy))


def _terms(policy: Policy) -> tuple[Term, ...]:
    return () if policy.ranking.model is None else policy.ranking.model.terms


def _some(name: str | None) -> list[str]:
    return [] if name is None else [name]


def _numbers(policy: Policy) -> Iterator[str]:
    """Yield the numbers that are out of their range."""
    for what, number, low, high in (*_stated(policy), *_chosen(policy)):
        if not low <= number <= high:
            yield f"{what} is not from {low:g} to {high:g}"
    for what, number, high in in_pieces(_offered(policy)):
        if not 0 <= number <= high:
            yield f"{what} is not from 0 to {high:g}"
    yield from () if policy.ranking.model is None else faults_of(policy.ranking.model)


def _stated(policy: Policy) -> Iterator[tuple[str, float, float, float]]:
    """Yield the numbers of the policy as a whole, each with the least and the greatest that it may be."""
    values, ranking = policy.values, policy.ranking
    yield "exposure_margin", values.exposure_margin, 0, 1
    yield "reserve_s", values.reserve_s, 1, inf
    yield "token_s", values.token_s, 1, inf
    yield "signatures", values.signatures, 1, _SIGNATURES_MAX
    yield "holdouts_max", values.holdouts_max, 0, 1
    yield from ((f"share of holdout {one.name}", one.share, 0, 1) for one in policy.holdouts)
    yield "the holdouts' shares", sum(one.share for one in policy.holdouts), 0, values.holdouts_max + _ROUNDING
    yield "the ranking's absent", ranking.absent, 0, _FINITE
    yield "the ranking's ceiling", ranking.ceiling, 0, _FINITE
    yield "the ranking's satisfaction", ranking.satisfaction, 0, _FINITE
    yield "the ranking's retention", ranking.retention, 0, _FINITE


def _chosen(policy: Policy) -> Iterator[tuple[str, float, float, float]]:
    """Yield the numbers of feeds, boosts, triggers and placements."""
    yield from (("confidence of a feed", feed.confidence, 0, 1) for feed in policy.events.feeds)
    yield from (("times of a boost", boost.times, 0, _FINITE) for boost in policy.ranking.boosts)
    yield from ((f"lasts of trigger {one.name}", one.lasts_s, 1, _LENGTH_MAX_S) for one in policy.triggers)
    yield from ((f"count of trigger {one.name}", one.count, 1, _FINITE) for one in policy.triggers)
    yield from ((f"within of trigger {one.name}", one.within_s, 1, _LENGTH_MAX_S) for one in policy.triggers)
    yield from ((f"slots of {p.name}", p.slots, 1, _SLOTS_MAX) for p in policy.placements)
    yield from ((f"per_topic of {p.name}", p.per_topic, 1, inf) for p in policy.placements if p.per_topic is not None)


def _offered(policy: Policy) -> Iterator[tuple[str, float, float]]:
    """Yield the numbers of offers, none of which may be less than 0, each with the greatest that it may be."""
    for offer in policy.offers:
        yield f"value of {offer.id}", offer.value, _FINITE
        yield f"chance of {offer.id}", offer.chance, 1
        yield f"satisfaction of {offer.id}", offer.satisfaction or 0, 1
        yield f"retention of {offer.id}", offer.retention or 0, 1
        yield from ((f"lift of {offer.id}/{one.id}", one.lift, _FINITE) for one in offer.treatments)


def _keys(policy: Policy) -> Iterator[str]:
    try:
        key_of(policy.values.holdout_key) if policy.holdouts else None
    except ValueRefused as error:
        yield str(error)


def _treatments(policy: Policy, offer: Offer) -> Iterator[str]:
    ids = [treatment.id for treatment in offer.treatments]
    if not ids or len(set(ids)) < len(ids):
        yield f"offer {offer.id}: it needs treatments, each with an id of its own"
    for treatment in offer.treatments:
        if not set(policy.values.languages[:1]) & {language for language, _ in treatment.content}:
            yield f"offer {offer.id}: {treatment.id} says nothing in the policy's first language"


def _rules(policy: Policy, there: _Names) -> Iterator[str]:
    """Yield what is wrong with the policy's rules, each where it stands."""
    moment, offered, guarded = _variables(policy, there)
    for segment in policy.segments:
        yield from _told(f"segment {segment.name}", faults(segment.when, offered, _is_bool))
    for boost in policy.ranking.boosts:
        yield from _told("a boost", faults(boost.when, moment, _is_bool))
    for term in _terms(policy):
        yield from _told("a term", faults(term.when, moment, _is_bool))
    known = {name: type_ for name, type_ in moment.items() if not name.startswith("channel.")}
    for trigger in policy.triggers:
        yield from _told(f"trigger {trigger.name}", faults(trigger.when, known, _is_bool))
    for text, condition in in_pieces(policy.conditions):
        yield from _told(f"the condition {text!r}", faults(condition, guarded, _is_bool))
    protected = {name: type_ for name, type_ in guarded.items() if name.startswith("protective.")}
    for offer in in_pieces(policy.offers):
        yield from _told(f"offer {offer.id}", faults(offer.when, offered, _is_bool))
        for clause in offer.unless:
            yield from _told(f"offer {offer.id}", faults(clause, {**offered, **protected}, _is_bool))
        for part in (p for t in offer.treatments for _, fields in t.content for f in fields for p in f.parts):
            if not isinstance(part, str):
                yield from _told(f"offer {offer.id}", faults(part, offered, _ONE_VALUE.__contains__))


def oversized(policy: Policy) -> Iterator[str]:
    """
    Yield which segments (`segment.x`) and offers have rules that grow too large when segments are put in place.

    Each level of segments may double a rule.

    Raises:
        CycleError: If segments go round in a circle.
    """
    segments = {f"segment.{segment.name}": segment.when for segment in policy.segments}
    sizes: dict[str, int] = {}

    def size(rule: Expr) -> int:
        return sum(sizes.get(node.name, 1) if isinstance(node, Var) else 1 for node in walk(rule))

    for name in TopologicalSorter({n: reads(r) & segments.keys() for n, r in segments.items()}).static_order():
        sizes[name] = size(segments[name])
        if sizes[name] > PARTS_MAX:
            yield name
    for offer in in_pieces(policy.offers):
        if any(size(rule) > PARTS_MAX for rule in (offer.when, *offer.unless)):
            yield offer.id


def _told(where: str, found: Iterable[str]) -> Iterator[str]:
    return (f"{where}: {fault}" for fault in found)


def _is_bool(type_: ValueType) -> bool:
    return type_ is ValueType.BOOL


def _variables(policy: Policy, there: _Names) -> tuple[Variables, Variables, Variables]:
    """Return what boosts can read, what offers and segments can, and what conditions of guardrails can."""
    text, time, bool_ = ValueType.TEXT, ValueType.TIME, ValueType.BOOL
    moment = {f"context.{a.name}": a.type for a in (*BUILT_IN_CONTEXT, *policy.context)}
    moment |= {"now": time, "channel.name": text, "channel.privacy": text}
    readable = [a for a in policy.attributes if a.type is not ValueType.SCORES]
    offered = moment | {f"profile.{a.name}": a.type for a in readable}
    offered |= {f"segment.{name}": bool_ for name in there["segments"]}
    guarded = moment | {f"protective.{a.name}": a.type for a in readable if a.protect}
    guarded |= {name: type_ for a in readable for name, type_ in direct_variables(a).items()}
    guarded |= {"identity.kind": text, "snapshot.at": time, "consents.at": time}
    for purpose in there["purposes"]:
        parts = {"given": bool_, "refused": bool_, "how": text, "at": time}
        guarded |= {f"consent.{purpose}.{part}": type_ for part, type_ in parts.items()}
    return moment, offered, guarded
