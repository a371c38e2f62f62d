"""Shortlist: the best few offers in the order of a score model, then the rest in their own. It withholds nothing.

The engine's own order says which offers are on it, out of those that may be shown: the model is asked for no others,
and can bring none back. It is arithmetic on weights: it waits for nothing, and has a score for every offer.
"""

from collections.abc import Iterator
from typing import Protocol

from ..plan.scoring import ScoringPlan
from ..plan.worth import RankedOffer
from ..score_model import Term
from .rank import Best, Listed, Walk


class Affine(Protocol):
    """What tells a customer's affinities (`Factors`)."""

    def affinity(self, ranked: RankedOffer) -> float:
        """Return the customer's affinity to an offer, as far as it may rank it; else what all have."""
        ...


class Shortlist:
    """Gives one decision its best offers: those of a shortlist by worth x score, then all others by worth."""

    __slots__ = ("_factors", "_holding", "_left", "_ranking", "_scores", "_scoring")

    def __init__(self, ranking: Walk | Listed, scoring: ScoringPlan, factors: Affine, holding: int) -> None:
        """
        Make a shortlist; who is on it is found when it is asked first.

        Args:
            ranking: The engine's own order.
            scoring: The model.
            factors: Tells the customer's affinities.
            holding: The terms of the model that hold, as bits.
        """
        self._ranking = ranking
        self._scoring = scoring
        self._factors = factors
        self._holding = holding
        #: The offers that were scored, by their index.
        self._scores: dict[int, float] = {}
        self._left: Iterator[tuple[float, RankedOffer]] | None = None

    def best(self, open_: int) -> Best | None:
        """Return the best offer of which a treatment is open; what is open only ever becomes less."""
        if self._left is None:
            self._left = iter(self._scored(open_))
        for worth, offer in self._left:
            there = open_ >> offer.start & offer.mask
            if there:
                return worth, offer, there
        return self._ranking.best(open_)

    def score(self, offer: RankedOffer) -> float | None:
        """Return the score of an offer, or None if it was not on the shortlist."""
        return self._scores.get(offer.index)

    def contributions(self, offer: RankedOffer) -> Iterator[tuple[Term, float]]:
        """Yield each term that acts on an offer, with what it adds to the log-odds."""
        yield from self._scoring.contributions(offer, self._holding, self._factors.affinity(offer))

    def _scored(self, open_: int) -> list[tuple[float, RankedOffer]]:
        """Return the shortlist in the order of worth x score."""
        found: list[tuple[float, RankedOffer]] = []
        while len(found) < self._scoring.model.shortlist and (best := self._ranking.best(open_)) is not None:
            worth, offer, there = best
            open_ ^= there << offer.start
            score = self._scoring.score(offer, self._holding, self._factors.affinity(offer))
            self._scores[offer.index] = score
            found.append((worth * score, offer))
        found.sort(key=lambda pair: (not pair[1].helps, -pair[0], pair[1].index))
        return found
