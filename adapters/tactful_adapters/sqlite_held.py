"""The part of `SQLiteStore` that tells all that it holds of one customer. It keeps nothing."""

import sqlite3
from typing import Final

from tactful import Held, IdentityRules, LoggedDecision, SealedEvidence, log_key, pseudonym

from .sqlite_disclosures import SQLiteDisclosures
from .sqlite_file import SQLiteFile
from .sqlite_graph import SQLiteGraph
from .sqlite_outbox import waiting_of
from .sqlite_tables import SQLiteTables

_EVER_US: Final = -(2**63)


class SQLiteHeld:
    """What is held of a customer, as a connection sees it at one moment."""

    __slots__ = ("_connection", "_rules")

    def __init__(self, connection: sqlite3.Connection, rules: IdentityRules) -> None:
        self._connection = connection
        self._rules = rules

    def of(self, customer: str, key: bytes) -> Held:
        """Return all that is held of a customer and every merged id; the key is that of pseudonyms."""
        connection = self._connection
        graph, tables = SQLiteGraph(connection, self._rules), SQLiteTables(connection)
        merges = graph.merges(customer)
        ids = merges.members(customer)
        names = [pseudonym(key, one) for one in ids if one]
        return Held(
            ids,
            tables.snapshots(ids),
            tables.consents(ids),
            tuple(graph.links(customer)),
            tuple(merges),
            tuple(tables.contacts(ids, _EVER_US)),
            tuple(SQLiteDisclosures(connection).of_customers([one for one in ids if one], _EVER_US)),
            waiting_of(connection, ids),
            self._decisions(names),
            self._evidence(names),
            sum(
                connection.execute("SELECT count(*) FROM strict WHERE subject = ?", (one,)).fetchone()[0] for one in ids
            ),
        )

    def _decisions(self, names: list[bytes]) -> tuple[LoggedDecision, ...]:
        query = "SELECT body FROM decision WHERE who = ?"
        rows = (row for name in names for row in self._connection.execute(query, (name,)))
        return tuple(sorted((LoggedDecision.unpack(body) for (body,) in rows), key=lambda one: (one.at_us, one.id)))

    def _evidence(self, names: list[bytes]) -> tuple[SealedEvidence, ...]:
        query = "SELECT id, at_us, who, until_us, sealed FROM evidence WHERE who = ?"
        rows = (SealedEvidence(*row) for name in names for row in self._connection.execute(query, (name,)))
        return tuple(sorted(rows, key=lambda one: (one.at_us, one.id)))


class SQLiteHolding:
    """`SubjectAccess` over a file."""

    _file: SQLiteFile
    _rules: IdentityRules

    def held(self, customer: str) -> Held:
        """Return all that is kept of a customer and every id merged with it, and of nobody else."""
        key = log_key(self)  # type: ignore[arg-type] # it is a part of a store, which has registers
        with self._file.reading() as connection:
            return SQLiteHeld(connection, self._rules).of(customer, key)
