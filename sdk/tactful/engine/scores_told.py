"""Scores told: what a score model said of the offers shown, in words. It scores nothing."""

from collections.abc import Iterator, Sequence

from ..score_model import term_words
from .moment import Moment

#: What a part of a model said, in words, and what it added to the log-odds.
Parts = tuple[tuple[str, float], ...]


def scores(moment: Moment) -> Iterator[tuple[str, float, Parts]]:
    """Yield the offers shown that were scored, with their scores and what each part added to the log-odds."""
    model, shortlist = moment.plan.policy.ranking.model, moment.shortlist
    if model is None or shortlist is None:
        return
    for ranked in (one.ranked for one in moment.chosen):
        score = shortlist.score(ranked)
        if score is not None:
            added = ((term_words(term), number) for term, number in shortlist.contributions(ranked))
            yield ranked.offer.id, score, (("to begin with", model.intercept), *added)


def told(score: float, parts: Parts) -> Sequence[str]:
    """Return the lines that tell a score and its parts."""
    return [f"    score {score:.3g}", *(f"      {number:+.3g} {what}" for what, number in parts)]
