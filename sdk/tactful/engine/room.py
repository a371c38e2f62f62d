"""Room: what showing an offer counts for, and what is left under the caps while a page fills. It keeps no contact."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Final, Protocol

import attrs

from ..contacts import Contact, contact_id, end_of_id
from ..limits import Per
from ..offers import Offer
from ..plan.caps import SHOWN, CapPlan, counted_values
from ..plan.plan import Plan

#: A cap's number and the value that is counted under it.
CapKey = tuple[int, str]
#: What an event counts for: caps by key.
Counting = Mapping[CapKey, CapPlan]
#: What it depends on which caps count a contact; its tags besides.
_likeness: Final = attrgetter("event", "channel", "intent", "owner", "topic", "offer", "offer_class")
#: For so many contacts that are not alike it is kept.
_ALIKE_MAX: Final = 8192


@attrs.frozen(eq=False)
class Room:
    """
    What showing an offer on a channel counts for, once for all customers.

    Attributes:
        offer: The offer.
        channel: The channel's name.
        counting: All caps that count it.
        shared: Those of them that other offers on the same page count for too.
        end_of_id: How the ids of its exposures end.
    """

    offer: Offer
    channel: str
    counting: Counting
    shared: Counting
    end_of_id: str


@attrs.define(eq=False, repr=False)
class Kept:
    """A contact or a reservation, with the caps that it counts for."""

    id: str
    at_us: int
    until_us: int
    counting: Counting
    what: Contact | Room

    def contact(self) -> Contact:
        """Return it as a contact."""
        what = self.what
        return (
            what if isinstance(what, Contact) else shown(what.offer, what.channel, self.id, self.at_us, self.until_us)
        )


class Filling(Protocol):
    """What counts: of whom, and whether a cap would be reached with some more events."""

    @property
    def per(self) -> Per:
        """Whose contacts they are."""
        ...

    def full(self, key: CapKey, cap: CapPlan, more: int, now_us: int) -> bool:
        """Return whether a cap would be reached for a value with so many more events at a moment."""
        ...


class PageRoom:
    """
    What is left under the caps on one page: a pick that fills a cap closes it for the picks after it.

    Attributes:
        filled: What was closed: the rule's id, the treatments withheld from then on, and those that no affinity ranks.
    """

    __slots__ = ("_channel", "_counting", "_now_us", "_plan", "_taken", "filled")

    def __init__(self, plan: Plan, channel: str, counting: Sequence[Filling], now_us: int) -> None:
        self._plan = plan
        self._channel = channel
        self._counting = counting
        self._now_us = now_us
        self._taken: dict[CapKey, int] = {}
        self.filled: list[tuple[str, int, int]] = []

    def take(self, offer: Offer) -> tuple[int, int]:
        """Take room for a pick; return the treatments that are withheld after it, and those that no affinity ranks."""
        withheld = blind = 0
        for key, cap in room_for(self._plan, offer, self._channel).shared.items():
            taken = self._taken[key] = self._taken.get(key, 0) + 1
            for one in self._counting:
                if one.per == cap.cap.per and one.full(key, cap, taken, self._now_us):
                    reach = cap.reached[key[1]]
                    withheld |= reach.withheld
                    blind |= reach.blind
                    self.filled.append((cap.id, reach.withheld, reach.blind))
        return withheld, blind


def counting_of(plan: Plan, contact: Contact) -> Counting:
    """Return the caps that a contact counts for; worked out once for all that are alike."""
    alike = (*_likeness(contact), tuple(contact.tags))
    known = plan.countings.get(alike)
    if known is None:
        known = _counting_of(plan, contact)
        if len(plan.countings) >= _ALIKE_MAX:
            plan.countings.clear()
        plan.countings[alike] = known
    return known  # type: ignore[return-value] # a plan does not know this stage


def _counting_of(plan: Plan, contact: Contact) -> Counting:
    topics = plan.catalog.topics
    return {
        (cap.number, value): cap
        for cap in plan.caps
        for value in counted_values(topics, contact, cap.cap)
        if value in cap.reached
    }


def room_for(plan: Plan, offer: Offer, channel: str) -> Room:
    """Return what showing an offer on a channel counts for; made once."""
    rooms = plan.rooms[channel]
    known = rooms.get(offer.id)
    if known is not None:
        return known  # type: ignore[return-value] # a plan does not know this stage
    counting = counting_of(plan, shown(offer, channel, "", 0, 0))
    shared = {key: cap for key, cap in counting.items() if cap.fills and cap.limits_on(channel, key[1])}
    made = rooms[offer.id] = Room(offer, channel, counting, shared, end_of_id(offer.id, SHOWN))
    return made


def shown_id(decision: str, slot: int, offer: str) -> str:
    """Return the id of the exposure that a decision makes of an offer in a slot."""
    return contact_id(decision, slot, offer, SHOWN)


def shown(offer: Offer, channel: str, id_: str, at_us: int, until_us: int) -> Contact:
    """Return the contact that showing an offer would be."""
    return Contact(
        id_,
        "",
        SHOWN,
        at_us,
        topic=offer.topic,
        offer=offer.id,
        channel=channel,
        owner=offer.owner,
        tags=offer.tags,
        until_us=until_us,
        intent=offer.intent.value,
        offer_class=offer.offer_class.value,
    )
