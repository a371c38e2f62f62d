"""A store in one SQLite file, for all processes of a host; what was recorded is not lost. Never on a network drive."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tactful import (
    Ask,
    Consent,
    Consents,
    Contact,
    Disclosure,
    Identity,
    IdentityRules,
    Link,
    LogLimits,
    OutboxLimits,
    Snapshot,
    log_key,
    pseudonym,
    wall_clock,
)

from .sqlite_address import named, refuse_missing
from .sqlite_disclosures import SQLiteDisclosing, SQLiteDisclosures
from .sqlite_erased import SQLiteErased
from .sqlite_evidence import SQLiteEvidence
from .sqlite_file import SQLiteFile
from .sqlite_graph import SQLiteGraph
from .sqlite_held import SQLiteHolding
from .sqlite_log import SQLiteLog, SQLiteLogging
from .sqlite_owing import SQLiteOwing
from .sqlite_sending import SQLiteSending
from .sqlite_strict import SQLiteStrictCaps
from .sqlite_tables import SQLiteTables


class SQLiteStore(SQLiteDisclosing, SQLiteSending, SQLiteHolding, SQLiteOwing, SQLiteLogging):
    """A `WritableStore` in a file, safe under threads, fork, `kill -9` and loss of power."""

    def __init__(
        self,
        path: str | Path,
        *,
        kinds: Mapping[str, str] | None = None,
        confidence_min: float = 0.9,
        outbox: OutboxLimits = OutboxLimits(),  # noqa: B008 - frozen
        log: LogLimits = LogLimits(),  # noqa: B008 - frozen
        clock: Callable[[], int] = wall_clock,
        shared: bool = True,
        busy_s: float = 5.0,
    ) -> None:
        """
        Open a file, or make it.

        Args:
            path: The file; its folder must be there.
            kinds: The kind of each identifier, by name: "person", "household" or "device".
            confidence_min: Links that are less sure identify nobody.
            outbox: How much may wait for the centre.
            log: How much the decision log may hold.
            clock: Gives the moment of links and merges [us since 1970].
            shared: Whether other processes may open it too; without them it is faster.
            busy_s: Wait at most this long for another process [s].

        Raises:
            StoreError: If the file cannot be opened, is damaged, or is not ours.
        """
        self._rules = (
            IdentityRules(confidence_min=confidence_min) if kinds is None else IdentityRules(kinds, confidence_min)
        )
        self._limits = outbox
        self._clock = clock
        super().__init__(SQLiteFile(Path(path), shared=shared, busy_s=busy_s), log)

    @classmethod
    def from_url(cls, url: str, *, kinds: Mapping[str, str] | None = None) -> Self:
        """
        Open the file of a URL: `sqlite:///edge.db` in the working folder, `sqlite:////var/lib/edge.db` from the root.

        Raises:
            StoreError: If the URL names no file, or the file cannot be opened.
        """
        path, shared = named(url)
        return cls(path, kinds=kinds, shared=shared)

    @classmethod
    def refuse_missing(cls, url: str) -> None:
        """Raise StoreError if a URL names no file, or one that is not there; make nothing."""
        refuse_missing(url)

    def profile(self, customer: str) -> Snapshot | None:
        """Return the newest snapshot, or None for a customer who is not known."""
        with self._reading() as (tables, graph):
            merges = graph.merges(customer)
            return merges.snapshot(customer, tables.snapshots(merges.members(customer)))

    def consents(self, customer: str) -> Consents | None:
        """Return all records that speak, or None for a customer who is not known."""
        with self._reading() as (tables, graph):
            merges = graph.merges(customer)
            return merges.consents(customer, tables.consents(merges.members(customer)))

    def identify(self, identifiers: Mapping[str, str]) -> Identity | None:
        """Return whom identifiers stand for; None if unknown, or if they contradict each other."""
        with self._reading() as (_, graph):
            return graph.identify(identifiers)

    def contacts(self, customer: str, since_us: int) -> Sequence[Contact]:
        """Return the customer's contacts at or after a moment, oldest first."""
        with self._reading() as (tables, graph):
            return tables.contacts(graph.merges(customer).members(customer), since_us)

    def household_contacts(self, household: str, since_us: int) -> Sequence[Contact]:
        """Return the contacts of all who belong to a household at or after a moment, oldest first."""
        with self._reading() as (tables, graph):
            members = [one for root in graph.household(household) for one in graph.merges(root).members(root)]
            return tables.contacts(members, since_us)

    def tail(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many contacts of all customers that were recorded after a number, with their numbers."""
        with self._reading() as (tables, _):
            return tables.tail(after, count)

    def record(self, contacts: Sequence[Contact], disclosures: Sequence[Disclosure] = ()) -> int:
        """Keep contacts and disclosures durably and let them wait, all or none; return how many contacts were new."""
        with self._writing() as (tables, _):
            erased = SQLiteErased(tables.connection)
            in_time, late = erased.in_time(contacts)
            new = tables.keep_contacts(in_time)
            passed = SQLiteDisclosures(tables.connection).keep(erased.in_time(disclosures)[0])
            self._outbox(tables).add([*new, *late, *passed])
        return len(new)

    def register(self, name: str) -> bytes | None:
        """Return what is kept under a name."""
        with self._reading() as (tables, _):
            return tables.register(name)

    def claim_register(self, name: str, value: bytes) -> bytes:
        """Keep the value unless the name has one already; return what is kept, the same for all processes."""
        with self._writing() as (tables, _):
            kept = tables.register(name)
            if kept is None:
                tables.set_register(name, value)
        return bytes(value) if kept is None else kept

    def raise_register(self, name: str, number: int) -> int:
        """Keep a number, durably, unless a greater one is there; return what is kept, the same for all processes."""
        with self._writing() as (tables, _):
            kept = tables.register(name)
            if kept is None or int(kept) < number:
                tables.set_register(name, str(number).encode())
                return number
        return int(kept)

    def reserve(self, asks: Sequence[Ask]) -> Sequence[Sequence[str]]:
        """Reserve room under strict caps; return the units that were given, for each question."""
        with self._writing() as (tables, graph):
            strict, now_us = SQLiteStrictCaps(tables.connection), self._clock()
            return strict.reserve_all(asks, lambda subject: graph.merges(subject).members(subject), now_us)

    def confirm(self, units: Iterable[str]) -> int:
        """Keep that room was used; return how many of these units were known."""
        with self._writing() as (tables, _):
            return SQLiteStrictCaps(tables.connection).confirm(units, self._clock())

    def release(self, units: Iterable[str]) -> int:
        """Give back room that was not used; return how much was."""
        with self._writing() as (tables, _):
            return SQLiteStrictCaps(tables.connection).release(units)

    def put_profile(self, snapshot: Snapshot) -> bool:
        """Keep a snapshot; one older than what is kept changes nothing: return False."""
        with self._writing() as (tables, _):
            return tables.put_profile(snapshot)

    def amend_profile(self, customer: str, amend: Callable[[str, Snapshot | None], Snapshot | None]) -> None:
        """Change what is kept of a customer, under each id that stands for it; no other change comes in between."""
        with self._writing() as (tables, graph):
            tables.amend_profiles(graph.merges(customer).members(customer), amend)

    def put_consents(self, customer: str, consents: Consents) -> bool:
        """Keep what the centre knows of a customer's consents; older ones change nothing: return False."""
        with self._writing() as (tables, _):
            return tables.put_consents(customer, consents)

    def put_many(
        self,
        profiles: Iterable[Snapshot] = (),
        consents: Mapping[str, Consents] | None = None,
        contacts: Iterable[Contact] = (),
    ) -> int:
        """Keep much of what the centre knows at once, all or none; return how much was new."""
        with self._writing() as (tables, _):
            new = sum(tables.put_profile(snapshot) for snapshot in profiles)
            new += sum(tables.put_consents(customer, one) for customer, one in (consents or {}).items())
            return new + len(tables.keep_contacts(SQLiteErased(tables.connection).in_time(list(contacts))[0]))

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Add what a customer has just said. A no is kept for every id that is merged with the customer's."""
        with self._writing() as (tables, graph):
            for member in graph.merges(customer).members(customer) if consent.refuses else (customer,):
                tables.add_consent(member, consent)

    def link(
        self,
        identifiers: Mapping[str, str],
        *,
        customer: str | None = None,
        kind: str = "stated",
        confidence: float = 1.0,
    ) -> str:
        """Keep that identifiers stand for a customer; return the id that stands for the customer."""
        with self._writing() as (_, graph):
            return graph.link(identifiers, customer, kind, confidence, self._clock())

    def unlink(self, identifiers: Mapping[str, str]) -> int:
        """Forget whom identifiers stand for; return how many links went."""
        with self._writing() as (_, graph):
            return graph.unlink(identifiers)

    def links(self, customer: str) -> Sequence[Link]:
        """Return the links of a customer and all that is merged with it, oldest first."""
        with self._reading() as (_, graph):
            return graph.links(customer)

    def merge(self, customer: str, other: str) -> str:
        """Keep that two ids are one customer; return the id that stands for both, which is the first one's."""
        with self._writing() as (_, graph):
            return graph.merge(customer, other, self._clock())

    def split(self, customer: str) -> Sequence[str]:
        """Undo every merge in which an id was named; return the ids that stand for themselves again."""
        with self._writing() as (_, graph):
            return graph.split(customer)

    def erase(self, customer: str) -> Mapping[str, int]:
        """Forget a customer and every id merged with it, all but waiting withdrawals; return how much went."""
        key = log_key(self)
        with self._writing() as (tables, graph):
            members = graph.merges(customer).members(customer)
            names = [pseudonym(key, one) for one in members if one]
            return {
                **tables.erase(members),
                "disclosures": SQLiteDisclosures(tables.connection).erase(members),
                "strict": SQLiteStrictCaps(tables.connection).erase(members),
                **graph.erase(members),
                "outbox": self._outbox(tables).erase(members),
                "decisions": SQLiteLog(tables.connection).erase(names, self._clock()),
                "evidence": SQLiteEvidence(tables.connection).erase(names),
            }

    def forget_contacts(self, before_us: int) -> int:
        """Forget the ledger's contacts before a moment; return how many there were."""
        with self._writing() as (tables, _):
            return tables.forget_contacts(before_us)

    def probe(self) -> None:
        """
        Write a little and take it back, without waiting for another process.

        Raises:
            StoreError: If it cannot be written.
        """
        self._file.probe()

    def close(self) -> None:
        """Give back the file; a second call does nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<SQLiteStore {self._file.path} {'closed' if self._file.closed else 'open'}>"

    @contextmanager
    def _reading(self) -> Iterator[tuple[SQLiteTables, SQLiteGraph]]:
        with self._file.reading() as connection:
            yield SQLiteTables(connection), SQLiteGraph(connection, self._rules)

    @contextmanager
    def _writing(self) -> Iterator[tuple[SQLiteTables, SQLiteGraph]]:
        with self._file.writing() as connection:
            yield SQLiteTables(connection), SQLiteGraph(connection, self._rules)
