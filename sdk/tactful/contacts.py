"""A contact: one event between us and a customer, as ledger and outbox keep it. It counts nothing."""

import attrs


@attrs.frozen(repr=False)
class Contact:
    """
    One event that a cap can count.

    Attributes:
        id: Unique; a second contact with the same id has no effect.
        customer: The persistent customer id.
        event: Such as "shown", "click", "purchase", "complaint".
        at_us: When it happened [us since 1970].
        topic: What it was about, or empty.
        offer: The offer's id, or empty.
        treatment: The treatment's id, or empty.
        placement: Where it was shown, or empty.
        channel: The channel, or empty.
        owner: The offer's owner, or empty.
        tags: The offer's tags as they were then.
        until_us: A reservation ends here [us since 1970]; None is a contact for good.
        intent: The offer's intent, or empty.
        offer_class: The offer's class as it was then, or empty.
    """

    id: str
    customer: str
    event: str
    at_us: int
    topic: str = ""
    offer: str = ""
    treatment: str = ""
    placement: str = ""
    channel: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    until_us: int | None = None
    intent: str = ""
    offer_class: str = ""

    def __repr__(self) -> str:  # whom it concerns is personal
        return f"<Contact {self.event} {self.offer}>"


def contact_id(decision: str, slot: int, offer: str, event: str) -> str:
    """
    Return the id of what becomes of an offer that a decision put into a slot.

    The offer is part of it: a page view that is decided again has the id of its first decision, and what it then shows
    in place of something else is an exposure of its own.
    """
    return f"{decision}/{slot}/{end_of_id(offer, event)}"


def end_of_id(offer: str, event: str) -> str:
    """Return how all ids end of what becomes of an offer: after the decision's and the slot, each with a `/`."""
    return f"{offer}/{event}"


def decision_of(contact: Contact) -> str:
    """Return the id of the decision that a contact came of; of one that came of none, what is no decision's."""
    return contact.id.partition("/")[0]
