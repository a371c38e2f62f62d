"""A score model: a logistic model that puts a shortlist of offers in order. It is weights in the policy, and no code.

What it can read is what ranks without it: the moment, the customer's affinity as far as a purpose may see it, and the
offer. It reads no other attribute; what was learned from these comes as affinities, which say what they are made of.
"""

import enum
import math
from collections.abc import Iterator
from typing import Final

import attrs

from .expr import TRUE, Expr, text
from .offers import MomentKind

#: A shortlist is at most so long: each offer on it is looked for, and scored.
SHORTLIST_MAX: Final = 200
#: Each of them is looked at in every decision.
TERMS_MAX: Final = 500
#: No weight is further from 0.
WEIGHT_MAX: Final = 100.0
#: Beyond these log-odds a score is as good as 0 or 1.
_LOG_ODDS_MAX: Final = 30.0


class Feature(enum.Enum):
    """What a weight is multiplied with: 1, the customer's affinity to the offer, or the chance that it is taken."""

    ONE = "one"
    AFFINITY = "affinity"
    CHANCE = "chance"


_WORDS: Final = {Feature.ONE: "", Feature.AFFINITY: "the customer's affinity", Feature.CHANCE: "its chance"}


@attrs.frozen
class Term:
    """
    What a model adds to the log-odds of some offers, while a condition on the moment is surely true.

    Attributes:
        weight: The learned weight, -100 to 100.
        of: What it is multiplied with.
        when: The condition; it reads context, channel and time only.
        offers: The offers that it concerns; with the three below, all offers if none of them names any.
        topics: Topics, with those under them.
        tags: Tags of offers.
        moments: Kinds of moment.
    """

    weight: float
    of: Feature = Feature.ONE
    when: Expr = TRUE
    offers: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    moments: tuple[MomentKind, ...] = ()


@attrs.frozen
class ScoreModel:
    """
    A logistic model over a shortlist: score = 1 / (1 + exp(-(intercept + the sum of its terms))); worth x score.

    Attributes:
        terms: What it adds up.
        intercept: The log-odds of an offer that no term concerns, -100 to 100.
        shortlist: So many offers are scored on a page: the best ones without the model that may be shown, 1 to 200.
    """

    terms: tuple[Term, ...]
    intercept: float = 0.0
    shortlist: int = 50


def faults_of(model: ScoreModel) -> Iterator[str]:
    """Yield what is wrong with a model's numbers."""
    if not 1 <= len(model.terms) <= TERMS_MAX:
        yield f"a model has {len(model.terms)} terms, not 1 to {TERMS_MAX}"
    if not 1 <= model.shortlist <= SHORTLIST_MAX:
        yield f"a model's shortlist of {model.shortlist} is not from 1 to {SHORTLIST_MAX}"
    weights = [("intercept", model.intercept), *((f"weight {n}", one.weight) for n, one in enumerate(model.terms, 1))]
    for what, number in weights:
        if not -WEIGHT_MAX <= number <= WEIGHT_MAX:
            yield f"a model's {what} is not from {-WEIGHT_MAX:g} to {WEIGHT_MAX:g}"


def logistic(log_odds: float) -> float:
    """
    Return a score, above 0 and below 1.

    Source: the logistic function, as in D. R. Cox, The regression analysis of binary sequences (1958).
    """
    return 1.0 / (1.0 + math.exp(-max(-_LOG_ODDS_MAX, min(_LOG_ODDS_MAX, log_odds))))


def term_words(term: Term) -> str:
    """
    Return for what a term stands, in words.

    >>> term_words(Term(0.5, Feature.AFFINITY, topics=("bread", "wine")))
    "the customer's affinity for bread, wine"
    """
    names = (*term.offers, *term.topics, *term.tags, *(kind.value for kind in term.moments))
    which = f"for {', '.join(names)}" if names else ""
    when = "" if term.when == TRUE else f"while {text(term.when)}"
    return " ".join(part for part in (_WORDS[term.of], which, when) if part) or "for every offer"
