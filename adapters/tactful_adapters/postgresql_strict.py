"""The centre of strict caps in PostgreSQL: the rows as a connection sees them, and the part of the store that has it.

The server's clock alone counts, so edges whose clocks differ keep one cap.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tactful import Ask

from .postgresql_altered import swallowed
from .postgresql_graph import PostgreSQLGraph
from .postgresql_locks import GRAPH_AS_IT_IS, room_of, take
from .postgresql_part import PostgreSQLPart

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection


class PostgreSQLStrictCaps:
    """What was reserved and used, as a connection sees it; who reserves holds the locks of the rooms."""

    __slots__ = ("_connection",)

    def __init__(self, connection: "PostgreSQLConnection") -> None:
        self._connection = connection

    def reserve(self, ask: Ask, subjects: Sequence[str], now_us: int) -> tuple[str, ...]:
        """
        Reserve room; return the units that were given.

        Args:
            ask: What is asked for.
            subjects: All ids of the subject; what counts for one counts for all.
            now_us: The moment [us since 1970].
        """
        about = (ask.cap, ask.value, ask.per)
        key = (*about, list(subjects), now_us)
        of = "cap = %s AND value = %s AND per = %s AND subject = ANY(%s::text[])"
        gone = f"DELETE FROM strict WHERE {of} AND greatest(ends_us, leaves_us) <= %s"  # noqa: S608 - ours
        self._connection.execute(gone.encode(), key)
        inside = f"SELECT count(*) FROM strict WHERE {of} AND ends_us > %s"  # noqa: S608 - ours
        (count,) = self._connection.execute(inside.encode(), key).fetchone() or (ask.count,)
        units = tuple(uuid.uuid4().hex for _ in range(min(ask.wanted, ask.count - count)))
        if units:
            times = (now_us, now_us + ask.counts_us, now_us + ask.hold_us)
            query = """INSERT INTO strict (unit, cap, value, per, subject, reserved_us, leaves_us, ends_us)
                       SELECT unit, %s, %s, %s, %s, %s, %s, %s FROM unnest(%s::text[]) AS unit"""
            if self._connection.execute(query, (*about, ask.subject, *times, list(units))).rowcount != len(units):
                raise swallowed("strict")
        return units

    def confirm(self, units: Iterable[str], now_us: int) -> int:
        """Keep that room was used; return how many of these units were known."""
        # One that is confirmed has no time of reservation: a second word moves nothing, and it is not given back.
        query = """UPDATE strict
                   SET ends_us = greatest(ends_us, leaves_us + greatest(0, %s - coalesce(reserved_us, %s))),
                       reserved_us = NULL
                   WHERE unit = %s"""
        return sum(self._connection.execute(query, (now_us, now_us, unit)).rowcount for unit in sorted(units))

    def release(self, units: Iterable[str]) -> int:
        """Give back room that was not used; return how much was."""
        query = "DELETE FROM strict WHERE unit = %s AND reserved_us IS NOT NULL"
        return sum(self._connection.execute(query, (unit,)).rowcount for unit in sorted(units))

    def erase(self, customers: Iterable[str]) -> int:
        """Forget what was reserved and used for customers; return how much it was."""
        query = "DELETE FROM strict WHERE subject = ANY(%s::text[])"
        return self._connection.execute(query, (list(customers),)).rowcount


class PostgreSQLReserving(PostgreSQLPart):
    """`StrictCaps` in the tables of a store."""

    def reserve(self, asks: Sequence[Ask]) -> Sequence[Sequence[str]]:
        """Reserve room under strict caps; return the units that were given, for each question."""
        with self._pool.writing(GRAPH_AS_IT_IS) as connection:
            graph = PostgreSQLGraph(connection, self._rules)
            subjects = [
                graph.merges(ask.subject).members(ask.subject) if ask.per == "customer" else (ask.subject,)
                for ask in asks
            ]
            rooms = [room_of(ask.cap, ask.value, ask.per, same[0]) for ask, same in zip(asks, subjects, strict=True)]
            take(connection, self._pool.address.schema, rooms)
            strict, now_us = PostgreSQLStrictCaps(connection), self._now_us(connection)
            return tuple(strict.reserve(ask, same, now_us) for ask, same in zip(asks, subjects, strict=True))

    def confirm(self, units: Iterable[str]) -> int:
        """Keep that room was used; return how many of these units were known."""
        with self._pool.writing(GRAPH_AS_IT_IS) as connection:
            return PostgreSQLStrictCaps(connection).confirm(units, self._now_us(connection))

    def release(self, units: Iterable[str]) -> int:
        """Give back room that was not used; return how much was."""
        with self._pool.writing(GRAPH_AS_IT_IS) as connection:
            return PostgreSQLStrictCaps(connection).release(units)
