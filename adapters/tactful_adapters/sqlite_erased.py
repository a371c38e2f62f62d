"""Who was erased from a SQLite file, by keyed hashes alone, as a connection sees it. It erases nobody."""

import sqlite3
from collections.abc import Sequence
from typing import TypeVar

from tactful import Contact, Disclosure, Late

_Event = TypeVar("_Event", Contact, Disclosure)


class SQLiteErased:
    """Tells events that come late from the others."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def in_time(self, events: Sequence[_Event]) -> tuple[list[_Event], list[_Event]]:
        """Return the events that bring nobody back who was erased, and the withdrawals among the others."""
        (newest_us,) = self._connection.execute("SELECT max(at_us) FROM erased").fetchone()
        oldest_us = min((one.at_us for one in events if isinstance(one, Contact | Disclosure)), default=None)
        if newest_us is None or oldest_us is None or oldest_us > newest_us:
            return list(events), []  # all of it happened since anybody was erased; what is no event is refused later
        (key,) = self._connection.execute("SELECT value FROM register WHERE name = ?", (Late.register,)).fetchone()
        query = "SELECT who, at_us FROM erased WHERE who = ?"
        names = Late.names(events, key)
        erased_us = dict(row for name in names for row in self._connection.execute(query, (name,)))
        return Late.in_time(events, erased_us, key)
