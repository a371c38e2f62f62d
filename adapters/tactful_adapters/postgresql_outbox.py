"""The outbox in PostgreSQL: the rows as a connection sees them, and the part of the store that has it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tactful import Contact, Disclosure, OutboxLimits, Waiting

from .postgresql_altered import swallowed
from .postgresql_locks import LEDGER
from .postgresql_part import PostgreSQLPart
from .rows import pack_waiting, unpack_contact, unpack_disclosure

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

_CLASSES: Final = OutboxLimits.classes
_WITHDRAWAL: Final = len(_CLASSES) - 1
_DISCLOSURE: Final = _CLASSES.index("disclosure")
_AT_ONCE: Final = 200
#: Rank 3 are withdrawals; as a number, so that the index of those that are not passed over is found.
_FRESH: Final = "SELECT number, rank, body FROM outbox WHERE rank = 3 AND passed IS NULL ORDER BY number LIMIT %s"
_OTHERS: Final = """SELECT number, rank, body FROM outbox WHERE rank < 3 AND NOT EXISTS (
    SELECT 1 FROM outbox AS stuck WHERE stuck.customer = outbox.customer AND stuck.passed IS NOT NULL
) ORDER BY number LIMIT %s"""


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
        if self._connection.execute(query, columns).rowcount != len(arrived):
            raise swallowed("outbox")
        query = "SELECT sum(number_of_rows)::bigint, sum(size_bytes)::bigint FROM waiting WHERE rank < %s"
        rows, size_bytes = self._connection.execute(query, (_WITHDRAWAL,)).fetchone() or (0, 0)
        self._drop(rows or 0, size_bytes or 0)

    def take(self, at_most: int) -> Sequence[tuple[int, Contact | Disclosure]]:
        """Return at most so many, withdrawals first, then oldest first; they stay."""
        found = self._connection.execute(_FRESH, (max(0, at_most),)).fetchall()
        if len(found) < at_most:
            found += self._connection.execute(_OTHERS, (at_most - len(found),)).fetchall()
        return tuple((number, _unpacked(rank, body)) for number, rank, body in found)

    def pass_over(self, codes: Mapping[int, str]) -> None:
        """Pass over the withdrawals that have these numbers, with the codes."""
        query = """UPDATE outbox SET passed = told.code
                   FROM unnest(%s::bigint[], %s::text[]) AS told (number, code)
                   WHERE outbox.number = told.number AND outbox.rank = %s AND passed IS DISTINCT FROM told.code"""
        self._connection.execute(query, (list(codes), list(codes.values()), _WITHDRAWAL))

    def passed_over(self, after: int, at_most: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many that are passed over and whose numbers are higher, lowest first; they stay."""
        query = "SELECT number, body FROM outbox WHERE passed IS NOT NULL AND number > %s ORDER BY number LIMIT %s"
        rows = self._connection.execute(query, (after, max(0, at_most)))
        return tuple((number, unpack_contact(body)) for number, body in rows)

    def passed_counts(self) -> Mapping[str, Waiting]:
        """Return how many are passed over, by code."""
        query = """SELECT found.passed, found.number_of_rows, outbox.body FROM outbox JOIN (
                       SELECT passed, count(*) AS number_of_rows, min(number) AS number
                       FROM outbox WHERE passed IS NOT NULL GROUP BY passed
                   ) AS found USING (number)"""
        rows = self._connection.execute(query)
        return {code: Waiting(count, unpack_contact(body).at_us) for code, count, body in rows}

    def withdrawals(self, after: int, at_most: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many withdrawals whose numbers are higher, lowest first; they stay."""
        query = "SELECT number, body FROM outbox WHERE rank = %s AND number > %s ORDER BY number LIMIT %s"
        rows = self._connection.execute(query, (_WITHDRAWAL, after, max(0, at_most)))
        return tuple((number, unpack_contact(body)) for number, body in rows)

    def acknowledge(self, numbers: Iterable[int]) -> int:
        """Forget what has these numbers; return how many there were."""
        query = "DELETE FROM outbox WHERE number = ANY(%s::bigint[])"
        return self._connection.execute(query, (list(numbers),)).rowcount

    def erase(self, customers: Sequence[str]) -> int:
        """Forget what concerns customers, withdrawals aside; return how many there were."""
        waiting = "DELETE FROM outbox WHERE customer = ANY(%s::text[]) AND rank < %s"
        refused = "DELETE FROM refused WHERE customer = ANY(%s::text[]) AND rank < %s"
        whose = (list(customers), _WITHDRAWAL)
        return sum(self._connection.execute(query, whose).rowcount for query in (waiting, refused))

    def waiting(self) -> Mapping[str, Waiting]:
        """Return what waits, by class."""
        counts: dict[int, int] = dict(self._connection.execute("SELECT rank, number_of_rows FROM waiting").fetchall())
        return {name: Waiting(counts.get(rank, 0), self._oldest_us(rank)) for rank, name in enumerate(_CLASSES)}

    def refuse(self, codes: Mapping[int, str]) -> int:
        """Set aside what has these numbers, with the codes; return how many there were."""
        query = """WITH gone AS (DELETE FROM outbox WHERE number = ANY(%s::bigint[])
                                 RETURNING number, rank, customer, body)
                   INSERT INTO refused (rank, customer, code, body)
                   SELECT rank, customer, code, body
                   FROM gone JOIN unnest(%s::bigint[], %s::text[]) AS told (number, code) USING (number)
                   ORDER BY number"""
        found = self._connection.execute(query, (list(codes), list(codes), list(codes.values()))).rowcount
        query = """DELETE FROM refused WHERE number IN
                       (SELECT number FROM refused WHERE rank < %s ORDER BY number DESC OFFSET %s)
                   RETURNING rank"""
        gone = self._connection.execute(query, (_WITHDRAWAL, self._limits.refused_max)).fetchall()
        self._count_dropped([rank for (rank,) in gone])
        return found

    def refused(self) -> Sequence[tuple[Contact | Disclosure, str]]:
        """Return what is set aside, with the codes, oldest first."""
        rows = self._connection.execute("SELECT rank, body, code FROM refused ORDER BY number")
        return tuple((_unpacked(rank, body), code) for rank, body, code in rows)

    def retry(self) -> int:
        """Let what is set aside wait again; return how many there were."""
        again = [one for one, _ in self.refused()]
        self._connection.execute("DELETE FROM refused")
        self.add(again)
        return len(again)

    def _oldest_us(self, rank: int) -> int | None:
        query = "SELECT body FROM outbox WHERE rank = %s ORDER BY number LIMIT 1"
        row = self._connection.execute(query, (rank,)).fetchone()
        return None if row is None else _unpacked(rank, row[0]).at_us

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
            self._count_dropped([rank for _, rank in gone])

    def _count_dropped(self, ranks: list[int]) -> None:
        self._connection.execute(
            """UPDATE waiting SET dropped = dropped + gone.number_of_rows
               FROM (SELECT rank, count(*) AS number_of_rows FROM unnest(%s::smallint[]) AS rank GROUP BY rank) AS gone
               WHERE waiting.rank = gone.rank""",
            (ranks,),
        )


class PostgreSQLOutgoing(PostgreSQLPart):
    """An `Outbox` in the tables of a store."""

    def outbox_take(self, count: int) -> Sequence[tuple[int, Contact | Disclosure]]:
        """Return at most so many with their numbers, withdrawals first, then oldest first; they stay."""
        with self._pool.reading() as connection:
            return PostgreSQLOutbox(connection, self._limits).take(count)

    def outbox_pass_over(self, codes: Mapping[int, str]) -> None:
        """Pass over withdrawals that the centre does not take; they stay."""
        with self._pool.writing(LEDGER) as connection:
            PostgreSQLOutbox(connection, self._limits).pass_over(codes)

    def outbox_passed_over(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many that are passed over and whose numbers are higher, lowest first; they stay."""
        with self._pool.reading() as connection:
            return PostgreSQLOutbox(connection, self._limits).passed_over(after, count)

    def outbox_passed_counts(self) -> Mapping[str, Waiting]:
        """Return how many are passed over, by code."""
        with self._pool.reading() as connection:
            return PostgreSQLOutbox(connection, self._limits).passed_counts()

    def outbox_withdrawals(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many withdrawals whose numbers are higher, lowest first; they stay."""
        with self._pool.reading() as connection:
            return PostgreSQLOutbox(connection, self._limits).withdrawals(after, count)

    def outbox_ack(self, numbers: Iterable[int]) -> int:
        """Forget what has arrived, by its numbers; return how many there were."""
        with self._pool.writing(LEDGER) as connection:
            return PostgreSQLOutbox(connection, self._limits).acknowledge(numbers)

    def outbox_dropped(self) -> Mapping[str, int]:
        """Return how many were dropped because too many waited, by class; a withdrawal never is."""
        with self._pool.reading() as connection:
            return PostgreSQLOutbox(connection, self._limits).dropped()

    def outbox_waiting(self) -> Mapping[str, Waiting]:
        """Return what waits, by class."""
        with self._pool.reading() as connection:
            return PostgreSQLOutbox(connection, self._limits).waiting()

    def outbox_refuse(self, codes: Mapping[int, str]) -> int:
        """Set aside what the centre refuses, by its numbers; return how many there were."""
        with self._pool.writing(LEDGER) as connection:
            return PostgreSQLOutbox(connection, self._limits).refuse(codes)

    def outbox_refused(self) -> Sequence[tuple[Contact | Disclosure, str]]:
        """Return what is set aside, with the centre's codes, oldest first."""
        with self._pool.reading() as connection:
            return PostgreSQLOutbox(connection, self._limits).refused()

    def outbox_retry(self) -> int:
        """Let everything that is set aside wait again; return how many there were."""
        with self._pool.writing(LEDGER) as connection:
            return PostgreSQLOutbox(connection, self._limits).retry()


def waiting_of(connection: "PostgreSQLConnection", customers: Iterable[str]) -> tuple[Contact | Disclosure, ...]:
    """Return what waits or is set aside and concerns customers."""
    waits = "SELECT rank, body FROM outbox WHERE customer = ANY(%s::text[]) ORDER BY number"
    aside = "SELECT rank, body FROM refused WHERE customer = ANY(%s::text[]) ORDER BY number"
    ids = list(customers)
    rows = [row for query in (waits, aside) for row in connection.execute(query, (ids,)).fetchall()]
    return tuple(_unpacked(rank, body) for rank, body in rows)


def _unpacked(rank: int, body: bytes) -> Contact | Disclosure:
    return unpack_disclosure(body) if rank == _DISCLOSURE else unpack_contact(body)
