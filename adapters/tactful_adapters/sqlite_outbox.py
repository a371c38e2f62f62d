"""The outbox in a SQLite file, within a transaction of the caller's. It sends nothing."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from tactful import Contact, Disclosure, OutboxLimits, Waiting

from .rows import pack_waiting, unpack_contact, unpack_disclosure

_CLASSES = OutboxLimits.classes
_WITHDRAWAL = len(_CLASSES) - 1
_DISCLOSURE = _CLASSES.index("disclosure")
#: Rank 3 are withdrawals; as a number, so that the index of those that are not passed over is found.
_FRESH = "SELECT number, rank, body FROM outbox WHERE rank = 3 AND passed IS NULL ORDER BY number LIMIT ?"
_OTHERS = """SELECT number, rank, body FROM outbox WHERE rank < 3 AND NOT EXISTS (
    SELECT 1 FROM outbox AS stuck WHERE stuck.customer = outbox.customer AND stuck.passed IS NOT NULL
) ORDER BY number LIMIT ?"""


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
        found = self._connection.execute(_FRESH, (max(0, at_most),)).fetchall()
        if len(found) < at_most:
            found += self._connection.execute(_OTHERS, (at_most - len(found),)).fetchall()
        return tuple((number, _unpacked(rank, body)) for number, rank, body in found)

    def pass_over(self, codes: Mapping[int, str]) -> None:
        """Pass over the withdrawals that have these numbers, with the codes."""
        query = "UPDATE outbox SET passed = ?1 WHERE number = ?2 AND rank = ?3 AND passed IS NOT ?1"
        self._connection.executemany(query, [(code, number, _WITHDRAWAL) for number, code in codes.items()])

    def passed_over(self, after: int, at_most: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many that are passed over and whose numbers are higher, lowest first; they stay."""
        query = "SELECT number, body FROM outbox WHERE passed IS NOT NULL AND number > ? ORDER BY number LIMIT ?"
        rows = self._connection.execute(query, (after, max(0, at_most)))
        return tuple((number, unpack_contact(body)) for number, body in rows)

    def passed_counts(self) -> Mapping[str, Waiting]:
        """Return how many are passed over, by code."""
        query = "SELECT passed, count(*), min(number) FROM outbox WHERE passed IS NOT NULL GROUP BY passed"
        rows = self._connection.execute(query).fetchall()
        return {code: Waiting(many, self._at_us(number)) for code, many, number in rows}

    def withdrawals(self, after: int, at_most: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many withdrawals whose numbers are higher, lowest first; they stay."""
        query = "SELECT number, body FROM outbox WHERE rank = ? AND number > ? ORDER BY number LIMIT ?"
        rows = self._connection.execute(query, (_WITHDRAWAL, after, at_most))
        return tuple((number, unpack_contact(body)) for number, body in rows)

    def acknowledge(self, numbers: Iterable[int]) -> int:
        """Forget what has these numbers; return how many there were."""
        return self._connection.executemany("DELETE FROM outbox WHERE number = ?", [(one,) for one in numbers]).rowcount

    def erase(self, customers: Sequence[str]) -> int:
        """Forget what concerns customers, withdrawals aside; return how many there were."""
        many, rows = self._connection.executemany, [(one, _WITHDRAWAL) for one in customers]
        waiting = many("DELETE FROM outbox WHERE customer = ? AND rank < ?", rows).rowcount
        return waiting + many("DELETE FROM refused WHERE customer = ? AND rank < ?", rows).rowcount

    def waiting(self) -> Mapping[str, Waiting]:
        """Return what waits, by class."""
        counts = dict(self._connection.execute("SELECT rank, contacts FROM waiting").fetchall())
        return {name: Waiting(counts.get(rank, 0), self._oldest_us(rank)) for rank, name in enumerate(_CLASSES)}

    def refuse(self, codes: Mapping[int, str]) -> int:
        """Set aside what has these numbers, with the codes; return how many there were."""
        aside = """INSERT INTO refused (rank, customer, code, body)
                   SELECT rank, customer, ?, body FROM outbox WHERE number = ?"""
        found = self._connection.executemany(aside, [(codes[number], number) for number in sorted(codes)]).rowcount
        self.acknowledge(codes)
        ordered = "SELECT number, rank FROM refused WHERE rank < ? ORDER BY number DESC LIMIT -1 OFFSET ?"
        gone = self._connection.execute(ordered, (_WITHDRAWAL, self._limits.refused_max)).fetchall()
        self._connection.executemany("DELETE FROM refused WHERE number = ?", [(number,) for number, _ in gone])
        self._count(rank for _, rank in gone)
        return max(0, found)

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
        query = "SELECT body FROM outbox WHERE rank = ? ORDER BY number LIMIT 1"
        row = self._connection.execute(query, (rank,)).fetchone()
        return None if row is None else _unpacked(rank, row[0]).at_us

    def _at_us(self, number: int) -> int:
        (body,) = self._connection.execute("SELECT body FROM outbox WHERE number = ?", (number,)).fetchone()
        return unpack_contact(body).at_us

    def _count(self, dropped: Iterable[int]) -> None:
        count = "UPDATE dropped SET contacts = contacts + 1 WHERE rank = ?"
        self._connection.executemany(count, [(rank,) for rank in dropped])

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
        self._count(rank for _, rank in gone)


def waiting_of(connection: sqlite3.Connection, customers: Iterable[str]) -> tuple[Contact | Disclosure, ...]:
    """Return what waits or is set aside and concerns customers."""
    waits = "SELECT rank, body FROM outbox WHERE customer = ? ORDER BY number"
    aside = "SELECT rank, body FROM refused WHERE customer = ? ORDER BY number"
    ids = list(customers)
    rows = (row for query in (waits, aside) for one in ids for row in connection.execute(query, (one,)))
    return tuple(_unpacked(rank, body) for rank, body in rows)


def _unpacked(rank: int, body: bytes) -> Contact | Disclosure:
    return unpack_disclosure(body) if rank == _DISCLOSURE else unpack_contact(body)
