"""A score model, compiled: which of its terms hold at a moment, and what they say of an offer. It orders nothing."""

from collections.abc import Callable, Iterator
from typing import Final

import attrs

from ..expr import TRUE
from ..score_model import Feature, ScoreModel, Term, logistic
from .fuse import single
from .slots import Slots
from .worth import RankedOffer

_SUMS_MAX: Final = 4096
#: Sums of weights by feature: one, affinity, chance.
Sums = tuple[float, float, float]


@attrs.frozen(eq=False)
class ScoringPlan:
    """
    A score model, ready for decisions.

    Attributes:
        model: The model.
    """

    model: ScoreModel
    _conditions: tuple[tuple[int, Callable[..., object]], ...]
    _always: int
    _sums: dict[int, Sums] = attrs.field(factory=dict)

    @classmethod
    def of(cls, model: ScoreModel | None, slots: Slots) -> "ScoringPlan | None":
        """Return a model compiled; None if there is none."""
        if model is None:
            return None
        always = sum(1 << number for number, term in enumerate(model.terms) if _is_always(term))
        conditions = tuple(
            (1 << number, _condition(slots, term)) for number, term in enumerate(model.terms) if not _is_always(term)
        )
        return cls(model, conditions, always)

    def holding(self, *arguments: object) -> int:
        """Return the terms whose conditions surely hold, as bits, for what conditions are given."""
        holding = self._always
        for bit, holds in self._conditions:
            if holds(*arguments):
                holding |= bit
        return holding

    def score(self, ranked: RankedOffer, holding: int, affinity: float) -> float:
        """Return an offer's score under the terms that hold, above 0 and below 1."""
        fixed, by_affinity, by_chance = self.sums(ranked, holding)
        return logistic(fixed + by_affinity * affinity + by_chance * ranked.offer.chance)

    def sums(self, ranked: RankedOffer, holding: int) -> Sums:
        """Return the weights that act on an offer under the terms that hold, added up by what they multiply."""
        acting = ranked.terms & holding
        sums = self._sums.get(acting)
        if sums is None:
            sums = self._sum(acting)
            if len(self._sums) < _SUMS_MAX:
                self._sums[acting] = sums
        return sums

    def contributions(self, ranked: RankedOffer, holding: int, affinity: float) -> Iterator[tuple[Term, float]]:
        """Yield each term that acts on an offer, with what it adds to the log-odds."""
        values = {Feature.ONE: 1.0, Feature.AFFINITY: affinity, Feature.CHANCE: ranked.offer.chance}
        for number, term in enumerate(self.model.terms):
            if ranked.terms & holding & 1 << number:
                yield term, term.weight * values[term.of]

    def _sum(self, acting: int) -> Sums:
        sums = {Feature.ONE: self.model.intercept, Feature.AFFINITY: 0.0, Feature.CHANCE: 0.0}
        for number, term in enumerate(self.model.terms):
            if acting >> number & 1:
                sums[term.of] += term.weight
        return sums[Feature.ONE], sums[Feature.AFFINITY], sums[Feature.CHANCE]


def _is_always(term: Term) -> bool:
    return term.when == TRUE


def _condition(slots: Slots, term: Term) -> Callable[..., object]:
    return single(slots, lambda emitter: emitter.surely_true(term.when))
