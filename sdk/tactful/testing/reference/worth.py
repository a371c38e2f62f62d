"""Worth: what each offer is worth in a situation. worth = base worth x affinity x boosts; help comes first."""

from collections.abc import Mapping
from typing import Any

from ...offers import Intent, Offer
from ...policy import Boost, Policy
from ...score_model import Term
from ..interpreter import evaluate
from .known import GuardrailsKnow, OffersKnow
from .labels import lineage


def worth(offer: Offer, know: OffersKnow, *, is_blind: bool) -> float:
    """
    Return what an offer is worth.

    Args:
        offer: The offer.
        know: What its rules can know.
        is_blind: Whether a limit asks that the customer's affinities do not rank it.
    """
    policy = know.guardrails.policy
    factor = affinity(policy, offer, know.affinities(), is_blind=is_blind)
    for boost in policy.ranking.boosts:
        if concerns(policy, boost, offer) and holds(boost, know.guardrails):
            factor *= boost.times
    return base_worth(policy, offer) * factor


def base_worth(policy: Policy, offer: Offer) -> float:
    """Return what an offer is worth before anyone is known: value x chance, and what is expected in the long term."""
    glad = 0.0 if offer.satisfaction is None else offer.satisfaction
    stay = 0.0 if offer.retention is None else offer.retention
    return offer.value * offer.chance + (policy.ranking.satisfaction * glad + policy.ranking.retention * stay)


def affinity(policy: Policy, offer: Offer, affinities: Any, *, is_blind: bool) -> float:
    """Return the customer's affinity to an offer; of a customer whose affinities are not known, what all have."""
    ranking = policy.ranking
    if is_blind or not isinstance(affinities, Mapping):
        return ranking.absent
    known: float = affinities.get(offer.affinity, ranking.absent)
    return min(known, ranking.ceiling)


def is_personal(offer: Offer, know: OffersKnow, *, is_blind: bool) -> bool:
    """Return whether the customer's own affinity ranks an offer."""
    affinities = know.affinities()
    return not is_blind and isinstance(affinities, Mapping) and offer.affinity in affinities


def concerns(policy: Policy, boost: Boost | Term, offer: Offer) -> bool:
    """Return whether a boost, or a term of a model, is for an offer; one that names nothing is for all."""
    if not boost.offers and not boost.topics and not boost.tags and not boost.moments:
        return True
    about = lineage(policy, offer.topic)
    return (
        offer.id in boost.offers
        or any(topic in boost.topics for topic in about)
        or any(tag in boost.tags for tag in offer.tags)
        or offer.moment in boost.moments
    )


def holds(boost: Boost, know: GuardrailsKnow) -> bool:
    """Return whether a boost's condition surely holds."""
    return evaluate(boost.when, know) is True


def place_in_order(offer: Offer, worth: float, number: int) -> tuple[bool, float, int]:
    """Return the key that puts the best offer first: help, then the greater worth, then the policy's own order."""
    return offer.intent is not Intent.HELP, -worth, number
