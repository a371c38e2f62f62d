"""The outbox in a SQLite file, within a transaction of the caller's. It sends nothing."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from tactful import Contact, Disclosure, OutboxLimits

from .rows import pack_waiting, unpack_contact, unpack_disclosure

_WITHDRAWAL = len(OutboxLimits.classes) - 1
_DISCLOSURE = OutboxLimits.classes.index("disclosure")


class SQLiteOutbox:
    """What waits for the centre, as a connection sees them."""

    __slots__ = ("_connection", "_limits")

    def __init__(self, connection: sqlite3.Connection, limits: OutboxLimits) -> None:
        self._connection = connection
        self._limits = limits

    def add(self, arrived: Iterable[Contact | Disclosure]) -> None:
        """Let them wait; drop what becomes too much, and count it."""
        of = self._limits
        self._connection.executemany(
            "INSERT INTO outbox (rank, customer, size_bytes, body) VALUES (?, ?, ?, ?)",
            [(of.rank(one), one.customer, of.size_bytes(one), pack_waiting(one)) for one in arrived],
        )
        totals = "SELECT sum(contacts), sum(size_bytes) FROM waiting WHERE rank < ?"
        contacts_now, bytes_now = self._connection.execute(totals, (_WITHDRAWAL,)).fetchone()
        if of.exceeded(contacts_now, bytes_now):
            self._drop(contacts_now, bytes_now)

    def take(self, at_most: int) -> Sequence[tuple[int, Contact | Disclosure]]:
        """Return at most so many, withdrawals first, then oldest first; they stay."""
        withdrawals = "SELECT number, rank, body FROM outbox WHERE rank = ? ORDER BY number LIMIT ?"
        others = "SELECT number, rank, body FROM outbox WHERE rank < ? ORDER BY number LIMIT ?"
        found = self._connection.execute(withdrawals, (_WITHDRAWAL, at_most)).fetchall()
        found += self._connection.execute(others, (_WITHDRAWAL, at_most - len(found))).fetchall()
        return tuple(
            (number, unpack_disclosure(body) if rank == _DISCLOSURE else unpack_contact(body))
            for number, rank, body in found
        )

    def acknowledge(self, numbers: Iterable[int]) -> int:
        """Forget what has these numbers; return how many there were."""
        return self._connection.executemany("DELETE FROM outbox WHERE number = ?", [(one,) for one in numbers]).rowcount

    def erase(self, customers: Sequence[str]) -> int:
        """Forget what concerns customers, withdrawals aside; return how many there were."""
        query = "DELETE FROM outbox WHERE customer = ? AND rank < ?"
        return self._connection.executemany(query, [(one, _WITHDRAWAL) for one in customers]).rowcount

    def dropped(self) -> Mapping[str, int]:
        """Return how many were dropped, by class."""
        counts = self._connection.execute("SELECT rank, contacts FROM dropped")
        return {self._limits.classes[rank]: count for rank, count in counts}

    def _drop(self, contacts: int, size_bytes: int) -> None:
        oldest = self._connection.execute(
            "SELECT number, rank, size_bytes FROM outbox WHERE rank < ? ORDER BY rank, number", (_WITHDRAWAL,)
        )
        gone: list[tuple[int, int]] = []
        while self._limits.exceeded(contacts, size_bytes) and (row := oldest.fetchone()):
            gone.append(row[:2])
            contacts, size_bytes = contacts - 1, size_bytes - row[2]
        oldest.close()
        self._connection.executemany("DELETE FROM outbox WHERE number = ?", [(number,) for number, _ in gone])
        count = "UPDATE dropped SET contacts = contacts + 1 WHERE rank = ?"
        self._connection.executemany(count, [(rank,) for _, rank in gone])
