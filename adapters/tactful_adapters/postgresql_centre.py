"""A store in PostgreSQL as the centre that edges with stores of their own follow. It decides nothing."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from tactful import (
    Changes,
    Consents,
    Contact,
    Delivery,
    Disclosure,
    Line,
    StoreError,
    after_telling,
    log_key,
    pseudonym,
    tells_consent,
)

from .postgresql import PostgreSQLStore
from .postgresql_disclosures import PostgreSQLDisclosures
from .postgresql_graph import PostgreSQLGraph
from .postgresql_ledger import PostgreSQLLedger
from .postgresql_lines import PostgreSQLLines
from .postgresql_listening import PostgreSQLListening
from .postgresql_locks import GRAPH_AS_IT_IS, LEDGER
from .postgresql_log import PostgreSQLLog
from .postgresql_outbox import PostgreSQLOutbox
from .postgresql_records import PostgreSQLRecords

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection


_LINES: Final[tuple[Line, ...]] = ("consents", "profiles")


class _TakenBack(Exception):
    """Ends a transaction of which nothing is to stay."""


class PostgreSQLCentre(PostgreSQLStore):
    """
    A `Centre`, and the store whose changes it tells: whatever fills the store, its edges hear of it.

    Epochs rise in the order of commits. The truth is in the tables; the server's notices are hints.
    """

    def __init__(self, url: str, *, kinds: Mapping[str, str] | None = None) -> None:
        """
        Open the store, and make its tables if they are not there yet.

        Args:
            url: As for `PostgreSQLStore`.
            kinds: The kind of each identifier, by name: "person", "household" or "device".

        Raises:
            StoreError: If the server cannot be reached, or the schema is not ours or may not be made.
            ExtraMissing: If psycopg is not installed.
        """
        super().__init__(url, kinds=kinds)
        self._hints = {line: PostgreSQLListening(self._pool.address, line) for line in _LINES}

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what has changed since an epoch, at most so many changes."""
        with self._pool.reading() as connection:
            return PostgreSQLLines(connection).changes(line, after, count, self._now_us(connection))

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """
        Keep events, each once by its id, and let what customers said in them take effect.

        One that can never be kept is refused, and the others are taken.
        """
        named = [event for event in events if event.id]
        refused: dict[str, str] = {event.id: "no-id" for event in events if not event.id}
        try:
            accepted = self._taken(named)
        except StoreError as error:
            if error.code != "store-value":
                raise
            if len(named) == 1:
                return Delivery(frozenset(), {**refused, named[0].id: "cannot-be-kept"})
            halves = [self.deliver(half) for half in (named[: len(named) // 2], named[len(named) // 2 :])]
            accepted = halves[0].accepted | halves[1].accepted
            refused = {**refused, **halves[0].refused, **halves[1].refused}
        return Delivery(accepted, refused)

    def try_delivery(self) -> None:
        """Take a made-up withdrawal, of nobody, and take it back; raise what `deliver` would."""
        mark, key = f"tried/{uuid.uuid4().hex}", log_key(self)
        with suppress(_TakenBack), self._pool.writing(GRAPH_AS_IT_IS, LEDGER) as connection:
            self._keep(connection, [Contact(mark, mark, "withdrawal", self._now_us(connection), tags=(mark,))], key)
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what tells of it, too
            raise _TakenBack

    def wait(self, line: Line, after: int, timeout_s: float) -> bool:
        """Wait until there may be something newer than an epoch; return whether there may be."""
        return self._hints[line].wait(lambda: self._epoch(line) > after, timeout_s)

    def close(self) -> None:
        """Give back the connections; calls that wait come back. A second call does nothing."""
        for hint in self._hints.values():
            hint.close()
        super().close()

    def _epoch(self, line: Line) -> int:
        with self._pool.reading() as connection:
            return PostgreSQLLines(connection).epoch(line)

    def _taken(self, events: Sequence[Contact | Disclosure]) -> frozenset[str]:
        """
        Keep events in one transaction, and return the ids of all: those of an erased customer leave nothing.

        Only partners' notices wait here in any case, for whoever tells the partners.
        """
        key = log_key(self)
        with self._pool.writing(GRAPH_AS_IT_IS, LEDGER) as connection:
            return self._keep(connection, events, key)

    def _keep(
        self, connection: "PostgreSQLConnection", events: Sequence[Contact | Disclosure], key: bytes
    ) -> frozenset[str]:
        names = {event.id: pseudonym(key, event.customer or "") for event in events}
        erased_us = PostgreSQLLog(connection).erased_us(names.values())
        kept = [event for event in events if event.at_us > erased_us.get(names[event.id], event.at_us - 1)]
        new = PostgreSQLLedger(connection).keep([event for event in kept if isinstance(event, Contact)])
        PostgreSQLDisclosures(connection).keep(event for event in kept if not isinstance(event, Contact))
        self._hear(connection, (event for event in new if tells_consent(event)))
        PostgreSQLOutbox(connection, self._limits).add([*filter(_is_notice, new), *_late(events, kept)])
        return frozenset(names)

    def _hear(self, connection: "PostgreSQLConnection", events: Iterable[Contact]) -> None:
        """Let what events say of consents take effect; a no for every id that is merged with the customer's."""
        graph, records, now_us = (
            PostgreSQLGraph(connection, self._rules),
            PostgreSQLRecords(connection),
            self._now_us(connection),
        )
        said: dict[str, list[Contact]] = {}
        for event in events:
            merged = event.event == "withdrawal"
            for member in graph.merges(event.customer).members(event.customer) if merged else (event.customer,):
                said.setdefault(member, []).append(event)

        def heard(customer: str, before: Consents | None) -> Consents | None:
            after = before
            for event in said[customer]:
                after = after_telling(after, event, now_us)
            return after if before is None or after is None or after.records != before.records else None

        records.amend_consents(said, heard, heard=False)


def _is_notice(event: Contact) -> bool:
    """Return whether an event is the notice to a partner that a customer opted out."""
    return event.event == "withdrawal" and bool(event.owner)


def _late(events: Sequence[Contact | Disclosure], kept: Sequence[Contact | Disclosure]) -> list[Contact]:
    """Return the notices of customers who were erased since: the partner must hear of them all the same."""
    return [one for one in events if isinstance(one, Contact) and _is_notice(one) and one not in kept]
