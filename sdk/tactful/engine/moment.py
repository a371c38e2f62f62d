"""All that one decision was made of, and what it chose; for those who ask why. Nothing in it changes afterwards."""

from collections.abc import Iterator
from typing import Protocol

import attrs

from ..plan.pages import Page
from ..plan.plan import ChannelPlan, Plan
from ..plan.worth import RankedOffer
from ..schema import Value
from ..score_model import Term
from .customer import Customer, OnChannel, Standing
from .limited import Limited
from .room import PageRoom


class Affinities(Protocol):
    """What ranking knows of the customer's affinities."""

    def personal(self, ranked: RankedOffer) -> bool:
        """Return whether the customer's own affinity ranks an offer."""
        ...


class Scored(Protocol):
    """What a score model says of the offers on a shortlist."""

    def score(self, offer: RankedOffer) -> float | None:
        """Return the score of an offer, or None if it was not on the shortlist."""
        ...

    def contributions(self, offer: RankedOffer) -> Iterator[tuple[Term, float]]:
        """Yield each term that acts on an offer, with what it adds to the log-odds."""
        ...


@attrs.define(eq=False)
class Chosen:
    """One treatment in one placement: indices of both, with the offer, its worth, and its room under strict caps."""

    placement: int
    index: int
    worth: float
    ranked: RankedOffer
    units: tuple[str, ...] = ()


@attrs.define(eq=False)
class Moment:
    """
    What one decision was made of, for those who ask why. All of it stays as it was.

    Attributes:
        plan: The plan.
        channel: What the channel adds.
        page: The placements.
        customer: Whom it is for.
        here: What was known of the customer on the channel.
        there: What the snapshot came to.
        context: The context by slot.
        now_us: The moment [us since 1970].
        limited: What caps and quiet hours asked.
        caps: The room under the caps as the page filled; None if no pick could fill one.
        flags: The flags that bounds set.
        allowed: The treatments that could be chosen.
        affinities: Tells whether the customer's own affinity ranked an offer.
        chosen: What fills the slots.
        dropped: What was taken out again, with the id of the share that did not hold.
        shortlist: What a score model says of the best offers; None if the policy has none.
    """

    plan: Plan
    channel: ChannelPlan
    page: Page
    customer: Customer
    here: OnChannel
    there: Standing
    context: tuple[Value | None, ...]
    now_us: int
    limited: Limited
    caps: PageRoom | None
    flags: int
    allowed: int
    affinities: Affinities
    chosen: list[Chosen]
    dropped: list[tuple[str, Chosen]]
    shortlist: Scored | None = None
