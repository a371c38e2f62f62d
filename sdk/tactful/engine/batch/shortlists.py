"""Shortlists: of many customers the best offers in a score model's order, as `shortlist` says of one.

It withholds nothing. A score is the same to the last bit as one that is worked out alone: the same sums, multiplied and
added in the same order.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...plan.scoring import ScoringPlan
from .. import guard
from .asked import Asked
from .standings import ByWorth, Standing, with_help_first
from .worths import Numbers, Places

#: Beyond these log-odds a score is as good as 0 or 1, as in `logistic`.
_LOG_ODDS_MAX: Final = 30.0


class Scored:
    """
    A score model under what was asked: its terms read the moment alone, so the same of them hold for all customers.

    Attributes:
        scoring: The model.
        holding: The terms that hold, as bits.
    """

    def __init__(self, scoring: ScoringPlan, asked: Asked) -> None:
        """Add up the weights of each offer."""
        plan, now_us = asked.plan, asked.now_us
        known, _ = guard.known_of(plan, asked.channel.channel, "person", now_us, None, now_us)
        self.scoring = scoring
        self.holding = scoring.holding({}, {}, (), known, asked.context, now_us)
        sums = np.array([scoring.sums(one, self.holding) for one in plan.offers], dtype=np.float64).reshape(-1, 3)
        chances = np.array([one.offer.chance for one in plan.offers], dtype=np.float64)
        #: What an offer's score is made of: what all have, what the affinity is multiplied with, and its chance's part.
        self._fixed, self._by_affinity, self._of_chance = sums[:, 0], sums[:, 1], sums[:, 2] * chances

    def scores(self, offers: Places, affinities: Numbers) -> Numbers:
        """Return the scores of offers, each for a customer of such an affinity to it."""
        log_odds = self._fixed[offers] + self._by_affinity[offers] * affinities + self._of_chance[offers]
        clear = np.clip(log_odds, -_LOG_ODDS_MAX, _LOG_ODDS_MAX)
        # NumPy's own `exp` may differ from Python's in the last bit, and that bit may decide between two offers.
        powers = np.fromiter(map(math.exp, (-clear).ravel().tolist()), dtype=np.float64, count=clear.size)
        found: Numbers = 1.0 / (1.0 + powers.reshape(clear.shape))
        return found

    def standing(self, worths: Numbers, affinities: Numbers, rest: ByWorth, helping: int) -> Standing:
        """
        Return what gives customers their best offers: those of their shortlists first.

        Args:
            worths: The worths, customers by offers; -inf of what is not open.
            affinities: Their affinities, likewise.
            rest: Gives the best by worth.
            helping: So many offers at the beginning help.
        """
        on = _best(worths, helping, self.scoring.model.shortlist)
        rows, offers = np.nonzero(on)
        firsts = np.searchsorted(rows, np.arange(len(worths)))
        places = np.arange(len(rows)) - firsts[rows]
        shape = len(worths), int(places.max(initial=0)) + 1
        listed, weighed = np.zeros(shape, dtype=np.int64), np.full(shape, -np.inf)
        listed[rows, places] = offers
        weighed[rows, places] = worths[rows, offers] * self.scores(offers, affinities[rows, offers])
        return _ByScore(listed, weighed, rest, helping)


class _ByScore:
    """Gives the best open offer of each shortlist by worth x score, and by worth where none on it is open any more."""

    def __init__(self, listed: Places, weighed: Numbers, rest: ByWorth, helping: int) -> None:
        """
        Begin with all of them open.

        Args:
            listed: The offers on each customer's shortlist, in the order of the plan.
            weighed: Their worth x score; -inf where there is none.
            rest: Gives the best of all others.
            helping: So many offers at the beginning of the plan help.
        """
        self._listed, self._weighed, self._rest = listed, weighed, rest
        self._helping = helping

    def best(self) -> tuple[Places, Numbers]:
        """Return each customer's best open offer and its worth; -inf where none is open."""
        everyone = np.arange(len(self._listed))
        weighed = with_help_first(self._weighed, self._listed < self._helping) if self._helping else self._weighed
        place = np.argmax(weighed, axis=1)
        offers, worths = self._listed[everyone, place], weighed[everyone, place]
        over = worths == -np.inf
        if over.any():
            rest_offers, rest_worths = self._rest.best()
            offers, worths = np.where(over, rest_offers, offers), np.where(over, rest_worths, worths)
        return offers, worths

    def take(self, rows: Places, offers: Places) -> None:
        """Take an offer from each of some customers."""
        self._weighed[rows] = np.where(self._listed[rows] == offers[:, None], -np.inf, self._weighed[rows])
        self._rest.take(rows, offers)

    def close(self, rows: Places, closing: Numbers) -> None:
        """Take several offers from each of some customers: those for which -inf is added."""
        self._weighed[rows] += np.take_along_axis(closing, self._listed[rows], axis=1)
        self._rest.close(rows, closing)


def _best(worths: Numbers, helping: int, most: int) -> NDArray[np.bool_]:
    """Return which offers are so many best ones of each customer: help, then worth, then the order of the plan."""
    if not 0 < helping < worths.shape[1]:
        return _highest(worths, np.full(len(worths), most))
    helps = _highest(worths[:, :helping], np.full(len(worths), most))
    left = most - np.count_nonzero(helps, axis=1)
    return np.concatenate([helps, _highest(worths[:, helping:], left)], axis=1)


def _highest(worths: Numbers, most: Places) -> NDArray[np.bool_]:
    """Return the highest of each row that are above -inf, as many as `most` says of it; of equals the first."""
    there: NDArray[np.bool_] = worths > -np.inf
    many = np.flatnonzero(np.count_nonzero(there, axis=1) > most)
    if len(many):
        some, wanted = worths[many], most[many]
        lowest = np.sort(some, axis=1)[np.arange(len(many)), -np.maximum(wanted, 1)][:, None]
        above, level = some > lowest, some == lowest
        among = np.cumsum(level, axis=1) <= (wanted - np.count_nonzero(above, axis=1))[:, None]
        there[many] = above | (level & among)
    return there
