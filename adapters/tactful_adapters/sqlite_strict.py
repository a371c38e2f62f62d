"""The centre of strict caps in a SQLite file, in a transaction of the caller's. Its host's clock alone counts."""

import sqlite3
import uuid
from collections.abc import Callable, Iterable, Sequence

from tactful import Ask


class SQLiteStrictCaps:
    """What was reserved and used, as a connection in a writing transaction sees it."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def reserve_all(
        self, asks: Iterable[Ask], same: Callable[[str], Sequence[str]], now_us: int
    ) -> tuple[tuple[str, ...], ...]:
        """Reserve room for each question, with all ids that are the same customer; return the units that were given."""
        return tuple(
            self.reserve(ask, same(ask.subject) if ask.per == "customer" else (ask.subject,), now_us) for ask in asks
        )

    def reserve(self, ask: Ask, subjects: Sequence[str], now_us: int) -> tuple[str, ...]:
        """
        Reserve room; return the units that were given.

        Args:
            ask: What is asked for.
            subjects: All ids of the subject; what counts for one counts for all.
            now_us: The moment [us since 1970].
        """
        about = (ask.cap, ask.value, ask.per)
        inside = 0
        for subject in subjects:
            key = (*about, subject, now_us)
            self._connection.execute(
                """DELETE FROM strict
                   WHERE cap = ? AND value = ? AND per = ? AND subject = ? AND max(ends_us, leaves_us) <= ?""",
                key,
            )
            query = (
                "SELECT count(*) FROM strict WHERE cap = ? AND value = ? AND per = ? AND subject = ? AND ends_us > ?"
            )
            inside += self._connection.execute(query, key).fetchone()[0]
        units = tuple(uuid.uuid4().hex for _ in range(min(ask.wanted, ask.count - inside)))
        times = (now_us, now_us + ask.counts_us, now_us + ask.hold_us)
        self._connection.executemany(
            """INSERT INTO strict (unit, cap, value, per, subject, reserved_us, leaves_us, ends_us)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            [(unit, *about, ask.subject, *times) for unit in units],
        )
        return units

    def confirm(self, units: Iterable[str], now_us: int) -> int:
        """Keep that room was used; return how many of these units were known."""
        known = 0
        for unit in units:
            # One that is confirmed has no time of reservation: a second word moves nothing, and it is not given back.
            query = """UPDATE strict
                       SET ends_us = max(ends_us, leaves_us + max(0, ? - ifnull(reserved_us, ?))), reserved_us = NULL
                       WHERE unit = ?"""
            known += self._connection.execute(query, (now_us, now_us, unit)).rowcount
        return known

    def release(self, units: Iterable[str]) -> int:
        """Give back room that was not used; return how much was."""
        query = "DELETE FROM strict WHERE unit = ? AND reserved_us IS NOT NULL"
        return sum(self._connection.execute(query, (unit,)).rowcount for unit in units)

    def erase(self, customers: Iterable[str]) -> int:
        """Forget what was reserved and used for customers; return how much it was."""
        query = "DELETE FROM strict WHERE subject = ?"
        return sum(self._connection.execute(query, (customer,)).rowcount for customer in customers)
