"""Picks: which treatments fill the slots of many customers' pages, as `compose` says of one.

A page of one placement is filled for all customers at once, slot by slot; any other, customer by customer.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from ...plan.pages import Page
from ...plan.plan import Plan
from ...plan.worth import RankedOffer
from ..moment import Chosen
from .standings import ByWorth, Standing
from .truths import Words
from .worths import Numbers, Places

#: Where a slot stays empty.
EMPTY: Final = -1


@attrs.frozen(eq=False)
class Picks:
    """
    What fills the slots, customers by slots; EMPTY where nothing does.

    Attributes:
        offers: Indices of offers.
        treatments: Indices of treatments.
        placements: Indices of the page's placements.
        worths: What they are worth.
        personal: Whether the customer's own affinity ranked them.
    """

    offers: Places
    treatments: Places
    placements: Places
    worths: Numbers
    personal: NDArray[np.bool_]

    @classmethod
    def none(cls, count: int, slots: int) -> "Picks":
        """Return empty slots for so many customers."""
        offers, treatments, placements = (np.full((count, slots), EMPTY, dtype=np.int64) for _ in range(3))
        return cls(offers, treatments, placements, np.zeros((count, slots)), np.zeros((count, slots), dtype=np.bool_))

    def part(self, rows: slice) -> "Picks":
        """Return a view of some customers' slots."""
        return Picks(
            self.offers[rows], self.treatments[rows], self.placements[rows], self.worths[rows], self.personal[rows]
        )

    def clear(self, rows: slice) -> None:
        """Empty some customers' slots."""
        self.offers[rows] = self.treatments[rows] = self.placements[rows] = EMPTY
        self.worths[rows] = 0
        self.personal[rows] = False

    def put(self, row: int, chosen: Sequence[Chosen]) -> None:
        """Put in what fills one customer's page."""
        for slot, one in enumerate(chosen):
            self.offers[row, slot] = one.ranked.index
            self.treatments[row, slot] = one.index
            self.placements[row, slot] = one.placement
            self.worths[row, slot] = one.worth


class Filling:
    """Fills pages under one plan."""

    def __init__(self, plan: Plan, page: Page, helping: int) -> None:
        self._plan = plan
        self._page = page
        self._helping = helping
        self._start = np.array([one.start for one in plan.offers])
        self._width = np.array([one.width for one in plan.offers])
        topics = list(dict.fromkeys(one.offer.topic for one in plan.offers))
        self._topic = np.array([topics.index(one.offer.topic) for one in plan.offers])
        #: Topics by offers: what is added to the worths once a topic is used up.
        self._closed = np.where(np.arange(len(topics))[:, None] == self._topic[None, :], -np.inf, 0.0)

    def allowed(self, words: Words) -> NDArray[np.uint8]:
        """Return for each customer and treatment whether it is allowed, 0 or 1."""
        as_bytes = np.ascontiguousarray(words).view(np.uint8)
        return np.unpackbits(as_bytes, axis=1, bitorder="little", count=len(self._plan.catalog.entries))

    def open(self, words: Words) -> NDArray[np.bool_]:
        """Return for each customer and offer whether any of its treatments is allowed."""
        return self._offers(self.allowed(words)) > 0

    def _offers(self, treatments: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return for each customer and offer whether any of its treatments is allowed, 0 or 1."""
        if self._width.max() == 1:
            return treatments
        whole: NDArray[np.uint8] = np.maximum.reduceat(treatments, self._start, axis=1)
        return whole

    def fill(
        self, words: Words, worths: Numbers, picks: Picks, rows: Places, order: Callable[[Numbers, ByWorth], Standing]
    ) -> None:
        """
        Fill the one placement of some customers, slot by slot. Worths are used up.

        Args:
            words: The treatments that they are allowed.
            worths: What each offer is worth to them.
            picks: Where to put it.
            rows: Which customers they are.
            order: Makes of the worths, -inf of what is not open, what gives the best offers; or takes what it is given.
        """
        treatments = self.allowed(words)
        np.copyto(worths, -np.inf, where=self._offers(treatments) == 0)
        standing = order(worths, ByWorth(worths, self._helping))
        most = self._page.placements[0].placement.per_topic
        taken = np.zeros((len(rows), self._topic.max() + 1), dtype=np.int32) if most is not None else None
        for slot in range(self._page.slots):
            best, worth = standing.best()
            found = np.flatnonzero(worth > -np.inf)
            if not len(found):
                return
            offer = best[found]
            picks.offers[rows[found], slot] = offer
            picks.treatments[rows[found], slot] = self._chosen(treatments, found, offer)
            picks.placements[rows[found], slot] = 0
            picks.worths[rows[found], slot] = worth[found]
            standing.take(found, offer)
            if taken is not None and slot + 1 < self._page.slots:
                taken[found, self._topic[offer]] += 1
                full = found[taken[found, self._topic[offer]] == most]
                standing.close(full, self._closed[self._topic[best[full]]])

    def _chosen(self, treatments: NDArray[np.uint8], rows: Places, offers: Places) -> Places:
        """Return the treatment of an offer that each customer gets."""
        if self._width.max() == 1:
            only: Places = self._start[offers]
            return only
        there = np.zeros(len(rows), dtype=np.int64)
        for place in range(int(self._width[offers].max())):
            within = place < self._width[offers]
            at = np.where(within, self._start[offers] + place, 0)
            there |= np.where(within, treatments[rows, at].astype(np.int64) << place, 0)
        pairs, of = np.unique(np.column_stack([offers, there]), axis=0, return_inverse=True)
        choices = [self._plan.offers[offer].choose(allowed) for offer, allowed in pairs.tolist()]
        chosen: Places = np.array(choices, dtype=np.int64)[of.reshape(-1)]
        return chosen


def descending(
    offers: tuple[RankedOffer, ...], worths: NDArray[np.float64], open_: NDArray[np.bool_], helping: int
) -> Iterator[tuple[float, RankedOffer]]:
    """Yield one customer's open offers in descending worth, help first."""
    there = np.flatnonzero(open_)
    of_help = int(np.searchsorted(there, helping))
    for part in (there[:of_help], there[of_help:]):
        values = worths[part]
        order = np.argsort(-values, kind="stable")
        for worth, place in zip(values[order].tolist(), part[order].tolist(), strict=True):
            yield worth, offers[place]
