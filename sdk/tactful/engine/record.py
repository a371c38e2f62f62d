"""Record: what was decided takes room under the caps; what was shown and done goes to the ledger, once in effect.

It looks at no profile. A reservation that is not confirmed lapses.
"""

from collections.abc import Iterable, Sequence

from ..clock import SECOND_US
from ..contacts import Contact
from ..errors import UsageError
from ..plan.plan import Plan
from .compose import Chosen
from .count import Counters
from .token import Receipt, Shown

#: The event that an exposure is recorded as, and that reservations count as.
SHOWN = "shown"


def reserve(
    counters: Counters, plan: Plan, chosen: Sequence[Chosen], decision: str, customer: str, channel: str, now_us: int
) -> None:
    """Take room under the caps for what was chosen, until it is confirmed or lapses."""
    until_us = now_us + plan.policy.values.reserve_s * SECOND_US
    contacts = []
    for slot, one in enumerate(chosen):
        offer = one.ranked.offer
        contacts.append(
            Contact(
                f"{decision}/{slot}/{SHOWN}",
                customer,
                SHOWN,
                now_us,
                offer.topic,
                offer.id,
                "",
                "",
                channel,
                offer.owner,
                offer.tags,
                until_us,
            )
        )
    counters.add(contacts, now_us)


def receipt_of(plan: Plan, placements: Sequence[str], chosen: Iterable[Chosen], about: Receipt) -> Receipt:
    """Return a receipt with its filled slots."""
    shown = []
    for slot, one in enumerate(chosen):
        offer, entry = one.ranked.offer, plan.catalog.entries[one.index]
        place = placements[one.placement]
        shown.append(Shown(slot, place, offer.id, entry.treatment.id, offer.topic, offer.owner, offer.tags))
    return Receipt(about.decision, about.customer, about.channel, about.until_us, tuple(shown))


def contacts_of(receipt: Receipt, event: str, slot: int | None, now_us: int) -> list[Contact]:
    """
    Return the contacts that an event on a decision makes.

    Args:
        receipt: The decision's receipt.
        event: What happened, such as "shown" or "click".
        slot: In which filled slot, from 0; None means all of them for "shown" and "rendered", else the only one.

    Raises:
        UsageError: If the slot is not filled, or must be named.
    """
    shown = receipt.shown
    if slot is not None:
        shown = tuple(one for one in shown if one.slot == slot)
        if not shown:
            raise UsageError(f"slot {slot} of this decision is not filled; it has {len(receipt.shown)} filled slots")
    elif len(shown) > 1 and event not in (SHOWN, "rendered"):
        raise UsageError(f"which slot? {event!r} concerns one of {len(shown)} filled slots: record(…, slot=0)")
    return [
        Contact(
            id=f"{receipt.decision}/{one.slot}/{event}",
            customer=receipt.customer,
            event=event,
            at_us=now_us,
            topic=one.topic,
            offer=one.offer,
            treatment=one.treatment,
            placement=one.placement,
            channel=receipt.channel,
            owner=one.owner,
            tags=one.tags,
        )
        for one in shown
    ]
