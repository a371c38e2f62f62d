"""A store in PostgreSQL, for edges on many hosts; what was recorded is not lost. It needs the extra `postgresql`.

What a DBA should know of it stands in docs/postgresql.md.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Self

from tactful import IdentityRules, LogLimits, OutboxLimits, log_key, pseudonym

from .postgresql_address import Address
from .postgresql_disclosures import PostgreSQLDisclosing, PostgreSQLDisclosures
from .postgresql_edges import PostgreSQLEdges
from .postgresql_evidence import PostgreSQLEvidence, PostgreSQLEvidenceKeeping
from .postgresql_graph import PostgreSQLGraph, PostgreSQLIdentifying
from .postgresql_held import PostgreSQLHolding
from .postgresql_ledger import PostgreSQLBookkeeping, PostgreSQLLedger
from .postgresql_lines import PostgreSQLLines
from .postgresql_locks import GRAPH, LEDGER, LOG
from .postgresql_log import PostgreSQLLog, PostgreSQLLogging
from .postgresql_many import PostgreSQLMany
from .postgresql_migrations import migrate
from .postgresql_outbox import PostgreSQLOutbox, PostgreSQLOutgoing
from .postgresql_owing import PostgreSQLOwing
from .postgresql_pool import PostgreSQLPool
from .postgresql_records import PostgreSQLRecording, PostgreSQLRecords
from .postgresql_strict import PostgreSQLReserving, PostgreSQLStrictCaps


class PostgreSQLStore(
    PostgreSQLRecording,
    PostgreSQLBookkeeping,
    PostgreSQLIdentifying,
    PostgreSQLDisclosing,
    PostgreSQLOutgoing,
    PostgreSQLReserving,
    PostgreSQLLogging,
    PostgreSQLEvidenceKeeping,
    PostgreSQLHolding,
    PostgreSQLOwing,
    PostgreSQLEdges,
    PostgreSQLMany,
):
    """A `WritableStore` in a schema of a database, safe under threads, fork, `kill -9` and loss of power."""

    def __init__(
        self,
        url: str,
        *,
        kinds: Mapping[str, str] | None = None,
        confidence_min: float = 0.9,
        outbox: OutboxLimits = OutboxLimits(),  # noqa: B008 - frozen
        log: LogLimits = LogLimits(),  # noqa: B008 - frozen
        clock: Callable[[], int] | None = None,
    ) -> None:
        """
        Open a store, and make its tables if they are not there yet.

        Args:
            url: As `postgresql://role@host:5432/database?schema=tactful&connections=8&timeout_s=5`.
            kinds: The kind of each identifier, by name: "person", "household" or "device".
            confidence_min: Links that are less sure identify nobody.
            outbox: How much may wait for the centre.
            log: How much the decision log may hold.
            clock: Gives the moment of links, merges and reservations [us since 1970]; None takes the server's.

        Raises:
            StoreError: If the server cannot be reached, or the schema is not ours or may not be made.
            ExtraMissing: If psycopg is not installed.
        """
        self._rules = (
            IdentityRules(confidence_min=confidence_min) if kinds is None else IdentityRules(kinds, confidence_min)
        )
        self._limits = outbox
        self._log_limits = log
        self._clock = clock
        self._pool = PostgreSQLPool(Address.of(url))
        try:
            migrate(self._pool)
        except BaseException:
            self._pool.close()
            raise

    @classmethod
    def from_url(cls, url: str, *, kinds: Mapping[str, str] | None = None) -> Self:
        """
        Open the store of a URL, as `__init__` does.

        Raises:
            StoreError: If the URL names no database, or the store cannot be opened.
            ExtraMissing: If psycopg is not installed.
        """
        return cls(url, kinds=kinds)

    def customers(self, after: str, count: int) -> Sequence[str]:
        """Return at most so many ids with a profile that come after an id, in the order of ids; "" is before all."""
        query = "SELECT customer FROM profile WHERE customer > %s ORDER BY customer LIMIT %s"
        with self._pool.reading() as connection:
            return [customer for (customer,) in connection.execute(query, (after, max(0, count)))]

    def erase(self, customer: str) -> Mapping[str, int]:
        """Forget a customer and every id merged with it, all but waiting withdrawals; return how much went."""
        key = log_key(self)
        with self._pool.writing(GRAPH, LEDGER, LOG) as connection:
            graph = PostgreSQLGraph(connection, self._rules)
            members = graph.merges(customer).members(customer)
            names = [pseudonym(key, one) for one in members if one]
            now_us = self._now_us(connection)
            gone = {
                **PostgreSQLRecords(connection).erase(members),
                **PostgreSQLLedger(connection).erase(members),
                "disclosures": PostgreSQLDisclosures(connection).erase(members),
                "strict": PostgreSQLStrictCaps(connection).erase(members),
                **graph.erase(members),
                "outbox": PostgreSQLOutbox(connection, self._limits).erase(members),
                "decisions": PostgreSQLLog(connection).erase(names, now_us),
                "evidence": PostgreSQLEvidence(connection).erase(names),
            }
            PostgreSQLLines(connection).erase(members, now_us)
        return gone

    def line_epochs(self) -> Mapping[str, int]:
        """Return the newest epoch of each line that edges follow."""
        with self._pool.reading() as connection:
            lines = PostgreSQLLines(connection)
            return {"consents": lines.epoch("consents"), "profiles": lines.epoch("profiles")}

    def close(self) -> None:
        """Give back the connections; a second call does nothing."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<PostgreSQLStore {self._pool.address.name} {'closed' if self._pool.closed else 'open'}>"
