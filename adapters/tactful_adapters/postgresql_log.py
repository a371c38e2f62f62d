"""The decision log in PostgreSQL: the rows as a connection sees them, and the part of the store that keeps them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from tactful import Late, LoggedDecision, LogLimits, StoreError

from .postgresql_locks import LOG
from .postgresql_part import PostgreSQLPart

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

_AT_ONCE: Final = 500
_ROW_BYTES: Final = 64


class PostgreSQLLog:
    """Logged decisions, as a connection sees them; who changes them holds the log's lock."""

    __slots__ = ("_connection",)

    def __init__(self, connection: "PostgreSQLConnection") -> None:
        self._connection = connection

    def add(self, records: Iterable[LoggedDecision], limits: LogLimits) -> int:
        """Keep decisions; drop what becomes too much, and count it; return how many were new."""
        checked = list(_checked(records))
        erased_us = self.erased_us(one.who for one in checked)
        kept = [one.kept_after(erased_us) for one in checked]
        bodies = [one.pack() for one in kept]
        query = """INSERT INTO decision (at_us, id, who, body, size_bytes)
                   SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bytea[], %s::bytea[], %s::bigint[])
                   ON CONFLICT DO NOTHING"""
        columns = (
            [one.at_us for one in kept],
            [one.id for one in kept],
            [one.who for one in kept],
            bodies,
            [_ROW_BYTES + len(body) for body in bodies],
        )
        new = self._connection.execute(query, columns).rowcount if kept else 0
        query = "SELECT number_of_rows, size_bytes FROM logged WHERE kept = 'decision'"
        decisions, size_bytes = self._connection.execute(query).fetchone() or (0, 0)
        self._drop(decisions, size_bytes, limits)
        return new

    def erased_us(self, names: Iterable[bytes]) -> dict[bytes, int]:
        """Return when pseudonyms were erased, of those that were a short while ago."""
        query = "SELECT who, at_us FROM erased WHERE who = ANY(%s::bytea[])"
        return dict(self._connection.execute(query, (list(set(names)),)).fetchall())

    def after(self, last: tuple[int, str], until_us: int, count: int) -> Sequence[LoggedDecision]:
        """Return at most so many decisions after a place and before a moment, oldest first."""
        query = "SELECT body FROM decision WHERE (at_us, id) > (%s, %s) AND at_us < %s ORDER BY at_us, id LIMIT %s"
        return [LoggedDecision.unpack(body) for (body,) in self._connection.execute(query, (*last, until_us, count))]

    def newest(self, id_: str) -> LoggedDecision | None:
        """Return the last decision with an id."""
        query = "SELECT body FROM decision WHERE id = %s ORDER BY at_us DESC LIMIT 1"
        found = self._connection.execute(query, (id_,)).fetchone()
        return None if found is None else LoggedDecision.unpack(found[0])

    def dropped(self) -> int:
        """Return how many were dropped."""
        (dropped,) = self._connection.execute("SELECT dropped FROM logged WHERE kept = 'decision'").fetchone() or (0,)
        return int(dropped)

    def forget(self, before_us: int) -> int:
        """Forget what was decided before a moment; return how many there were."""
        return self._connection.execute("DELETE FROM decision WHERE at_us < %s", (before_us,)).rowcount

    def erase(self, names: Sequence[bytes], now_us: int) -> int:
        """Unlink what was decided for these pseudonyms, and what comes in late; return how much there was."""
        self._connection.execute("DELETE FROM erased WHERE at_us <= %s", (now_us - Late.known_us,))
        late = """INSERT INTO erased (who, at_us) SELECT who, %s FROM unnest(%s::bytea[]) AS who
                  ON CONFLICT (who) DO UPDATE SET at_us = excluded.at_us"""
        self._connection.execute(late, (now_us, list(dict.fromkeys(names))))
        return self._unlink(names)

    def _unlink(self, names: Sequence[bytes]) -> int:
        """Unlink what was decided for these pseudonyms; return how many there were. What is damaged goes as a whole."""
        query = "SELECT body, at_us, id FROM decision WHERE who = ANY(%s::bytea[])"
        found = self._connection.execute(query, (list(names),)).fetchall()
        for body, *place in found:
            try:
                after = LoggedDecision.unpack(body).unlink().pack()
            except StoreError:
                self._connection.execute("DELETE FROM decision WHERE at_us = %s AND id = %s", place)
                continue
            change = "UPDATE decision SET who = '', body = %s, size_bytes = %s WHERE at_us = %s AND id = %s"
            self._connection.execute(change, (after, _ROW_BYTES + len(after), *place))
        return len(found)

    def _drop(self, decisions: int, size_bytes: int, limits: LogLimits) -> None:
        query = "SELECT at_us, id, size_bytes FROM decision ORDER BY at_us, id LIMIT %s"
        while limits.exceeded(decisions, size_bytes):
            gone: list[tuple[int, str]] = []
            for at_us, id_, one_bytes in self._connection.execute(query, (_AT_ONCE,)):
                if not limits.exceeded(decisions, size_bytes):
                    break
                gone.append((at_us, id_))
                decisions, size_bytes = decisions - 1, size_bytes - one_bytes
            if not gone:  # the counts are wrong: somebody changed them
                return
            drop = """DELETE FROM decision WHERE (at_us, id) IN (SELECT * FROM unnest(%s::bigint[], %s::text[]))"""
            self._connection.execute(drop, ([at_us for at_us, _ in gone], [id_ for _, id_ in gone]))
            count = "UPDATE logged SET dropped = dropped + %s WHERE kept = 'decision'"
            self._connection.execute(count, (len(gone),))


class PostgreSQLLogging(PostgreSQLPart):
    """A `DecisionLog` in the tables of a store."""

    def log_decisions(self, records: Sequence[LoggedDecision]) -> int:
        """Keep decisions durably, all or none; return how many were new, by their id and moment."""
        with self._pool.writing(LOG) as connection:
            return PostgreSQLLog(connection).add(records, self._log_limits)

    def logged(self, since_us: int, until_us: int) -> Iterator[LoggedDecision]:
        """Yield what was decided at or after a moment and before another, oldest first, a few at a time."""
        last = (since_us, "")
        while True:
            with self._pool.reading() as connection:
                found = PostgreSQLLog(connection).after(last, until_us, _AT_ONCE)
            yield from found
            if len(found) < _AT_ONCE:
                return
            last = (found[-1].at_us, found[-1].id)

    def logged_decision(self, id_: str) -> LoggedDecision | None:
        """Return the newest decision with an id, or None."""
        with self._pool.reading() as connection:
            return PostgreSQLLog(connection).newest(id_)

    def log_dropped(self) -> int:
        """Return how many decisions were dropped because there were too many."""
        with self._pool.reading() as connection:
            return PostgreSQLLog(connection).dropped()

    def forget_logged(self, before_us: int) -> int:
        """Forget what was decided before a moment; return how many decisions there were."""
        with self._pool.writing(LOG) as connection:
            return PostgreSQLLog(connection).forget(before_us)


def _checked(records: Iterable[LoggedDecision]) -> Iterator[LoggedDecision]:
    for record in records:
        if not isinstance(record, LoggedDecision):
            raise StoreError("only LoggedDecision is taken here; nothing of this call was kept")
        yield record
