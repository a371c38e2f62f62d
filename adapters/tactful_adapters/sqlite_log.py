"""The decision log in a SQLite file: the rows as a connection sees them, and the part of the store that keeps them."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tactful import Late, LoggedDecision, LogLimits, StoreError

from .sqlite_evidence import SQLiteEvidenceKeeping
from .sqlite_listing import SQLiteListing
from .sqlite_many import SQLiteMany

_AT_ONCE: Final = 500
_ROW_BYTES: Final = 64


class SQLiteLog:
    """Logged decisions, as a connection sees them."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, records: Iterable[LoggedDecision], limits: LogLimits) -> int:
        """Keep decisions; drop what becomes too much, and count it; return how many were new."""
        erased_us = dict(self._connection.execute("SELECT who, at_us FROM erased"))
        kept = [one.kept_after(erased_us) for one in _checked(records)]
        rows = [(one.at_us, one.id, one.who, body, _ROW_BYTES + len(body)) for one in kept for body in [one.pack()]]
        query = "INSERT INTO decision (at_us, id, who, body, size_bytes) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        new = self._connection.executemany(query, rows).rowcount
        decisions, size_bytes = self._connection.execute("SELECT decisions, size_bytes FROM logged").fetchone()
        if limits.exceeded(decisions, size_bytes):
            self._drop(decisions, size_bytes, limits)
        return max(new, 0)  # of no rows SQLite says -1

    def after(self, last: tuple[int, str], until_us: int, count: int) -> Sequence[LoggedDecision]:
        """Return at most so many decisions after a place and before a moment, oldest first."""
        query = "SELECT body FROM decision WHERE (at_us, id) > (?, ?) AND at_us < ? ORDER BY at_us, id LIMIT ?"
        found = self._connection.execute(query, (*last, until_us, count))
        return [LoggedDecision.unpack(body) for (body,) in found]

    def newest(self, id_: str) -> LoggedDecision | None:
        """Return the last decision with an id."""
        query = "SELECT body FROM decision WHERE id = ? ORDER BY at_us DESC LIMIT 1"
        found = self._connection.execute(query, (id_,)).fetchone()
        return None if found is None else LoggedDecision.unpack(found[0])

    def dropped(self) -> int:
        """Return how many were dropped."""
        (dropped,) = self._connection.execute("SELECT dropped FROM logged").fetchone()
        return int(dropped)

    def forget(self, before_us: int) -> int:
        """Forget what was decided before a moment; return how many there were."""
        return self._connection.execute("DELETE FROM decision WHERE at_us < ?", (before_us,)).rowcount

    def erase(self, names: Sequence[bytes], now_us: int) -> int:
        """Unlink what was decided for these pseudonyms, and what comes in late; return how much there was."""
        self._connection.execute("DELETE FROM erased WHERE at_us <= ?", (now_us - Late.known_us,))
        late = "INSERT OR REPLACE INTO erased (who, at_us) VALUES (?, ?)"
        self._connection.executemany(late, [(name, now_us) for name in names])
        return self.unlink(names)

    def unlink(self, names: Iterable[bytes]) -> int:
        """Unlink what was decided for these pseudonyms; return how many there were. What is damaged goes as a whole."""
        query = "SELECT body, at_us, id FROM decision WHERE who = ?"
        found = [row for name in names for row in self._connection.execute(query, (name,))]
        for body, *place in found:
            try:
                after = LoggedDecision.unpack(body).unlink().pack()
            except StoreError:
                self._connection.execute("DELETE FROM decision WHERE at_us = ? AND id = ?", place)
                continue
            change = "UPDATE decision SET who = x'', body = ?, size_bytes = ? WHERE at_us = ? AND id = ?"
            self._connection.execute(change, (after, _ROW_BYTES + len(after), *place))
        return len(found)

    def _drop(self, decisions: int, size_bytes: int, limits: LogLimits) -> None:
        oldest = self._connection.execute("SELECT at_us, id, size_bytes FROM decision ORDER BY at_us, id")
        gone: list[tuple[int, str]] = []
        while limits.exceeded(decisions, size_bytes) and (row := oldest.fetchone()):
            gone.append(row[:2])
            decisions, size_bytes = decisions - 1, size_bytes - row[2]
        oldest.close()
        self._connection.executemany("DELETE FROM decision WHERE at_us = ? AND id = ?", gone)
        self._connection.execute("UPDATE logged SET dropped = dropped + ?", (len(gone),))


class SQLiteLogging(SQLiteEvidenceKeeping, SQLiteListing, SQLiteMany):
    """A `DecisionLog` in the file of a store, with the evidence of its decisions and the list of whom it knows."""

    def log_decisions(self, records: Sequence[LoggedDecision]) -> int:
        """Keep decisions durably, all or none; return how many were new, by their id and moment."""
        with self._file.writing() as connection:
            return SQLiteLog(connection).add(records, self._log_limits)

    def logged(self, since_us: int, until_us: int) -> Iterator[LoggedDecision]:
        """Yield what was decided at or after a moment and before another, oldest first, a few at a time."""
        last = (since_us, "")
        while True:
            with self._file.reading() as connection:
                found = SQLiteLog(connection).after(last, until_us, _AT_ONCE)
            yield from found
            if len(found) < _AT_ONCE:
                return
            last = (found[-1].at_us, found[-1].id)

    def logged_decision(self, id_: str) -> LoggedDecision | None:
        """Return the newest decision with an id, or None."""
        with self._file.reading() as connection:
            return SQLiteLog(connection).newest(id_)

    def log_dropped(self) -> int:
        """Return how many decisions were dropped because there were too many."""
        with self._file.reading() as connection:
            return SQLiteLog(connection).dropped()

    def forget_logged(self, before_us: int) -> int:
        """Forget what was decided before a moment; return how many decisions there were."""
        with self._file.writing() as connection:
            return SQLiteLog(connection).forget(before_us)


def _checked(records: Iterable[LoggedDecision]) -> Iterator[LoggedDecision]:
    for record in records:
        if not isinstance(record, LoggedDecision):
            raise StoreError("only LoggedDecision is taken here; nothing of this call was kept")
        yield record
