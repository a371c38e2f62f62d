"""Sealed evidence in PostgreSQL, and the log of who looked at it; the part of the store that keeps both.

The key is never here.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from tactful import Access, SealedEvidence, StoreError

from .postgresql_locks import LOG
from .postgresql_log import PostgreSQLLog
from .postgresql_part import PostgreSQLPart

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

_AT_ONCE: Final = 200
_ACCESSES_TOLD: Final = 10_000


class PostgreSQLEvidence:
    """PostgreSQLConnection of evidence, as a connection sees them; who changes them holds the log's lock."""

    __slots__ = ("_connection",)

    def __init__(self, connection: "PostgreSQLConnection") -> None:
        self._connection = connection

    def add(self, rows: Iterable[SealedEvidence], rows_max: int) -> int:
        """Keep evidence; past so many rows the oldest go; return how much was new."""
        checked = [_checked(row) for row in rows]
        erased_us = PostgreSQLLog(self._connection).erased_us(row.who for row in checked)
        kept = [row for row in checked if row.at_us > erased_us.get(row.who, row.at_us - 1)]
        query = """INSERT INTO evidence (id, at_us, who, until_us, sealed)
                   SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bytea[], %s::bigint[], %s::bytea[])
                   ON CONFLICT DO NOTHING"""
        columns = (
            [row.id for row in kept],
            [row.at_us for row in kept],
            [row.who for row in kept],
            [row.until_us for row in kept],
            [row.sealed for row in kept],
        )
        new = self._connection.execute(query, columns).rowcount if kept else 0
        query = "SELECT number_of_rows FROM logged WHERE kept = 'evidence'"
        (count,) = self._connection.execute(query).fetchone() or (0,)
        if count > rows_max:
            drop = """DELETE FROM evidence
                      WHERE (at_us, id) IN (SELECT at_us, id FROM evidence ORDER BY at_us, id LIMIT %s)"""
            self._connection.execute(drop, (count - rows_max,))
        return new

    def look(self, access: Access) -> None:
        """Keep that somebody looks."""
        query = """INSERT INTO access (at_us, reader, reason, decision, since_us, until_us)
                   VALUES (%s, %s, %s, %s, %s, %s)"""
        row = (access.at_us, access.reader, access.reason, access.decision, access.since_us, access.until_us)
        self._connection.execute(query, row)

    def of(self, id_: str, now_us: int) -> list[SealedEvidence]:
        """Return the evidence of a decision whose time is not over, newest first."""
        query = """SELECT id, at_us, who, until_us, sealed FROM evidence
                   WHERE id = %s AND until_us > %s ORDER BY at_us DESC"""
        return [SealedEvidence(*row) for row in self._connection.execute(query, (id_, now_us))]

    def after(self, last: tuple[int, str], until_us: int, now_us: int) -> list[SealedEvidence]:
        """Return some evidence after a place and before a moment whose time is not over, oldest first."""
        query = """SELECT id, at_us, who, until_us, sealed FROM evidence
                   WHERE (at_us, id) > (%s, %s) AND at_us < %s AND until_us > %s ORDER BY at_us, id LIMIT %s"""
        found = self._connection.execute(query, (*last, until_us, now_us, _AT_ONCE))
        return [SealedEvidence(*row) for row in found]

    def accesses(self, since_us: int, until_us: int) -> list[Access]:
        """Return the newest looks from a moment to another, oldest first."""
        query = """SELECT at_us, reader, reason, decision, since_us, until_us FROM access
                   WHERE at_us >= %s AND at_us < %s ORDER BY at_us DESC, number DESC LIMIT %s"""
        found = self._connection.execute(query, (since_us, until_us, _ACCESSES_TOLD)).fetchall()
        return [Access(*row) for row in reversed(found)]

    def forget(self, now_us: int, looked_after_us: int) -> int:
        """Forget the evidence and the looks at it whose time is over; return how much evidence there was."""
        self._connection.execute("DELETE FROM access WHERE at_us <= %s", (looked_after_us,))
        return self._connection.execute("DELETE FROM evidence WHERE until_us <= %s", (now_us,)).rowcount

    def erase(self, names: Iterable[bytes]) -> int:
        """Forget the evidence of these pseudonyms; return how much there was."""
        query = "DELETE FROM evidence WHERE who = ANY(%s::bytea[])"
        return self._connection.execute(query, (list(names),)).rowcount


class PostgreSQLEvidenceKeeping(PostgreSQLPart):
    """An `EvidenceRows` in the tables of a store."""

    def keep_evidence(self, rows: Sequence[SealedEvidence]) -> int:
        """Keep evidence durably, all or none; return how much was new, by its decision's id and moment."""
        with self._pool.writing(LOG) as connection:
            return PostgreSQLEvidence(connection).add(rows, self._log_limits.rows_max)

    def read_evidence(self, access: Access) -> Iterator[SealedEvidence]:
        """Keep that somebody looks, then yield what is looked at whose time is not over, a few at a time."""
        with self._pool.writing() as connection:
            PostgreSQLEvidence(connection).look(access)
        if access.decision:
            with self._pool.reading() as connection:
                found = PostgreSQLEvidence(connection).of(access.decision, access.at_us)
            yield from found
            return
        last = (access.since_us, "")
        while True:
            with self._pool.reading() as connection:
                found = PostgreSQLEvidence(connection).after(last, access.until_us, access.at_us)
            yield from found
            if len(found) < _AT_ONCE:
                return
            last = (found[-1].at_us, found[-1].id)

    def accesses(self, since_us: int, until_us: int) -> Sequence[Access]:
        """Return who looked at evidence from a moment to another, oldest first; the newest 10,000."""
        with self._pool.reading() as connection:
            return PostgreSQLEvidence(connection).accesses(since_us, until_us)

    def forget_evidence(self, now_us: int) -> int:
        """Forget the evidence and the looks at it whose time is over; return how much evidence there was."""
        with self._pool.writing(LOG) as connection:
            return PostgreSQLEvidence(connection).forget(now_us, self._log_limits.looked_after_us(now_us))


def _checked(row: object) -> SealedEvidence:
    if not isinstance(row, SealedEvidence):
        raise StoreError("only SealedEvidence is taken here; nothing of this call was kept")
    return row
