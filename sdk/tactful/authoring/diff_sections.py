"""In which direction each part of a policy loosens, section by section; guardrails say it for themselves.

A part that is not listed here is compared all the same: of it a change cannot be told, and has to be read.
"""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from ..catalog import Catalog
from ..consent import LegalBasis, Purpose, Regime
from ..expr import conjuncts, text
from ..offers import Offer, OfferClass, Treatment
from ..policy import Policy, Segment
from ..schema import Attribute, Source
from ..score_model import ScoreModel, term_words
from ..topics import TopicGraph
from . import diff_events
from .comparing import Direction, Kind, Part, Parts, parts_of

_NEITHER: Final = "neither"
_GUESSES: Final = {"bought": Source.THIRD_PARTY, "guessed": Source.MODELLED}
_VALUES: Final[Mapping[str, Direction]] = {
    "dial": ("conservative", "balanced", "bold"),
    "exposure_margin": "less",  # the price that is paid for showing less
    "min_segment": "less",
    "languages": _NEITHER,
    "reserve_s": "less",
    "token_s": _NEITHER,
    "evidence_s": "more",  # what is kept of a customer for longer can be read for longer
    "signatures": "less",
    "holdout_key": _NEITHER,
    "holdouts_max": _NEITHER,
}
_CHANNEL: Final[Mapping[str, Direction]] = {
    "privacy": "more",  # said to be more private, it may show more
    "outbound": "less",  # what we do not begin needs no ground to be sent
    "escape": ("html", "none"),
    "tone": "more",
    "basis": "more",
}
_PLACEMENT: Final[Mapping[str, Direction]] = {
    "slots": "more",
    "topics": "wider",
    "intents": "wider",
    "moments": "wider",
    "per_topic": "more or none",
    "fallback": _NEITHER,
}
_TOPIC: Final[Mapping[str, Direction]] = {
    "sensitivity": "less",
    "blend": "more or none",
    "related": _NEITHER,
    "forbidden": "less",
}
_ATTRIBUTE: Final[Mapping[str, Direction]] = {
    "sensitivity": "less",
    "derived_from": "less",
    "checked_by": _NEITHER,
    "owner": _NEITHER,
    "readers": "wider",
    "purposes": "wider",
    "source": _NEITHER,
    "max_age_s": "more or none",
    "lease_s": "more or none",
    "protect": "less",
    "say": _NEITHER,
}
#: Holdouts only withhold, so that none of them moves a boundary.
_HOLDOUT: Final[Mapping[str, Direction]] = dict.fromkeys(("name", "share", "tags", "topics", "offers"), _NEITHER)
_OFFER: Final[Mapping[str, Direction]] = {
    "when": "less",
    "unless": "less",
    "offer_class": _NEITHER,  # whether it is exempt is told by itself
    "from_us": _NEITHER,
    "until_us": _NEITHER,
    "value": _NEITHER,
    "chance": _NEITHER,
    "satisfaction": _NEITHER,
    "retention": _NEITHER,
    "moment": _NEITHER,
    "affinity": _NEITHER,
    "asks": _NEITHER,
    "gives": _NEITHER,
    "channels": "wider",
    "placements": "wider",
}
_TREATMENT: Final[Mapping[str, Direction]] = {
    "content": _NEITHER,
    "raise_to": "less",
    "lift": _NEITHER,
    "channels": "wider",
}


@attrs.frozen
class Kept:
    """
    A section of the policy as it is compared.

    Attributes:
        name: What each of its things is called.
        of: Gives the things of a policy by name, each with its parts.
        new: What a thing that is new does; one that is gone does the opposite.
    """

    name: str
    of: Callable[[Policy], Mapping[str, Parts]]
    new: Kind = "neither"


def _values(policy: Policy) -> Mapping[str, Parts]:
    return {"": parts_of(policy.values, _VALUES)}


def _topics(policy: Policy) -> Mapping[str, Parts]:
    graph = TopicGraph(policy.topics)
    real = (attrs.evolve(t, sensitivity=graph.sensitivity(t.name), blend=graph.blend(t.name)) for t in policy.topics)
    return {topic.name: parts_of(topic, _TOPIC) for topic in real}


def _purposes(policy: Policy) -> Mapping[str, Parts]:
    return {purpose.name: _purpose(purpose) for purpose in policy.purposes}


def _purpose(purpose: Purpose) -> Parts:
    # With a partner nothing but an explicit consent counts, whatever the ground.
    basis = LegalBasis.CONSENT if purpose.partner else purpose.legal_basis
    silent = frozenset(market for market, regime in purpose.regimes if regime is Regime.OPT_OUT)
    order = tuple(b.value for b in (LegalBasis.CONSENT, LegalBasis.SOFT_OPT_IN, LegalBasis.LEGITIMATE_INTEREST))
    parts = {
        "legal basis": Part(basis, (*order, LegalBasis.CONTRACT.value)),
        "selling": Part(basis is not LegalBasis.CONTRACT, "more"),
        "silence means yes in": Part(tuple(sorted(silent)), "more"),
        "under": Part(purpose.under, "less or none"),
        "say": Part(purpose.say, _NEITHER),
        "dpv": Part(purpose.dpv, _NEITHER),
    }
    return {**parts, **({f"data goes to {purpose.partner}": Part(True, "more")} if purpose.partner else {})}  # noqa: FBT003


def _attributes(policy: Policy) -> Mapping[str, Parts]:
    catalog = Catalog(policy)
    return {attribute.name: _attribute(catalog, attribute) for attribute in policy.attributes}


