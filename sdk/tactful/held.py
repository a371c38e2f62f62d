"""All that a store holds of one customer, row by row, for who asks. It is as personal as what it is about."""

from collections.abc import Mapping

import attrs

from .consent import Consents
from .contacts import Contact
from .decision_log import LoggedDecision
from .disclosures import Disclosure
from .evidence import SealedEvidence
from .identity import Link
from .merging import Merge
from .outbox import OutboxLimits
from .profile import Snapshot

_WITHDRAWAL = OutboxLimits.classes.index("withdrawal")


@attrs.frozen(repr=False)
class Held:
    """
    All that a store holds of a customer, under every id that is merged with the one that was asked for.

    Attributes:
        ids: The ids; the one that stands for them first.
        profiles: Each id's own snapshot, as far as there is one.
        consents: Each id's own records of consent, likewise.
        links: For whom identifiers stand, oldest first.
        merges: The statements that two of the ids are one customer, oldest first.
        contacts: What passed between us, oldest first.
        disclosures: What was passed on to partners, oldest first; also what nobody is told of any more.
        waiting: What waits in the outbox for the centre, and what the centre refused.
        decisions: What was logged under the customer's pseudonyms, oldest first.
        evidence: The sealed evidence of them, oldest first.
        strict: So many units of room are kept under strict caps.
    """

    ids: tuple[str, ...]
    profiles: Mapping[str, Snapshot]
    consents: Mapping[str, Consents]
    links: tuple[Link, ...]
    merges: tuple[Merge, ...]
    contacts: tuple[Contact, ...]
    disclosures: tuple[Disclosure, ...]
    waiting: tuple[Contact | Disclosure, ...]
    decisions: tuple[LoggedDecision, ...]
    evidence: tuple[SealedEvidence, ...]
    strict: int

    @property
    def notices(self) -> tuple[Contact | Disclosure, ...]:
        """The withdrawals that wait; an erasure leaves them, as others must hear of them."""
        return tuple(one for one in self.waiting if OutboxLimits.rank(one) == _WITHDRAWAL)

    @property
    def counts(self) -> Mapping[str, int]:
        """How much of it an erasure would take, by sort of record, as `Erasure.erase` says it."""
        return {
            "profiles": len(self.profiles),
            "consents": len(self.consents),
            "contacts": len(self.contacts),
            "disclosures": len(self.disclosures),
            "strict": self.strict,
            "links": len(self.links),
            "merges": len(self.ids) if len(self.ids) > 1 else 0,
            "outbox": len(self.waiting) - len(self.notices),
            "decisions": len(self.decisions),
            "evidence": len(self.evidence),
        }

    def __repr__(self) -> str:  # what it holds is personal
        return f"<Held {sum(self.counts.values())} rows>"
