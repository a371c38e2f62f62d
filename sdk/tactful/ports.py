"""The protocols of what an edge stands on: sources, graph, ledger, registers. No adapter is named here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from .consent import Consent, Consents
from .contacts import Contact
from .disclosure_ports import DisclosureRecord
from .disclosures import Disclosure
from .identity import Link
from .log_ports import DecisionLog, EvidenceRows
from .outbox_ports import Outbox
from .profile import Identity, Snapshot
from .rights_ports import Owing, SubjectAccess
from .strict import Ask


@runtime_checkable
class ProfileSource(Protocol):
    """Where snapshots come from."""

    def profile(self, customer: str) -> Snapshot | None:
        """Return the newest snapshot, or None for a customer who is not known."""
        ...


@runtime_checkable
class ConsentSource(Protocol):
    """Where consents come from, apart from profiles: a withdrawal overtakes everything else."""

    def consents(self, customer: str) -> Consents | None:
        """Return all records, or None for a customer who is not known."""
        ...


@runtime_checkable
class IdentityGraph(Protocol):
    """Who is behind identifiers."""

    def identify(self, identifiers: Mapping[str, str]) -> Identity | None:
        """Return whom they stand for; None if unknown, or if they contradict each other."""
        ...


@runtime_checkable
class Ledger(Protocol):
    """What passed between us and a customer."""

    def contacts(self, customer: str, since_us: int) -> Sequence[Contact]:
        """Return the customer's contacts at or after a moment, oldest first."""
        ...

    def household_contacts(self, household: str, since_us: int) -> Sequence[Contact]:
        """Return the contacts of all who belong to a household at or after a moment, oldest first."""
        ...

    def tail(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """
        Return at most so many contacts of all customers that were recorded after a number, with their numbers.

        Numbers rise in the order in which contacts were recorded, by any process; none is given twice. 0 is before all.
        """
        ...

    def record(self, contacts: Sequence[Contact], disclosures: Sequence[Disclosure] = ()) -> int:
        """
        Keep contacts, and what they passed on, durably, and put both into the outbox, all or none.

        No disclosure is among the contacts: no cap counts it.

        Returns:
            How many contacts were new by their id.
        """
        ...


@runtime_checkable
class Registers(Protocol):
    """A few small secrets and marks that outlive a process: the token key, the highest epoch."""

    def register(self, name: str) -> bytes | None:
        """Return what is kept under a name."""
        ...

    def claim_register(self, name: str, value: bytes) -> bytes:
        """Keep the value unless the name has one already; return what is kept, the same for all processes."""
        ...

    def raise_register(self, name: str, number: int) -> int:
        """Keep a number, durably, unless a greater one is there; return what is kept, the same for all processes."""
        ...


@runtime_checkable
class StrictCaps(Protocol):
    """
    The centre of strict caps: what all edges together have reserved and used. Each call is atomic.

    Its own clock counts. What it has promised once it promises to nobody else: a unit that was reserved counts until
    it is confirmed, released, or lapses; one that is confirmed late counts from then on.
    """

    def reserve(self, asks: Sequence[Ask]) -> Sequence[Sequence[str]]:
        """Reserve room; return the units that were given, for each question in its order: as many as are left."""
        ...

    def confirm(self, units: Iterable[str]) -> int:
        """Keep that room was used; return how many of these units were known. Twice is as once."""
        ...

    def release(self, units: Iterable[str]) -> int:
        """Give back room that was not used; return how much was. What was confirmed stays."""
        ...


class Store(ProfileSource, ConsentSource, IdentityGraph, Ledger, DisclosureRecord, Registers, Protocol):
    """All ports in one, as the embedded stores have them."""

    def close(self) -> None:
        """Give back files and connections; a second call does nothing."""
        ...


@runtime_checkable
class ProfileSink(Protocol):
    """Where snapshots go."""

    def put_profile(self, snapshot: Snapshot) -> bool:
        """Keep a snapshot; one older than what is kept, by epoch and then by time, changes nothing: return False."""
        ...


@runtime_checkable
class ProfileAmending(Protocol):
    """Where a profile is changed by what a customer says or gets."""

    def amend_profile(self, customer: str, amend: Callable[[str, Snapshot | None], Snapshot | None]) -> None:
        """
        Change what is kept of a customer, durably; no other change comes in between.

        Args:
            customer: Any id of the customer.
            amend: Gets each id that stands for the customer, with its own snapshot; returns the changed one, or None.
        """
        ...


@runtime_checkable
class ConsentSink(Protocol):
    """Where consents go."""

    def put_consents(self, customer: str, consents: Consents) -> bool:
        """
        Keep what the centre knows of a customer's consents, in place of what was known before.

        Records newer than `consents.at_us` stay: the centre had not heard of them. Consents older than those that are
        kept change nothing: return False.
        """
        ...

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Add what a customer just said, first-hand if nothing was put; a no for every id merged with the customer."""
        ...


@runtime_checkable
class IdentityLinks(Protocol):
    """How the identity graph grows, and how it is corrected."""

    def link(
        self,
        identifiers: Mapping[str, str],
        *,
        customer: str | None = None,
        kind: str = "stated",
        confidence: float = 1.0,
    ) -> str:
        """
        Keep that identifiers stand for a customer; return the customer's id.

        Args:
            identifiers: Values by the identifiers' names.
            customer: For whom they stand; None means whom the strongest of them stand for, else somebody new.
            kind: How it is known, such as "stated", "login" or "matched".
            confidence: How sure it is, 0 to 1; a link that is not sure enough identifies nobody.

        Raises:
            StoreError: If an identifier of a person stands for someone else already: `merge` them, or `unlink` it.
            UsageError: If the identifiers are empty or contradict each other.
        """
        ...

    def unlink(self, identifiers: Mapping[str, str]) -> int:
        """Forget whom identifiers stand for; return how many links went."""
        ...

    def links(self, customer: str) -> Sequence[Link]:
        """Return the links of a customer and all that is merged with it, oldest first."""
        ...

    def merge(self, customer: str, other: str) -> str:
        """
        Keep that two ids are one customer; return the id that stands for both from now on, which is the first one's.

        Every record stays under its own id. Together they give the newest observation of each attribute, the
        contacts of both, and the more careful consent: a no stays until an explicit yes that is newer than the merge.
        """
        ...

    def split(self, customer: str) -> Sequence[str]:
        """
        Undo every merge in which an id was named; return the ids that stand for themselves again.

        Each id has what was recorded under it, before and since; a no that was said in between stays with all.
        """
        ...


@runtime_checkable
class CustomerList(Protocol):
    """Whom a store knows, for reports; no decision asks it."""

    def customers(self, after: str, count: int) -> Sequence[str]:
        """Return at most so many ids with a profile that come after an id, in the order of ids; "" is before all."""
        ...


@runtime_checkable
class Erasure(Protocol):
    """How a customer is forgotten, and what has grown old."""

    def erase(self, customer: str) -> Mapping[str, int]:
        """
        Forget a customer and every id that is merged with it; return how much went, by sort of record.

        A withdrawal that still waits in the outbox stays there: the centre must hear of it. What was logged of the
        customer's decisions and passed on to partners stays too, without all that leads to a person.
        """
        ...

    def forget_contacts(self, before_us: int) -> int:
        """Forget the ledger's contacts before a moment, which no cap counts any more; return how many there were."""
        ...


class WritableStore(
    Store,
    ProfileSink,
    ProfileAmending,
    ConsentSink,
    IdentityLinks,
    Outbox,
    Erasure,
    DecisionLog,
    EvidenceRows,
    StrictCaps,
    CustomerList,
    SubjectAccess,
    Owing,
    Protocol,
):
    """A store with all that fills it, as the embedded ones have it."""

    def put_many(
        self,
        profiles: Iterable[Snapshot] = (),
        consents: Mapping[str, Consents] | None = None,
        contacts: Iterable[Contact] = (),
    ) -> int:
        """
        Keep much of what the centre knows at once, all or none; return how much was new.

        The contacts go into the ledger alone: the centre has them.
        """
        ...


#: A plain function in place of a `ProfileSource`: a snapshot, or values (or observations) by attribute name.
ProfileFunction = Callable[[str], Snapshot | Mapping[str, object] | None]
#: A plain function in place of a `ConsentSource`: consents, or a word such as "explicit" or "withdrawn" by purpose.
ConsentFunction = Callable[[str], Consents | Mapping[str, object] | None]