def _attribute(catalog: Catalog, attribute: Attribute) -> Parts:
    real = attrs.evolve(attribute, sensitivity=catalog.sensitivity(attribute.name))
    # To call a guess an observation lets it pass where guesses do not; to buy what was asked for is no better.
    trusted = Part(attribute.source not in _GUESSES.values(), "more")
    guesses = {name: Part(attribute.source is source, "more") for name, source in _GUESSES.items()}
    return {**parts_of(real, _ATTRIBUTE), "trusted": trusted, **guesses}


def _segments(policy: Policy) -> Mapping[str, Parts]:
    return {segment.name: _segment(policy, segment) for segment in policy.segments}


def _segment(policy: Policy, segment: Segment) -> Parts:
    large = segment.size is not None and segment.size >= policy.values.min_segment
    parts = parts_of(segment, {"say": _NEITHER, "size": _NEITHER})
    return {**parts, "counts as a group": Part(large, "more")}


def _offers(policy: Policy) -> Mapping[str, Parts]:
    return {offer.id: _offer(offer) for offer in policy.offers}


def _offer(offer: Offer) -> Parts:
    parts = parts_of(offer, _OFFER)
    parts["when"] = Part(tuple(map(text, conjuncts(offer.when))), "less")
    parts["unless"] = Part(tuple(map(text, offer.unless)), "less")
    del parts["treatments"]  # a section of their own
    return parts


def _treatments(policy: Policy) -> Mapping[str, Parts]:
    return {f"{offer.id}/{one.id}": _treatment(one) for offer in policy.offers for one in offer.treatments}


def _treatment(treatment: Treatment) -> Parts:
    told = tuple(
        f"{language} {field.name}: {''.join(p if isinstance(p, str) else f'{{{text(p)}}}' for p in field.parts)}"
        for language, fields in treatment.content
        for field in fields
    )
    parts = {**parts_of(treatment, _TREATMENT), "content": Part(told, _NEITHER)}
    del parts["signed_by"]  # a section of their own
    return parts


def _signatures(policy: Policy) -> Mapping[str, Parts]:
    signed = ((offer.id, one) for offer in policy.offers for one in offer.treatments if one.signed_by)
    return {f"of {one.signed_by} for {offer}/{one.id}": {} for offer, one in signed}


def _exempt(policy: Policy) -> Mapping[str, Parts]:
    exempt = (offer for offer in policy.offers if offer.offer_class is not OfferClass.DEFAULT)
    return {f"of {offer.id}, as {offer.offer_class.value}": {} for offer in exempt}


def _ranking(policy: Policy) -> Mapping[str, Parts]:
    it = policy.ranking
    boosts = tuple(
        f"x {b.times:g} while {text(b.when)} ({b.offers} {b.topics} {b.tags} {[m.value for m in b.moments]})"
        + (f" for {b.by}" if b.by else "")
        for b in it.boosts
    )
    parts: dict[str, object] = {**attrs.asdict(it, recurse=False), "boosts": boosts, "model": _model(it.model)}
    return {"": {name: Part(value, _NEITHER) for name, value in parts.items()}}


def _model(model: ScoreModel | None) -> tuple[str, ...] | None:
    """Return a model in words, so that a change tells which weight it is."""
    if model is None:
        return None
    terms = (f"{one.weight:+g} {term_words(one)}" for one in model.terms)
    return (f"a shortlist of {model.shortlist}", f"{model.intercept:+g} to begin with", *terms)


def _expectations(policy: Policy) -> Mapping[str, Parts]:
    """Return what is expected; it decides nothing, so that none of it moves a boundary."""
    directions: dict[str, Direction] = dict.fromkeys(("segment", "offer", "satisfaction", "retention"), _NEITHER)
    return {f"of {one.offer} for {one.segment}": parts_of(one, directions) for one in policy.expectations}


def _enrichers(policy: Policy) -> Mapping[str, Parts]:
    """Return what enrichers read and give: more of it lets more be known."""
    return {
        one.name: {
            "reads": Part(one.reads, "more"),
            "gives": Part(one.gives, "more"),
            "versions": Part(one.versions),
            "settings": Part(str(dict(one.settings))),
        }
        for one in policy.enrichers
    }


#: All sections but the guardrails, in the order in which they are told.
SECTIONS: Final = (
    Kept("values", _values),
    Kept("channel", lambda policy: {c.name: parts_of(c, _CHANNEL) for c in policy.channels}, "looser"),
    Kept("placement", lambda policy: {p.name: parts_of(p, _PLACEMENT) for p in policy.placements}, "looser"),
    Kept("purpose", _purposes, "looser"),
    Kept("topic", _topics),
    Kept("attribute", _attributes, "looser"),
    Kept("segment", _segments),
    Kept("identifier", lambda policy: {name: {"kind": Part(kind)} for name, kind in policy.identifiers}, "unknown"),
    Kept("context", lambda policy: {it.name: parts_of(it, {}) for it in policy.context}),
    Kept("signature", _signatures, "looser"),
    Kept("exemption", _exempt, "looser"),
    Kept("offer", _offers),
    Kept("text", _treatments),
    Kept("ranking", _ranking),
    Kept("expectation", _expectations),
    Kept("events", diff_events.event_settings),
    Kept("feed", diff_events.feeds, "looser"),
    Kept("event", diff_events.event_contacts, "unknown"),
    Kept("consent category", diff_events.categories, "unknown"),
    Kept("trigger", diff_events.triggers, "looser"),
    Kept("enricher", _enrichers, "looser"),
    Kept("holdout", lambda policy: {it.name: parts_of(it, _HOLDOUT) for it in policy.holdouts}),
)
