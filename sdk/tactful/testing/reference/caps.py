"""Caps and quiet hours: which treatments they limit, and because of what. History is counted anew each time."""

from collections.abc import Sequence
from datetime import tzinfo

import attrs

from ...clock import SECOND_US
from ...contacts import Contact
from ...limits import Calendar, Cap, Quiet
from ...offers import Offer
from ...policy import Policy
from ...schema import ValueType
from . import windows
from .answer import Entry, Situation
from .labels import lineage
from .visible import protected


def limits(policy: Policy, cap: Cap, entry: Entry, channel: str, situation: Situation) -> bool:
    """Return whether a cap is reached for a treatment on a channel."""
    if entry.index not in cap.scope or not _is_on(cap, channel):
        return False
    return any(
        reached(policy, cap, value, situation) for value in dimension_of_offer(policy, cap, entry.offer, channel)
    )


def waits(policy: Policy, cap: Cap, entry: Entry, entries: Sequence[Entry], channel: str, situation: Situation) -> bool:
    """Return whether a treatment would stand in for others, but a cap is not reached for any of them."""
    if entry.index not in cap.instead or not _is_on(cap, channel):
        return False
    if not concerns(cap, situation):
        return True
    if contacts_of(cap, situation) is None or not knows_its_clock(policy, cap, situation):
        return False
    return not any(limits(policy, cap, one, channel, situation) for one in entries)


def hushes(policy: Policy, quiet: Quiet, entry: Entry, channel: str, situation: Situation) -> bool:
    """Return whether quiet hours keep a treatment away; always where the contacts of a customer are not known."""
    if entry.index not in quiet.scope or (quiet.channels and channel not in quiet.channels):
        return False
    if situation.contacts is None and not situation.is_visitor:
        return True
    own = None if situation.is_visitor else windows.own_zone(policy, situation.snapshot)
    return windows.is_quiet(quiet, situation.now_us, windows.zone(quiet.zone) if quiet.zone else own)


def reached(policy: Policy, cap: Cap, value: str, situation: Situation, more: int = 0) -> bool:
    """Return whether a cap is reached for one value of its dimension, with so many events more: in doubt it is."""
    if not concerns(cap, situation):
        return False
    contacts = contacts_of(cap, situation)
    if contacts is None or not knows_its_clock(policy, cap, situation):
        return True
    where = windows.clock(policy, cap, situation.snapshot)
    count = allowed(policy, cap, situation)
    kept = attrs.evolve(cap, count=count) if count else cap
    return count == 0 or is_reached(policy, kept, value, contacts, situation.now_us, where, more)


def allowed(policy: Policy, cap: Cap, situation: Situation) -> int:
    """Return how many events a cap allows whoever it is: fewer than it says where that is wished for."""
    if not cap.wish:
        return cap.count
    wish = protected(policy, situation.snapshot, cap.wish)
    is_whole = isinstance(wish, int) and any(a.name == cap.wish and a.type is ValueType.INT for a in policy.attributes)
    return min(cap.count, max(wish, 0)) if is_whole else 0


def is_wished(policy: Policy, cap: Cap, situation: Situation) -> bool:
    """Return whether it is a customer's wish that a cap keeps to, where it counts at all."""
    counts = contacts_of(cap, situation) is not None and knows_its_clock(policy, cap, situation)
    return counts and allowed(policy, cap, situation) < cap.count


def concerns(cap: Cap, situation: Situation) -> bool:
    """Return whether a cap concerns whoever it is: of a visitor, nobody's contacts are counted but everyone's."""
    return cap.per == "everyone" or not situation.is_visitor


def contacts_of(cap: Cap, situation: Situation) -> Sequence[Contact] | None:
    """Return the contacts that a cap counts; None if they are not known. Here every household is of one."""
    return situation.everyone if cap.per == "everyone" else situation.contacts


def knows_its_clock(policy: Policy, cap: Cap, situation: Situation) -> bool:
    """Return whether the time zone by which a cap counts is known."""
    return not isinstance(cap.window, Calendar) or windows.clock(policy, cap, situation.snapshot) is not None


def fills(policy: Policy, cap: Cap, offer: Offer, channel: str) -> tuple[str, ...]:
    """Return the values for which a pick takes room under a cap that other picks of the page share."""
    if cap.of == "offer" or not _is_on(cap, channel):
        return ()
    pick = Contact(
        "",
        "",
        "shown",
        0,
        topic=offer.topic,
        offer=offer.id,
        channel=channel,
        owner=offer.owner,
        tags=offer.tags,
        intent=offer.intent.value,
        offer_class=offer.offer_class.value,
    )
    if not is_counted(policy, cap, pick):
        return ()
    return tuple(value for value in dict.fromkeys(dimension_of_contact(policy, cap, pick)) if value)


def _is_on(cap: Cap, channel: str) -> bool:
    return not cap.channels or channel in cap.channels


def bars(cap: Cap, entry: Entry) -> bool:
    """Return whether a cap that is reached for a treatment keeps it away."""
    if cap.then == "downgrade":
        return entry.labels.tone > cap.to or entry.labels.basis > cap.to
    return True


def blinds(cap: Cap) -> bool:
    """Return whether under a cap that is reached no affinity ranks the treatment."""
    return cap.then == "downgrade"


def is_reached(
    policy: Policy,
    cap: Cap,
    value: str,
    contacts: Sequence[Contact],
    now_us: int,
    where: tzinfo | None,
    more: int = 0,
) -> bool:
    """Return whether a cap is reached for one value of its dimension by some contacts, and so many more."""
    counted = [
        one
        for one in contacts
        if (one.until_us is None or now_us < one.until_us)  # what only took room lapses
        and is_counted(policy, cap, one)
        and value in dimension_of_contact(policy, cap, one)
    ]
    ends_us = [windows.counts_until_us(cap, one.at_us, where) for one in counted]
    weights = {cap.counted.event: 1, **dict(cap.counted.weights)}
    weighed = [(one.at_us, weights[one.event]) for one, end_us in zip(counted, ends_us, strict=True) if end_us > now_us]
    inside = sum(weight for _, weight in weighed)
    if cap.per != "everyone":  # what speaks against a cap takes away from what came before it alone
        inside = max((sum(w for _, w in sorted(weighed)[first:]) for first in range(len(weighed))), default=0)
        inside = max(inside, 0)
    if inside + more >= cap.count:
        return True
    if cap.suppress_s is None or more:
        return False
    # Once reached, it stays so for a time after the event that reached it.
    return any(
        now_us < last.at_us + cap.suppress_s * SECOND_US
        and sum(1 for one, end_us in zip(counted, ends_us, strict=True) if one.at_us <= last.at_us < end_us)
        >= cap.count
        for last in counted
    )


def is_counted(policy: Policy, cap: Cap, contact: Contact) -> bool:
    """Return whether a cap counts a contact; what is not known of it speaks for counting it."""
    counted = cap.counted
    if contact.event not in (counted.event, *(event for event, _ in counted.weights)) or (
        cap.channels and contact.channel not in (*cap.channels, "")
    ):
        return False
    for wanted, known in (
        (counted.intents, [contact.intent]),
        (counted.owners, [contact.owner]),
        (counted.topics, lineage(policy, contact.topic) if contact.topic else [""]),
        (counted.tags, contact.tags if contact.offer else [""]),
    ):
        if wanted and "" not in known and not any(one in wanted for one in known):
            return False
    return not contact.offer_class or contact.offer_class not in counted.exempt


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
