"""What the reference engine is asked, and what it answers. It has no behaviour."""

from collections.abc import Mapping

import attrs

from ...consent import Consents
from ...contacts import Contact
from ...familiarity import Familiarity
from ...labels import Labels
from ...offers import Offer, Treatment
from ...profile import Identity, Snapshot


@attrs.frozen(repr=False)
class Situation:
    """
    Whom a decision is for, and when.

    Attributes:
        identity: Who it is; None for a visitor.
        snapshot: The profile; None if it is not known.
        consents: The consents; None if they are not known.
        contacts: The customer's contacts and the room that earlier decisions took; None if they are not known, or if
            there is no customer.
        everyone: The same of all customers together; None if they are not known.
        context: What the caller tells of the moment.
        now_us: The moment [us since 1970].
    """

    identity: Identity | None
    snapshot: Snapshot | None
    consents: Consents | None
    contacts: tuple[Contact, ...] | None
    everyone: tuple[Contact, ...] | None
    context: Mapping[str, object]
    now_us: int

    @property
    def is_visitor(self) -> bool:
        """Whether nobody in particular is meant: no cap per customer concerns a visitor."""
        return self.identity is None and self.contacts is None


@attrs.frozen
class Entry:
    """One treatment of one offer, with its place in the order of worth."""

    index: int
    offer: Offer
    treatment: Treatment
    labels: Labels


@attrs.frozen
class Pick:
    """One filled slot."""

    placement: str
    offer: str
    treatment: str
    tone: Familiarity
    basis: Familiarity
    worth: float


@attrs.frozen
class Answer:
    """
    What a decision is.

    Attributes:
        allowed: The treatments (offer, treatment) that nothing bars by itself.
        picks: The filled slots, best first.
        reasons: For every other treatment (offer, treatment), the ids of all that kept it away, sorted.
        hidden: The values on record that limits kept from purposes: attribute, purposes (none: all), and rule's id.
    """

    allowed: frozenset[tuple[str, str]]
    picks: tuple[Pick, ...]
    reasons: Mapping[tuple[str, str], tuple[str, ...]]
    hidden: tuple[tuple[str, tuple[str, ...], str], ...]
