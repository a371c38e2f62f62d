"""How often each treatment offends, for the department that answers for it. It names no customer."""

from collections import Counter
from collections.abc import Mapping

import attrs

from ..policy import Policy
from .figures import OFFENCES, SHOWN, Figures, Told
from .wilson import Interval, wilson

#: Below so many exposures a treatment is told with others like it, so that no single customer shows.
SMALLEST = 50


@attrs.frozen
class OfferOffence:
    """
    How often a treatment offended.

    Attributes:
        owner: The department that answers for the offer; empty if nobody does.
        offer: The offer's id; empty for all that were shown too seldom to be told alone.
        treatment: The treatment's id; empty likewise.
        shown: How often it was shown.
        events: How often each kind of offence was taken.
        rate: Offences per exposure, with its interval.
    """

    owner: str
    offer: str
    treatment: str
    shown: int
    events: Mapping[str, int]
    rate: Interval


def offences(policy: Policy, figures: Figures, smallest: int = SMALLEST) -> tuple[OfferOffence, ...]:
    """
    Return how often each treatment offended, the worst first within its owner, and the owner of the worst first.

    What is surely worse comes first: the order is by the lower end of the interval. What was shown too seldom is put
    together for each owner; if all of that was shown too seldom as well, it is left out.

    Args:
        policy: Says who answers for an offer; of an offer that it lacks, the ledger does.
        figures: What was counted.
        smallest: So often a treatment was shown, at least, to be told alone, >= 1.
    """
    owners = {offer.id: offer.owner for offer in policy.offers}
    counts: dict[Told, Counter[str]] = {}
    for (offer, treatment, owner), events in (figures.events or {}).items():
        if offer:
            counts.setdefault((owners.get(offer, owner), offer, treatment), Counter()).update(events)
    told: list[OfferOffence] = []
    seldom: dict[str, Counter[str]] = {}
    for (owner, offer, treatment), events in counts.items():
        if events[SHOWN] >= smallest:
            told.append(_offence(owner, offer, treatment, events))
        else:
            seldom.setdefault(owner, Counter()).update(events)
    told += [_offence(owner, "", "", events) for owner, events in seldom.items() if events[SHOWN] >= smallest]
    worst: dict[str, float] = {}
    for one in told:
        worst[one.owner] = max(worst.get(one.owner, 0.0), one.rate.low)
    return tuple(sorted(told, key=lambda it: (-worst[it.owner], it.owner, -it.rate.low, it.offer, it.treatment)))


def _offence(owner: str, offer: str, treatment: str, events: Mapping[str, int]) -> OfferOffence:
    taken = {event: events.get(event, 0) for event in OFFENCES}
    shown = events.get(SHOWN, 0)
    return OfferOffence(owner, offer, treatment, shown, taken, wilson(min(sum(taken.values()), shown), shown))
