"""Sealed evidence in a SQLite file, and the log of who looked at it; the part of the store that keeps both.

The key is never here.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tactful import Access, LogLimits, SealedEvidence, StoreError

from .sqlite_file import SQLiteFile

_AT_ONCE: Final = 200
_ACCESSES_TOLD: Final = 10_000
_COLUMNS: Final = "id, at_us, who, until_us, sealed"


class SQLiteEvidence:
    """Rows of evidence, as a connection sees them."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, rows: Iterable[SealedEvidence], rows_max: int) -> int:
        """Keep evidence; past so many rows the oldest go; return how much was new."""
        erased_us = dict(self._connection.execute("SELECT who, at_us FROM erased"))
        kept = [row for row in rows if _checked(row).at_us > erased_us.get(row.who, row.at_us - 1)]
        query = f"INSERT INTO evidence ({_COLUMNS}) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S608 - ours
        new = self._connection.executemany(query, [_plain(row) for row in kept]).rowcount
        (count,) = self._connection.execute("SELECT count(*) FROM evidence").fetchone()
        if count > rows_max:
            drop = (
                "DELETE FROM evidence WHERE (at_us, id) IN (SELECT at_us, id FROM evidence ORDER BY at_us, id LIMIT ?)"
            )
            self._connection.execute(drop, (count - rows_max,))
        return max(new, 0)

    def look(self, access: Access) -> None:
        """Keep that somebody looks."""
        query = "INSERT INTO access (at_us, reader, reason, decision, since_us, until_us) VALUES (?, ?, ?, ?, ?, ?)"
        row = (access.at_us, access.reader, access.reason, access.decision, access.since_us, access.until_us)
        self._connection.execute(query, row)

    def of(self, id_: str, now_us: int) -> list[SealedEvidence]:
        """Return the evidence of a decision whose time is not over, newest first."""
        query = f"SELECT {_COLUMNS} FROM evidence WHERE id = ? AND until_us > ? ORDER BY at_us DESC"  # noqa: S608 - ours
        return [SealedEvidence(*row) for row in self._connection.execute(query, (id_, now_us))]

    def after(self, last: tuple[int, str], until_us: int, now_us: int) -> list[SealedEvidence]:
        """Return some evidence after a place and before a moment whose time is not over, oldest first."""
        query = (
            f"SELECT {_COLUMNS} FROM evidence WHERE (at_us, id) > (?, ?) AND at_us < ? AND until_us > ?"  # noqa: S608 - ours
            " ORDER BY at_us, id LIMIT ?"
        )
        found = self._connection.execute(query, (*last, until_us, now_us, _AT_ONCE))
        return [SealedEvidence(*row) for row in found]

    def accesses(self, since_us: int, until_us: int) -> list[Access]:
        """Return the newest looks from a moment to another, oldest first."""
        query = (
            "SELECT at_us, reader, reason, decision, since_us, until_us FROM access"
            " WHERE at_us >= ? AND at_us < ? ORDER BY at_us DESC, number DESC LIMIT ?"
        )
        found = self._connection.execute(query, (since_us, until_us, _ACCESSES_TOLD)).fetchall()
        return [Access(*row) for row in reversed(found)]

    def forget(self, now_us: int, looked_after_us: int) -> int:
        """Forget the evidence and the looks at it whose time is over; return how much evidence there was."""
        self._connection.execute("DELETE FROM access WHERE at_us <= ?", (looked_after_us,))
        return self._connection.execute("DELETE FROM evidence WHERE until_us <= ?", (now_us,)).rowcount

    def erase(self, names: Iterable[bytes]) -> int:
        """Forget the evidence of these pseudonyms; return how much there was."""
        query = "DELETE FROM evidence WHERE who = ?"
        return self._connection.executemany(query, [(name,) for name in names]).rowcount


class SQLiteEvidenceKeeping:
    """An `EvidenceRows` in the file of a store."""

    def __init__(self, file: SQLiteFile, limits: LogLimits) -> None:
        """Keep evidence in a file, of as many decisions as the log may hold."""
        self._file = file
        self._log_limits = limits

    def keep_evidence(self, rows: Sequence[SealedEvidence]) -> int:
        """Keep evidence durably, all or none; return how much was new, by its decision's id and moment."""
        with self._file.writing() as connection:
            return SQLiteEvidence(connection).add(rows, self._log_limits.rows_max)

    def read_evidence(self, access: Access) -> Iterator[SealedEvidence]:
        """Keep that somebody looks, then yield what is looked at whose time is not over, a few at a time."""
        with self._file.writing() as connection:
            SQLiteEvidence(connection).look(access)
        if access.decision:
            with self._file.reading() as connection:
                found = SQLiteEvidence(connection).of(access.decision, access.at_us)
            yield from found
            return
        last = (access.since_us, "")
        while True:
            with self._file.reading() as connection:
                found = SQLiteEvidence(connection).after(last, access.until_us, access.at_us)
            yield from found
            if len(found) < _AT_ONCE:
                return
            last = (found[-1].at_us, found[-1].id)

    def accesses(self, since_us: int, until_us: int) -> Sequence[Access]:
        """Return who looked at evidence from a moment to another, oldest first; the newest 10,000."""
        with self._file.reading() as connection:
            return SQLiteEvidence(connection).accesses(since_us, until_us)

    def forget_evidence(self, now_us: int) -> int:
        """Forget the evidence and the looks at it whose time is over; return how much evidence there was."""
        with self._file.writing() as connection:
            return SQLiteEvidence(connection).forget(now_us, self._log_limits.looked_after_us(now_us))


def _checked(row: object) -> SealedEvidence:
    if not isinstance(row, SealedEvidence):
        raise StoreError("only SealedEvidence is taken here; nothing of this call was kept")
    return row


def _plain(row: SealedEvidence) -> tuple[object, ...]:
    return row.id, row.at_us, row.who, row.until_us, row.sealed
