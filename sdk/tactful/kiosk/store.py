"""The store of a kiosk: who is known comes from the pack, what happens here goes into a store of its own, ids sealed.

What is read of the pack stays in memory while it is needed. Its own store holds contacts, withdrawals and yeses, and
what of strict caps is in use; no name, no value, and no id that can be read without the device key.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from ..consent import Consent, Consents
from ..contacts import Contact
from ..disclosures import Disclosure
from ..identity import IdentityRules
from ..memory import MemoryStore
from ..probe_ports import ProbedStore
from ..profile import Identity, Snapshot
from ..strict import Ask
from .packs import Packs
from .rows import PackedCustomer
from .sealed_caps import SealedSubjects
from .sealed_ids import SealedIds
from .sealed_outbox import OwnStore, SealedOutbox
from .shares import Share, SharedCaps

#: What a sealed id of a contact begins with, besides the mark of what is sealed.
_SEALED: Final = "~"


class KioskStore(SealedOutbox):
    """A `Store` that reads a pack and writes elsewhere."""

    def __init__(self, own: OwnStore, packs: Packs, rules: IdentityRules, *, owned: bool, hears: bool = False) -> None:
        """
        Put a pack before a store.

        Args:
            own: What happens here is kept in it.
            packs: The pack of the moment.
            rules: The kinds of identifiers.
            owned: Whether its own store is to be closed with it.
            hears: Whether noes are heard of the centre between two packs.
        """
        self.hears = hears
        self._own = self._durable = own
        self._packs = packs
        self._rules = rules
        self._owned = owned
        self._ids = SealedIds(packs.key, packs.tenant)
        packs.when_killed(self._begin_anew)
        if packs.killed:
            self._begin_anew()

    @property
    def own(self) -> OwnStore:
        """What is kept here, ids sealed."""
        return self._durable

    @property
    def is_killed(self) -> bool:
        """Whether key and pack were destroyed."""
        return self._packs.killed

    @property
    def pack_epoch(self) -> int:
        """The epoch of the pack of the moment."""
        return -1 if self._packs.killed else self._packs.now.head.epoch

    def packed_scopes(self, customer: str) -> frozenset[tuple[str, str | None]] | None:
        """Return of which purposes, and channels, the pack has a customer's word; None of whom it does not know."""
        found = None if self._packs.killed else self._packs.now.customer(customer)  # also while it may not be used
        if found is None:
            return None
        return frozenset() if found.consents is None else frozenset(one.scope for one in found.consents.records)

    # Who is known
    def profile(self, customer: str) -> Snapshot | None:
        """Return the snapshot of the pack, or None."""
        found = self._packed(customer)
        return None if found is None else found.snapshot

    def consents(self, customer: str) -> Consents | None:
        """Return the pack's records and what was said here, known to be true when the pack was made; or None."""
        packed, here = self._packed(customer), self._said_here(customer)
        if self._packs.killed:
            return here
        known_us = self._packs.now.head.issued_us
        if here is None:
            return None if packed is None else packed.consents
        if packed is None or packed.consents is None:
            return Consents(here.records, min(here.at_us, known_us))
        return here.renewed(packed.consents)

    def identify(self, identifiers: Mapping[str, str]) -> Identity | None:
        """Return whom identifiers stand for; None if unknown, or if they contradict each other."""
        return self._rules.identity(identifiers, self._standing_for, self._households)

    # What passed between us
    def contacts(self, customer: str, since_us: int) -> Sequence[Contact]:
        """Return the customer's contacts at or after a moment, those of the pack and those made here, oldest first."""
        kept = [self._own.contacts(self._sealed(one), since_us) for one in self._same(customer)]
        here = [self._opened(one) for theirs in kept for one in theirs]
        packed = self._packed(customer)
        known = {one.id for one in here}
        before = () if packed is None else packed.contacts
        both = [*(one for one in before if one.id not in known and one.at_us >= since_us), *here]
        return tuple(sorted(both, key=lambda one: (one.at_us, one.id)))

    def household_contacts(self, household: str, since_us: int) -> Sequence[Contact]:
        """Return the contacts of all in the pack who belong to a household, oldest first."""
        members = () if self._reason() else self._packs.now.household(household)
        both = [one for member in members for one in self.contacts(member, since_us)]
        return tuple(sorted(both, key=lambda one: (one.at_us, one.id)))

    def tail(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many contacts that were recorded here after a number."""
        self._packs.time.keep()  # about once a second, and never in a decision
        self._packs.look()  # so that decisions say that its file was overwritten
        return tuple((number, self._opened(one)) for number, one in self._own.tail(after, count))

    def record(self, contacts: Sequence[Contact], disclosures: Sequence[Disclosure] = ()) -> int:
        """Keep contacts, and what they passed on, durably, and put both into the outbox; return how many were new."""
        passed = [self._closed_disclosure(one) for one in disclosures]
        return self._own.record([self._closed(one) for one in contacts], passed)

    def disclosures(self, customer: str, now_us: int) -> Sequence[Disclosure]:
        """Return what was passed on of a customer here whose time is not over, oldest first."""
        kept = [self._own.disclosures(self._sealed(one), now_us) for one in self._same(customer)]
        found = [self._opened_disclosure(one) for theirs in kept for one in theirs]
        return tuple(sorted(found, key=lambda one: (one.at_us, one.id)))

    def disclosures_of(self, decision: str, now_us: int) -> Sequence[Disclosure]:
        """Return what a decision passed on whose time is not over, oldest first."""
        return tuple(self._opened_disclosure(one) for one in self._own.disclosures_of(decision, now_us))

    def forget_disclosures(self, now_us: int) -> int:
        """Forget the disclosures whose time is over at a moment; return how many there were."""
        return self._own.forget_disclosures(now_us)

    # What customers say
    def put_consents(self, customer: str, consents: Consents) -> bool:
        """Keep what the centre knows of a customer's consents."""
        return self._own.put_consents(self._sealed(customer), consents)

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Add what a customer has just said."""
        self._own.add_consent(self._sealed(customer), consent)

    # This device's share of strict caps
    def reserve(self, asks: Sequence[Ask]) -> Sequence[Sequence[str]]:
        """Reserve room within this device's share; return the units that were given, for each question."""
        if self._packs.killed:
            return [()] * len(asks)
        head = self._packs.now.head
        share = Share(head.share_first, head.share_count, head.share_of)
        return SharedCaps(SealedSubjects(self._own, self._ids), share).reserve(asks)

    def confirm(self, units: Iterable[str]) -> int:
        """Keep that room was used; return how many of these units were known."""
        return self._own.confirm(units)

    def release(self, units: Iterable[str]) -> int:
        """Give back room that was not used; return how much was."""
        return self._own.release(units)

    # Marks
    def register(self, name: str) -> bytes | None:
        """Return what is kept under a name."""
        return self._durable.register(name)

    def claim_register(self, name: str, value: bytes) -> bytes:
        """Keep the value unless the name has one already; return what is kept."""
        return self._durable.claim_register(name, value)

    def raise_register(self, name: str, number: int) -> int:
        """Keep a number, durably, unless a greater one is there; return what is kept."""
        return self._durable.raise_register(name, number)

    def probe(self) -> None:
        """
        Try its own store, if that can be tried.

        Raises:
            StoreError: If it cannot be written.
        """
        if isinstance(self._durable, ProbedStore):
            self._durable.probe()

    def close(self) -> None:
        """Give back the pack, and its own store if that is to be closed with it; a second call does nothing."""
        self._packs.close()
        if self._owned:
            self._durable.close()

    def _begin_anew(self) -> None:
        """Keep what happens from now on in memory: without the device key, nothing that is kept can be opened."""
        self._own, self._ids = MemoryStore(), SealedIds(self._packs.key, "")

    def _packed(self, customer: str) -> PackedCustomer | None:
        """Return what the pack says of a customer, as long as it may be used."""
        return None if self._reason() else self._packs.now.customer(customer)

    def _same(self, customer: str) -> tuple[str, ...]:
        """Return the ids under which something may be kept here: a newer pack can say that two are one customer."""
        merged = () if self._reason() else self._packs.now.merged(customer)
        return (customer, *(one for one in merged if one != customer))

    def _said_here(self, customer: str) -> Consents | None:
        """Return what was said here under an id, and every no under an id that is merged with it."""
        said = [self._own.consents(self._sealed(one)) for one in self._same(customer)]
        own, others = said[0], [one for one in said[1:] if one is not None]
        found = Consents((), min(one.at_us for one in others)) if own is None and others else own
        for no in (record for one in others for record in one.records if record.refuses):
            found = None if found is None else found.plus(no)
        return found

    def _reason(self) -> str:
        return self._packs.why_not(self._packs.time())

    def _standing_for(self, one: tuple[str, str]) -> set[str]:
        name, value = one
        if name == IdentityRules.customer:
            found = self._packed(value)
            return {value if found is None else found.customer}
        return set() if self._reason() else set(self._packs.now.standing_for(name, value))

    def _households(self, customer: str) -> set[str]:
        found = self._packed(customer)
        return set() if found is None or found.household is None else {found.household}

    def _sealed(self, customer: str) -> str:
        return self._ids.seal(customer)

    def _closed(self, one: Contact) -> Contact:
        # A contact's own id tells too: it may be an order's number, or made of the customer's.
        return attrs.evolve(one, id=_SEALED + self._ids.seal(one.id), customer=self._sealed(one.customer))

    def _opened(self, one: Contact) -> Contact:
        customer = self._ids.open(one.customer)
        if one.id.startswith(_SEALED * 2):
            id_ = self._ids.open(one.id.removeprefix(_SEALED))
        else:  # kept by an earlier version, which sealed no more of it than the customer's
            id_ = one.id.replace(one.customer, customer) if customer else one.id
        return attrs.evolve(one, id=id_, customer=customer)

    def _closed_disclosure(self, one: Disclosure) -> Disclosure:
        return one if one.customer is None else attrs.evolve(one, customer=self._sealed(one.customer))

    def _opened_disclosure(self, one: Disclosure) -> Disclosure:
        return one if one.customer is None else attrs.evolve(one, customer=self._ids.open(one.customer))

    def _opened_event(self, one: Contact | Disclosure) -> Contact | Disclosure:
        return self._opened(one) if isinstance(one, Contact) else self._opened_disclosure(one)
