"""What an offer is worth before anyone is known, and which factors of the moment concern it. It ranks nothing."""

from collections.abc import Callable, Sequence

import attrs

from ..catalog import Catalog
from ..offers import Intent, Offer
from ..pieces import in_pieces
from ..policy import Boost
from ..score_model import Term
from .fuse import single
from .slots import Slots

_CHOICES_MAX = 4096
#: Lift and tone of each of an offer's treatments.
Told = tuple[tuple[float, int], ...]


@attrs.frozen(eq=False)
class RankedOffer:
    """
    One offer, as ranking and composing need it.

    Attributes:
        index: Its place in the order of base worth, help first.
        offer: The offer.
        start: Index of its first treatment.
        width: How many treatments it has.
        mask: As many bits as it has treatments.
        base: Its base worth, by the next sale and in the long term.
        helps: Whether it comes before everything that does not help.
        purpose: Index of its purpose.
        boosts: The boosts that concern it, as bits.
        terms: The terms of the score model that concern it, as bits.
        treatments: Lift and tone of each of its treatments, in the order of their indices.
    """

    index: int
    offer: Offer
    start: int
    width: int
    mask: int
    base: float
    helps: bool
    purpose: int
    boosts: int
    terms: int
    treatments: Told
    _margin: float = attrs.field(alias="margin")
    _choices: dict[int, int] = attrs.field(alias="choices")

    @property
    def bits(self) -> int:
        """Its treatments; made when asked, as those of 100,000 offers are 600 MB."""
        return self.mask << self.start

    def choose(self, allowed: int) -> int:
        """
        Return the index of the treatment to take: the least familiar one whose worth is within the margin.

        Args:
            allowed: The offer's treatments that may be taken, as bits from its first one; not 0.
        """
        choice = self._choices.get(allowed)
        if choice is None:
            choice = self._choose(allowed)
            if len(self._choices) < _CHOICES_MAX:
                self._choices[allowed] = choice
        return self.start + choice

    def _choose(self, allowed: int) -> int:
        there = [i for i in range(self.width) if allowed >> i & 1]
        enough = max(self.treatments[i][0] for i in there) * (1 - self._margin)
        close = [i for i in there if self.treatments[i][0] >= enough]
        return min(close, key=lambda i: (self.treatments[i][1], -self.treatments[i][0], i))


@attrs.frozen(eq=False)
class BoostPlan:
    """A boost, and its condition as a function that is true if it surely holds."""

    boost: Boost
    holds: Callable[..., object]


def ranked_offers(catalog: Catalog, purposes: tuple[str, ...]) -> tuple[RankedOffer, ...]:
    """Return a catalog's offers in its order."""
    found: list[RankedOffer] = []
    entries = catalog.entries
    # Thousands of offers are told alike, and then choose alike.
    alike: dict[Told, tuple[Told, dict[int, int]]] = {}
    ranking = catalog.policy.ranking
    terms = () if ranking.model is None else ranking.model.terms
    for first in in_pieces(entries):
        offer, start = first.offer, first.index
        if found and found[-1].offer is offer:
            continue
        width = len(offer.treatments)
        told = tuple((e.treatment.lift, e.labels.tone) for e in entries[start : start + width])
        treatments, choices = alike.setdefault(told, (told, {}))
        found.append(
            RankedOffer(
                index=len(found),
                offer=offer,
                start=start,
                width=width,
                mask=(1 << width) - 1,
                base=ranking.base_worth(offer),
                helps=offer.intent is Intent.HELP,
                purpose=purposes.index(offer.purpose),
                boosts=_concerning(catalog, ranking.boosts, offer),
                terms=_concerning(catalog, terms, offer),
                treatments=treatments,
                margin=catalog.policy.values.exposure_margin,
                choices=choices,
            )
        )
    return tuple(found)


def boosts_of(catalog: Catalog, slots: Slots) -> tuple[BoostPlan, ...]:
    """Return a policy's boosts with their conditions compiled."""
    return tuple(BoostPlan(boost, _condition(slots, boost)) for boost in catalog.policy.ranking.boosts)


def _condition(slots: Slots, boost: Boost) -> Callable[..., object]:
    return single(slots, lambda emitter: emitter.surely_true(boost.when))


def _concerning(catalog: Catalog, asked: Sequence[Boost | Term], offer: Offer) -> int:
    """Return which boosts or terms concern an offer, as bits."""
    return sum(1 << number for number, one in enumerate(asked) if _selects(catalog, one, offer))


def _selects(catalog: Catalog, boost: Boost | Term, offer: Offer) -> bool:
    if not (boost.offers or boost.topics or boost.tags or boost.moments):
        return True
    above = catalog.topics.above(offer.topic)
    return (
        offer.id in boost.offers
        or any(t in boost.topics for t in above)
        or any(t in boost.tags for t in offer.tags)
        or offer.moment in boost.moments
    )
