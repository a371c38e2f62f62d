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
from .room import PageRoom, Room


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


@attrs.define(eq=False, weakref_slot=False)
class Chosen:
    """One treatment in one placement: indices of both, with the offer and its worth."""

    placement: int
    index: int
    worth: float
    ranked: RankedOffer


@attrs.define(eq=False, repr=False, weakref_slot=False)
class Slate:
    """
    What fills a page, and what that follows from beside the customer: the same for as long as all of it stays.

    Attributes:
        page: The placements.
        context: The context by slot.
        limited: What caps and quiet hours asked.
        there: What the snapshot came to.
        flags: The flags that bounds set.
        affinities: Tells whether the customer's own affinity ranked an offer.
        chosen: What fills the slots.
        dropped: What was taken out again, with the id of the share that did not hold.
        shortlist: What a score model says of the best offers; None if the policy has none.
        since_us: It holds from here [us].
        until_us: It holds before here [us], but for room under the caps.
        rooms: What showing each of `chosen` counts for; None until somebody asked.
    """

    page: Page
    context: tuple[Value | None, ...]
    limited: Limited
    there: Standing
    flags: int
    affinities: Affinities
    chosen: tuple[Chosen, ...]
    dropped: tuple[tuple[str, Chosen], ...]
    shortlist: Scored | None
    since_us: int
    until_us: int
    rooms: tuple[Room, ...] | None = None


@attrs.define(eq=False)
class Moment:
    """
    What one decision was made of, for those who ask why. All of it stays as it was.

    Attributes:
        plan: The plan.
        channel: What the channel adds.
        customer: Whom it is for.
        here: What was known of the customer on the channel.
        now_us: The moment [us since 1970].
        caps: The room under the caps as the page filled; None if no pick could fill one.
        slate: What fills the page, and what else that followed from.
        units: The room under strict caps that each of what fills it took; empty if none did.
    """

    plan: Plan
    channel: ChannelPlan
    customer: Customer
    here: OnChannel
    now_us: int
    caps: PageRoom | None
    slate: Slate
    units: tuple[tuple[str, ...], ...] = ()

    @property
    def page(self) -> Page:
        """The placements."""
        return self.slate.page

    @property
    def context(self) -> tuple[Value | None, ...]:
        """The context by slot."""
        return self.slate.context

    @property
    def limited(self) -> Limited:
        """What caps and quiet hours asked."""
        return self.slate.limited

    @property
    def there(self) -> Standing:
        """What the snapshot came to."""
        return self.slate.there

    @property
    def flags(self) -> int:
        """The flags that bounds set."""
        return self.slate.flags

    @property
    def affinities(self) -> Affinities:
        """Tells whether the customer's own affinity ranked an offer."""
        return self.slate.affinities

    @property
    def chosen(self) -> tuple[Chosen, ...]:
        """What fills the slots."""
        return self.slate.chosen

    @property
    def dropped(self) -> tuple[tuple[str, Chosen], ...]:
        """What was taken out again, with the id of the share that did not hold."""
        return self.slate.dropped

    @property
    def shortlist(self) -> Scored | None:
        """What a score model says of the best offers; None if the policy has none."""
        return self.slate.shortlist
