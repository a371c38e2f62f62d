"""The part of `PostgreSQLStore` that tells all that it holds of one customer. It keeps nothing."""

from typing import TYPE_CHECKING, Final

from tactful import Held, IdentityRules, LoggedDecision, SealedEvidence, log_key, pseudonym

from .postgresql_disclosures import PostgreSQLDisclosures
from .postgresql_graph import PostgreSQLGraph
from .postgresql_ledger import PostgreSQLLedger
from .postgresql_outbox import waiting_of
from .postgresql_part import PostgreSQLPart
from .postgresql_records import PostgreSQLRecords

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

_EVER_US: Final = -(2**63)


class PostgreSQLHeld:
    """What is held of a customer, as a connection sees it at one moment."""

    __slots__ = ("_connection", "_rules")

    def __init__(self, connection: "PostgreSQLConnection", rules: IdentityRules) -> None:
        self._connection = connection
        self._rules = rules

    def of(self, customer: str, key: bytes) -> Held:
        """Return all that is held of a customer and every merged id; the key is that of pseudonyms."""
        connection = self._connection
        graph, records = PostgreSQLGraph(connection, self._rules), PostgreSQLRecords(connection)
        merges = graph.merges(customer)
        ids = merges.members(customer)
        names = [pseudonym(key, one) for one in ids if one]
        query = "SELECT count(*) FROM strict WHERE subject = ANY(%s::text[])"
        (strict,) = connection.execute(query, (list(ids),)).fetchone() or (0,)
        return Held(
            ids,
            records.snapshots(ids),
            records.consents(ids),
            tuple(graph.links(customer)),
            tuple(merges),
            tuple(PostgreSQLLedger(connection).of(ids, _EVER_US)),
            tuple(PostgreSQLDisclosures(connection).of_customers([one for one in ids if one], _EVER_US)),
            waiting_of(connection, ids),
            self._decisions(names),
            self._evidence(names),
            int(strict),
        )

    def _decisions(self, names: list[bytes]) -> tuple[LoggedDecision, ...]:
        query = "SELECT body FROM decision WHERE who = ANY(%s::bytea[]) ORDER BY at_us, id"
        return tuple(LoggedDecision.unpack(body) for (body,) in self._connection.execute(query, (names,)))

    def _evidence(self, names: list[bytes]) -> tuple[SealedEvidence, ...]:
        query = """SELECT id, at_us, who, until_us, sealed FROM evidence
                   WHERE who = ANY(%s::bytea[]) ORDER BY at_us, id"""
        return tuple(SealedEvidence(*row) for row in self._connection.execute(query, (names,)))


class PostgreSQLHolding(PostgreSQLPart):
    """`SubjectAccess` over the tables of a store."""

    def held(self, customer: str) -> Held:
        """Return all that is kept of a customer and every id merged with it, and of nobody else."""
        key = log_key(self)  # type: ignore[arg-type] # it is a part of a store, which has registers
        with self._pool.reading() as connection:
            return PostgreSQLHeld(connection, self._rules).of(customer, key)
