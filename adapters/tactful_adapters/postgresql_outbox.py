"""The outbox in PostgreSQL: the rows as a connection sees them, and the part of the store that has it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tactful import Contact, Disclosure, OutboxLimits

from .postgresql_locks import LEDGER
from .postgresql_part import PostgreSQLPart
from .rows import pack_waiting, unpack_contact, unpack_disclosure

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

_WITHDRAWAL: Final = len(OutboxLimits.classes) - 1
_DISCLOSURE: Final = OutboxLimits.classes.index("disclosure")
_AT_ONCE: Final = 200


class PostgreSQLOutbox:
    """What waits for the centre, as a connection sees it; who changes it holds the ledger's lock."""

    __slots__ = ("_connection", "_limits")

    def __init__(self, connection: "PostgreSQLConnection", limits: OutboxLimits) -> None:
        self._connection = connection
        self._limits = limits

    def add(self, arrived: Sequence[Contact | Disclosure]) -> None:
        """Let them wait; drop what becomes too much, and count it."""
        if not arrived:
            return
        columns = (
            [self._limits.rank(one) for one in arrived],
            [one.customer for one in arrived],
            [self._limits.size_bytes(one) for one in arrived],
            [pack_waiting(one) for one in arrived],
        )
        query = """INSERT INTO outbox (rank, customer, size_bytes, body)
                   SELECT rank, customer, size_bytes, body
                   FROM unnest(%s::smallint[], %s::text[], %s::bigint[], %s::bytea[])
                       WITH ORDINALITY AS come (rank, customer, size_bytes, body, place)
                   ORDER BY place"""
        self._connection.execute(query, columns)
        query = "SELECT sum(number_of_rows)::bigint, sum(size_bytes)::bigint FROM waiting WHERE rank < %s"
        rows, size_bytes = self._connection.execute(query, (_WITHDRAWAL,)).fetchone() or (0, 0)
        self._drop(rows or 0, size_bytes or 0)

    def take(self, at_most: int) -> Sequence[tuple[int, Contact | Disclosure]]:
        """Return at most so many, withdrawals first, then oldest first; they stay."""
        query = "SELECT number, rank, body FROM outbox WHERE rank = %s ORDER BY number LIMIT %s"
        found = self._connection.execute(query, (_WITHDRAWAL, max(0, at_most))).fetchall()
        query = "SELECT number, rank, body FROM outbox WHERE rank < %s ORDER BY number LIMIT %s"
        found += self._connection.execute(query, (_WITHDRAWAL, max(0, at_most - len(found)))).fetchall()
        return tuple(
            (number, unpack_disclosure(body) if rank == _DISCLOSURE else unpack_contact(body))
            for number, rank, body in found
        )

    def acknowledge(self, numbers: Iterable[int]) -> int:
        """Forget what has these numbers; return how many there were."""
        query = "DELETE FROM outbox WHERE number = ANY(%s::bigint[])"
        return self._connection.execute(query, (list(numbers),)).rowcount

    def erase(self, customers: Sequence[str]) -> int:
        """Forget what concerns customers, withdrawals aside; return how many there were."""
        query = "DELETE FROM outbox WHERE customer = ANY(%s::text[]) AND rank < %s"
        return self._connection.execute(query, (list(customers), _WITHDRAWAL)).rowcount

    def dropped(self) -> Mapping[str, int]:
        """Return how many were dropped, by class."""
        counts = self._connection.execute("SELECT rank, dropped FROM waiting WHERE rank < %s", (_WITHDRAWAL,))
        return {self._limits.classes[rank]: count for rank, count in counts}

    def _drop(self, rows: int, size_bytes: int) -> None:
        """Drop the oldest of the lowest class until no more waits than may."""
        query = "SELECT number, rank, size_bytes FROM outbox WHERE rank < %s ORDER BY rank, number LIMIT %s"
        while self._limits.exceeded(rows, size_bytes):
            gone: list[tuple[int, int]] = []
            for number, rank, one_bytes in self._connection.execute(query, (_WITHDRAWAL, _AT_ONCE)):
                if not self._limits.exceeded(rows, size_bytes):
                    break
                gone.append((number, rank))
                rows, size_bytes = rows - 1, size_bytes - one_bytes
            if not gone:  # the counts are wrong: somebody changed them
                return
            self.acknowledge(number for number, _ in gone)
            self._connection.execute(
                """UPDATE waiting SET dropped = dropped + gone.number_of_rows
                   FROM (SELECT rank, count(*) AS number_of_rows FROM unnest(%s::smallint[]) AS rank GROUP BY rank)
                       AS gone
                   WHERE waiting.rank = gone.rank""",
                ([rank for _, rank in gone],),
            )


class PostgreSQLOutgoing(PostgreSQLPart):
    """An `Outbox` in the tables of a store."""

    def outbox_take(self, count: int) -> Sequence[tuple[int, Contact | Disclosure]]:
        """Return at most so many with their numbers, withdrawals first, then oldest first; they stay."""
        with self._pool.reading() as connection:
            return PostgreSQLOutbox(connection, self._limits).take(count)

    def outbox_ack(self, numbers: Iterable[int]) -> int:
        """Forget what has arrived, by its numbers; return how many there were."""
        with self._pool.writing(LEDGER) as connection:
            return PostgreSQLOutbox(connection, self._limits).acknowledge(numbers)

    def outbox_dropped(self) -> Mapping[str, int]:
        """Return how many were dropped because too many waited, by class; a withdrawal never is."""
        with self._pool.reading() as connection:
            return PostgreSQLOutbox(connection, self._limits).dropped()
