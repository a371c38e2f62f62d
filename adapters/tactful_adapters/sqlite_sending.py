"""The part of `SQLiteStore` that keeps what waits for the centre. It sends nothing."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

from tactful import Contact, Disclosure, OutboxLimits, Waiting

from .sqlite_graph import SQLiteGraph
from .sqlite_outbox import SQLiteOutbox
from .sqlite_tables import SQLiteTables


class SQLiteSending:
    """An `Outbox` in the file of a store."""

    _limits: OutboxLimits

    def outbox_take(self, count: int) -> Sequence[tuple[int, Contact | Disclosure]]:
        """Return at most so many with their numbers, withdrawals first, then oldest first; they stay."""
        with self._reading() as (tables, _):
            return self._outbox(tables).take(count)

    def outbox_pass_over(self, codes: Mapping[int, str]) -> None:
        """Pass over withdrawals that the centre does not take; they stay."""
        with self._writing() as (tables, _):
            self._outbox(tables).pass_over(codes)

    def outbox_passed_over(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many that are passed over and whose numbers are higher, lowest first; they stay."""
        with self._reading() as (tables, _):
            return self._outbox(tables).passed_over(after, count)

    def outbox_passed_counts(self) -> Mapping[str, Waiting]:
        """Return how many are passed over, by code."""
        with self._reading() as (tables, _):
            return self._outbox(tables).passed_counts()

    def outbox_withdrawals(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many withdrawals whose numbers are higher, lowest first; they stay."""
        with self._reading() as (tables, _):
            return self._outbox(tables).withdrawals(after, count)

    def outbox_ack(self, numbers: Iterable[int]) -> int:
        """Forget contacts that have arrived, by their numbers; return how many there were."""
        with self._writing() as (tables, _):
            return self._outbox(tables).acknowledge(numbers)

    def outbox_dropped(self) -> Mapping[str, int]:
        """Return how many were dropped because too many waited, by class; a withdrawal never is."""
        with self._reading() as (tables, _):
            return self._outbox(tables).dropped()

    def outbox_waiting(self) -> Mapping[str, Waiting]:
        """Return what waits, by class."""
        with self._reading() as (tables, _):
            return self._outbox(tables).waiting()

    def outbox_refuse(self, codes: Mapping[int, str]) -> int:
        """Set aside what the centre refuses, by its numbers; return how many there were."""
        with self._writing() as (tables, _):
            return self._outbox(tables).refuse(codes)

    def outbox_refused(self) -> Sequence[tuple[Contact | Disclosure, str]]:
        """Return what is set aside, with the centre's codes, oldest first."""
        with self._reading() as (tables, _):
            return self._outbox(tables).refused()

    def outbox_retry(self) -> int:
        """Let everything that is set aside wait again; return how many there were."""
        with self._writing() as (tables, _):
            return self._outbox(tables).retry()

    def _outbox(self, tables: SQLiteTables) -> SQLiteOutbox:
        return SQLiteOutbox(tables.connection, self._limits)

    def _reading(self) -> AbstractContextManager[tuple[SQLiteTables, SQLiteGraph]]:
        """Return what gives the file to one reading."""
        raise NotImplementedError

    def _writing(self) -> AbstractContextManager[tuple[SQLiteTables, SQLiteGraph]]:
        """Return what gives the file to one change."""
        raise NotImplementedError
