"""Caps: which treatments a cap limits because too much was counted. History is counted anew each time.

A cap of another kind (a calendar window, a household's scope, quiet hours) is a case of `counts` or of `is_reached`.
"""

from collections.abc import Sequence

from ...clock import SECOND_US
from ...contacts import Contact
from ...familiarity import Familiarity
from ...limits import Cap
from ...offers import Offer
from ...policy import Policy
from .answer import Entry, Situation
from .labels import lineage


def limits(policy: Policy, cap: Cap, entry: Entry, channel: str, situation: Situation) -> bool:
    """Return whether a cap is reached for a treatment on a channel; for visitors of whom nothing is known none is."""
    if situation.identity is None or entry.index not in cap.scope:
        return False
    values = dimension_of_offer(policy, cap, entry.offer, channel)
    if situation.contacts is None:
        return len(values) > 0  # what was counted is not known: reached
    return any(is_reached(policy, cap, value, situation.contacts, situation.now_us) for value in values)


def bars(cap: Cap, entry: Entry) -> bool:
    """Return whether a cap that is reached for a treatment keeps it away."""
    if cap.then == "downgrade":
        return entry.labels.tone > Familiarity.CONTEXT or entry.labels.basis > Familiarity.CONTEXT
    return True


def blinds(cap: Cap) -> bool:
    """Return whether under a cap that is reached no affinity ranks the treatment."""
    return cap.then == "downgrade"


def is_reached(policy: Policy, cap: Cap, value: str, contacts: Sequence[Contact], now_us: int) -> bool:
    """Return whether a cap is reached for one value of its dimension."""
    times = [
        one.at_us for one in contacts if counts(cap, one, now_us) and value in dimension_of_contact(policy, cap, one)
    ]
    if sum(1 for at_us in times if at_us > _start_us(cap, now_us)) >= cap.count:
        return True
    # Once reached, it stays so for a time after the event that reached it.
    return cap.suppress_s is not None and any(
        now_us < last_us + cap.suppress_s * SECOND_US
        and sum(1 for at_us in times if _start_us(cap, last_us) < at_us <= last_us) >= cap.count
        for last_us in times
    )


def counts(cap: Cap, contact: Contact, now_us: int) -> bool:
    """Return whether a contact counts: what only took room lapses; what is ahead of our clock has happened as well."""
    return contact.event == cap.event and (contact.until_us is None or now_us < contact.until_us)


def _start_us(cap: Cap, end_us: int) -> int:
    """Return where the window begins that ends at a moment; what happened then is outside."""
    return end_us - cap.within_s * SECOND_US


def dimension_of_offer(policy: Policy, cap: Cap, offer: Offer, channel: str) -> tuple[str, ...]:
    """Return the values for which a cap that is reached limits an offer."""
    match cap.of:
        case "offer":
            return (offer.id,)
        case "topic":
            return lineage(policy, offer.topic)
        case "tag":
            return offer.tags
        case "owner":
            return (offer.owner,) if offer.owner else ()
        case "channel":
            return (channel,)
        case "all":
            return ("everything",)


def dimension_of_contact(policy: Policy, cap: Cap, contact: Contact) -> tuple[str, ...]:
    """Return the values for which a cap counts a contact; a topic counts for the wider ones too, unless exact."""
    match cap.of:
        case "offer":
            return (contact.offer,)
        case "topic":
            return (contact.topic,) if cap.exact else lineage(policy, contact.topic)
        case "tag":
            return contact.tags
        case "owner":
            return (contact.owner,)
        case "channel":
            return (contact.channel,)
        case "all":
            return ("everything",)
