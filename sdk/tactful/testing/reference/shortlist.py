"""The shortlist in the reference engine: the best few by worth x score, then the rest by worth."""

import math
from collections.abc import Callable, Sequence

from ...offers import Intent, Offer
from ...policy import Policy
from ...score_model import Feature, ScoreModel, Term
from ..interpreter import evaluate
from .answer import Entry
from .compose import Composer
from .known import GuardrailsKnow
from .worth import concerns

#: Offers with their worth and those of their treatments that are allowed, the best offer first.
Ranked = Sequence[tuple[float, list[Entry]]]


def shortlisted(
    policy: Policy, know: GuardrailsKnow, ranked: Ranked, composer: Composer, affinity: Callable[[Offer], float]
) -> Ranked:
    """
    Return offers in the order in which they fill a page.

    Args:
        policy: The policy.
        know: What the conditions of a model can read.
        ranked: The offers in the order of worth, without the model.
        composer: Tells which of them an empty page has room for.
        affinity: Tells the customer's affinity to an offer, as far as it may rank it.
    """
    model = policy.ranking.model
    if model is None:
        return ranked
    fitting = []
    for worth, entries in ranked:
        left = [entry for entry in entries if not composer.no_room(entry, [])]
        if left and composer.room(left[0].offer, []) is not None:
            fitting.append((worth, entries))
    first = fitting[: model.shortlist]
    scored = []
    for worth, entries in first:
        offer = entries[0].offer
        scored.append((worth * score(policy, model, offer, know, affinity(offer)), entries))
    scored.sort(key=lambda one: (one[1][0].offer.intent is not Intent.HELP, -one[0]))
    return [*scored, *fitting[model.shortlist :]]


def score(policy: Policy, model: ScoreModel, offer: Offer, know: GuardrailsKnow, affinity: float) -> float:
    """Return what a model says of an offer, above 0 and below 1."""
    log_odds = model.intercept
    for term in model.terms:
        if concerns(policy, term, offer) and evaluate(term.when, know) is True:
            log_odds += term.weight * _value(term, offer, affinity)
    return 1 / (1 + math.exp(-min(max(log_odds, -30.0), 30.0)))


def _value(term: Term, offer: Offer, affinity: float) -> float:
    match term.of:
        case Feature.AFFINITY:
            return affinity
        case Feature.CHANCE:
            return offer.chance
    return 1.0
