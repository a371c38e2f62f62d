"""Worths: what each offer is worth to each customer, as `rank` says of one. It neither allows nor withholds."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ...plan.plan import ChannelPlan, Plan
from ...plan.visibility import Visibility
from .columns import ABSENT, Affinities, Customers
from .fields import Fields
from .truths import holding
from .visible import exists

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
#: Tells, of customers and offers by their indices, whether the customer's own affinity ranks the offer.
Personal = Callable[[Places, Places], NDArray[np.bool_]]


class Worths:
    """
    What offers are worth, before it is known who is allowed what.

    Attributes:
        base: The base worth of each offer, in the plan's order.
        helping: So many offers at the beginning help, and come first.
    """

    def __init__(self, plan: Plan, channel: ChannelPlan) -> None:
        self._plan = plan
        self._visibility = channel.visibility
        self.base = np.array([one.base for one in plan.offers], dtype=np.float64)
        self.helping = sum(one.helps for one in plan.offers)
        self._purpose = np.array([one.purpose for one in plan.offers], dtype=np.int32)
        self._places: tuple[tuple[str, ...], Places] | None = None
        self._boosted = [
            np.array([bool(one.boosts >> number & 1) for one in plan.offers]) for number in range(len(plan.boosts))
        ]

    def affinities(
        self, customers: Customers, hidden: tuple[int, ...], blind: int, rows: Places, now_us: int
    ) -> Numbers:
        """
        Return the affinity of some of the customers to each offer, as far as it may rank it; these by offers.

        Args:
            customers: The customers.
            hidden: By purpose, the slots that limits hide, as bits.
            blind: The treatments that no affinity ranks.
            rows: Which of the customers.
            now_us: The moment [us since 1970].
        """
        plan, ranking = self._plan, self._plan.policy.ranking
        found: Numbers = np.full((len(rows), len(plan.offers)), float(ranking.absent))
        known = customers.affinities.get(ranking.affinity or "")
        seeing = self._seeing(blind)
        for purpose in range(len(plan.slots.purposes)):
            if known is None:
                break
            offers = np.flatnonzero(seeing & (self._purpose == purpose))
            there = seen(self._visibility, known, purpose, hidden[purpose], now_us) if len(offers) else None
            if there is not None:
                self._rank(found, known, there, offers, rows)
        return found

    def weigh(self, worths: Numbers, fields: Fields, hidden: tuple[int, ...], rows: Places, now_us: int) -> None:
        """
        Make affinities of some of the customers the worths of the offers to them.

        Args:
            worths: The affinities, these customers by offers.
            fields: What conditions read of all customers.
            hidden: By purpose, the slots that limits hide, as bits.
            rows: Which of the customers.
            now_us: The moment [us since 1970].
        """
        for number, one in enumerate(self._plan.boosts):
            holds = holding(self._plan, one.boost.when, one.holds, fields, hidden, now_us)[rows]
            worths[np.ix_(holds, self._boosted[number])] *= one.boost.times
        worths *= self.base

    def _rank(
        self, factors: Numbers, known: Affinities, there: NDArray[np.bool_], offers: Places, rows: Places
    ) -> None:
        """Put in the factors of those customers who have affinities that may be seen."""
        ranking = self._plan.policy.ranking
        some = np.flatnonzero(there[rows])
        mine = known.padded if len(some) == len(known.padded) else known.padded[rows[some]]
        clear = np.minimum(np.where(np.isnan(mine), ranking.absent, mine), ranking.ceiling)
        scores = np.take(clear, self._place(known)[offers], axis=1)
        if scores.shape == factors.shape:
            factors[:] = scores
        else:
            factors[np.ix_(some, offers)] = scores

    def personal(self, customers: Customers, hidden: tuple[int, ...], blind: int, now_us: int) -> Personal:
        """Return what tells of customers and offers, by their indices, whether the customer's own affinity ranks it."""
        known = customers.affinities.get(self._plan.policy.ranking.affinity or "")
        if known is None:
            return lambda rows, _: np.zeros(len(rows), dtype=np.bool_)
        nobody = np.zeros(len(customers), dtype=np.bool_)
        by_purpose = (seen(self._visibility, known, n, gone, now_us) for n, gone in enumerate(hidden))
        there = np.stack([nobody if one is None else one for one in by_purpose])
        seeing = self._seeing(blind)
        place, padded = self._place(known), known.padded

        def told(rows: Places, offers: Places) -> NDArray[np.bool_]:
            ranked = there[self._purpose[offers], rows] & seeing[offers]
            return ranked & ~np.isnan(padded[rows, place[offers]])

        return told

    def _seeing(self, blind: int) -> NDArray[np.bool_]:
        """Return which offers an affinity may rank."""
        if not blind:
            return np.ones(len(self._plan.offers), dtype=np.bool_)
        return np.array([not one.bits & blind for one in self._plan.offers], dtype=np.bool_)

    def _place(self, known: Affinities) -> Places:
        """Return the column of each offer's affinity; the last one, which is empty, where there is none."""
        if self._places is None or self._places[0] != known.names:
            place = {name: number for number, name in enumerate(known.names)}
            columns = [place.get(one.offer.affinity, len(place)) for one in self._plan.offers]
            self._places = known.names, np.array(columns, dtype=np.int64)
        return self._places[1]


def seen(visibility: Visibility, known: Affinities, purpose: int, hidden: int, now_us: int) -> NDArray[np.bool_] | None:
    """
    Return for whom affinities may be seen under a purpose; None if for nobody.

    Args:
        visibility: What purposes may see on the channel.
        known: The affinities.
        purpose: The purpose's index.
        hidden: The slots that limits hide from it, as bits.
        now_us: The moment [us since 1970].
    """
    slot = visibility.affinity_slot
    demand = next((one for one in visibility.demands[purpose] if one.slot == slot), None)
    if demand is None or hidden >> slot & 1:
        return None
    there: NDArray[np.bool_] = (known.codes >= 0) & exists(known.told, demand, now_us)
    return there | (known.codes == ABSENT) if isinstance(demand.absent, Mapping) else there
