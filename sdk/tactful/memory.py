"""The store that is there without asking: everything in this process's memory, gone with it. It touches no file."""

import os
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Self, TypeVar

from .clock import Clock, wall_clock
from .consent import Consent, Consents
from .contacts import Contact
from .decision_log import LogLimits
from .disclosures import Disclosure
from .errors import StoreError, UsageError
from .graph import MemoryGraph
from .identity import USUAL_KINDS, IdentityRules, Link
from .ledger import MemoryLedger
from .memory_disclosures import MemoryDisclosing, MemoryDisclosures
from .memory_held import MemoryHolding
from .memory_log import MemoryLogging
from .memory_outbox import MemorySending
from .memory_owing import MemoryOwing
from .memory_profiles import MemoryProfiles
from .outbox import MemoryOutbox, OutboxLimits
from .profile import Identity, Snapshot
from .pseudonyms import log_key, pseudonym
from .strict import MemoryRoom

_Noun = TypeVar("_Noun")
_stores: "weakref.WeakSet[MemoryStore]" = weakref.WeakSet()
#: Held while a store is made, or the process forks.
_forking = Lock()


class MemoryStore(
    MemoryProfiles, MemoryDisclosing, MemorySending, MemoryLogging, MemoryHolding, MemoryOwing, MemoryRoom
):
    """
    A `WritableStore` in memory, safe under threads; a forked child goes on with a copy of its own.

    >>> from tactful import Contact
    >>> store = MemoryStore()
    >>> ada = store.link({"card": "4711", "cookie": "c1"})
    >>> store.identify({"cookie": "c1"})
    <Identity device>
    >>> store.record([Contact("1", ada, "shown", at_us=0)]), store.record([Contact("1", ada, "shown", at_us=0)])
    (1, 0)
    """

    def __init__(
        self,
        *,
        kinds: Mapping[str, str] | None = None,
        confidence_min: float = 0.9,
        outbox: OutboxLimits = OutboxLimits(),  # noqa: B008 - frozen
        log: LogLimits = LogLimits(),  # noqa: B008 - frozen
        clock: Clock = wall_clock,
    ) -> None:
        """
        Begin with nothing.

        Args:
            kinds: The kind of each identifier, by name: "person", "household" or "device".
            confidence_min: Links that are less sure identify nobody.
            outbox: How much may wait for the centre.
            log: How much the decision log may hold.
            clock: Gives the moment of links and merges [us since 1970].
        """
        super().__init__(log)
        self._graph = MemoryGraph(IdentityRules(USUAL_KINDS if kinds is None else kinds, confidence_min))
        self._clock = clock
        self._lock = Lock()
        self._closed = False
        self._profiles: dict[str, Snapshot] = {}
        self._consents: dict[str, Consents] = {}
        self._ledger, self._disclosures = MemoryLedger(), MemoryDisclosures()
        self._outbox = MemoryOutbox(outbox)
        self._registers: dict[str, bytes] = {}
        self._owed: dict[str, set[str]] = {}
        MemoryRoom.__init__(self, clock, self._members)
        with _forking:
            _stores.add(self)

    # What an edge reads
    def profile(self, customer: str) -> Snapshot | None:
        """Return the newest snapshot, or None for a customer who is not known."""
        with self._open():
            return self._graph.merges(customer).snapshot(customer, self._profiles)

    def consents(self, customer: str) -> Consents | None:
        """Return all records that speak, or None for a customer who is not known."""
        with self._open():
            return self._graph.merges(customer).consents(customer, self._consents)

    def identify(self, identifiers: Mapping[str, str]) -> Identity | None:
        """Return whom identifiers stand for; None if unknown, or if they contradict each other."""
        with self._open():
            return self._graph.identify(identifiers)

    def contacts(self, customer: str, since_us: int) -> Sequence[Contact]:
        """Return the customer's contacts at or after a moment, oldest first."""
        with self._open():
            return self._ledger.recent(self._members(customer), since_us)

    def household_contacts(self, household: str, since_us: int) -> Sequence[Contact]:
        """Return the contacts of all who belong to a household at or after a moment, oldest first."""
        with self._open():
            members = [one for root in self._graph.household(household) for one in self._members(root)]
            return self._ledger.recent(members, since_us)

    def tail(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many contacts of all customers that were recorded after a number, with their numbers."""
        with self._open():
            return self._ledger.tail(after, count)

    def record(self, contacts: Sequence[Contact], disclosures: Sequence[Disclosure] = ()) -> int:
        """Keep contacts and disclosures and let them wait, all or none; return how many contacts were new."""
        checked, passed = _checked(contacts, Contact), _checked(disclosures, Disclosure)
        with self._open():
            in_time, late = self._in_time(checked)
            new = self._ledger.keep(in_time)
            self._outbox.add([*new, *late, *self._disclosures.keep(self._in_time(passed)[0])])
            return len(new)

    def register(self, name: str) -> bytes | None:
        """Return what is kept under a name."""
        with self._open():
            return self._registers.get(name)

    def claim_register(self, name: str, value: bytes) -> bytes:
        """Keep the value unless the name has one already; return what is kept."""
        with self._open():
            return self._registers.setdefault(name, bytes(value))

    def raise_register(self, name: str, number: int) -> int:
        """Keep a number unless the name has a greater one; return what is kept."""
        with self._open():
            self._registers[name] = b"%d" % max(number, int(self._registers.get(name, number)))
            return int(self._registers[name])

    # What fills it
    def put_profile(self, snapshot: Snapshot) -> bool:
        """Keep a snapshot; one older than what is kept changes nothing: return False."""
        with self._open():
            return self._put_profile(snapshot)

    def put_consents(self, customer: str, consents: Consents) -> bool:
        """Keep what the centre knows of a customer's consents; older ones change nothing: return False."""
        with self._open():
            return self._put_consents(customer, consents)

    def put_many(
        self,
        profiles: Iterable[Snapshot] = (),
        consents: Mapping[str, Consents] | None = None,
        contacts: Iterable[Contact] = (),
    ) -> int:
        """Keep much of what the centre knows at once, all or none; return how much was new."""
        snapshots, checked = _checked(profiles, Snapshot), _checked(contacts, Contact)
        known = dict(zip(consents or (), _checked((consents or {}).values(), Consents), strict=True))
        with self._open():
            new = sum(self._put_profile(snapshot) for snapshot in snapshots)
            new += sum(self._put_consents(customer, one) for customer, one in known.items())
            return new + len(self._ledger.keep(self._in_time(checked)[0]))

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Add what a customer has just said. A no is kept for every id that is merged with the customer's."""
        with self._open():
            for member in self._members(customer) if consent.refuses else (customer,):
                before = self._consents.get(member, Consents.first_hand((), consent.at_us))
                self._consents[member] = before.plus(consent)

    def link(
        self,
        identifiers: Mapping[str, str],
        *,
        customer: str | None = None,
        kind: str = "stated",
        confidence: float = 1.0,
    ) -> str:
        """Keep that identifiers stand for a customer; return the id that stands for the customer."""
        with self._open():
            return self._graph.link(identifiers, customer, kind, confidence, self._clock())

    def unlink(self, identifiers: Mapping[str, str]) -> int:
        """Forget whom identifiers stand for; return how many links went."""
        with self._open():
            return self._graph.unlink(identifiers)

    def links(self, customer: str) -> Sequence[Link]:
        """Return the links of a customer and all that is merged with it, oldest first."""
        with self._open():
            return self._graph.links(customer)

    def merge(self, customer: str, other: str) -> str:
        """Keep that two ids are one customer; return the id that stands for both, which is the first one's."""
        with self._open():
            return self._graph.merge(customer, other, self._clock())

    def split(self, customer: str) -> Sequence[str]:
        """Undo every merge in which an id was named; return the ids that stand for themselves again."""
        with self._open():
            return self._graph.split(customer)

    # What forgets
    def erase(self, customer: str) -> Mapping[str, int]:
        """Forget a customer and every id merged with it, all but waiting withdrawals; return how much went."""
        key = log_key(self)
        with self._open():
            members = self._members(customer)
            names = [pseudonym(key, one) for one in members if one]
            return {
                "profiles": sum(self._profiles.pop(one, None) is not None for one in members),
                "consents": sum(self._consents.pop(one, None) is not None for one in members),
                "contacts": self._ledger.erase(members),
                "disclosures": self._disclosures.erase(members),
                "strict": self._strict.erase(members),
                **self._graph.erase(members),
                "outbox": self._outbox.erase(members),
                **self._erase_decisions(names, self._clock()),
            }

    def forget_contacts(self, before_us: int) -> int:
        """Forget the ledger's contacts before a moment; return how many there were."""
        with self._open():
            return self._ledger.forget(before_us)

    def close(self) -> None:
        """Take no more calls; a second close does nothing."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<MemoryStore {'closed' if self._closed else 'open'}>"

    @contextmanager
    def _open(self) -> Iterator[None]:
        if self._closed:
            raise UsageError("the store is closed; open another one")
        with self._lock:
            yield

    def _members(self, customer: str) -> tuple[str, ...]:
        return self._graph.merges(customer).members(customer)

    def _put_consents(self, customer: str, consents: Consents) -> bool:
        before, told = self._consents.get(customer), consents.as_told
        if before is not None and told.is_older(before):  # nothing is older than what is first-hand
            return False
        self._consents[customer] = told if before is None else before.renewed(told)
        return True


def _checked(nouns: Iterable[_Noun], noun: type[_Noun]) -> tuple[_Noun, ...]:
    checked = tuple(nouns)
    if not all(isinstance(one, noun) for one in checked):
        raise StoreError(f"only {noun.__name__} is taken here; nothing of this call was kept")
    return checked


_held: list[MemoryStore] = []


def _before_fork() -> None:
    _forking.acquire()
    _held.extend(_stores)
    for store in _held:
        store._lock.acquire()  # noqa: SLF001 - so that no child begins with half a change


def _after_fork() -> None:
    for store in _held:
        store._lock.release()  # noqa: SLF001 - taken just before, by this thread
    _held.clear()
    _forking.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
