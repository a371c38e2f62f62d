"""Disclosures in a SQLite file: the rows as a connection sees them, and the part of the store that tells of them."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Final

from tactful import Disclosure, StoreError

from .rows import pack_passed, unpack_passed
from .sqlite_graph import SQLiteGraph
from .sqlite_tables import SQLiteTables

_COLUMNS: Final = "decision, slot, offer, customer, at_us, until_us, body"


class SQLiteDisclosures:
    """What was passed on to partners, as a connection sees it."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def keep(self, disclosures: Iterable[Disclosure]) -> list[Disclosure]:
        """Keep disclosures; return those that are new by their id."""
        query = f"INSERT INTO disclosure ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S608 - ours
        new = []
        for one in disclosures:
            if not isinstance(one, Disclosure):
                raise StoreError("only Disclosure is taken here; nothing of this call was kept")
            row = (one.decision, one.slot, one.offer, one.customer, one.at_us, one.until_us, pack_passed(one))
            if self._connection.execute(query, row).rowcount == 1:
                new.append(one)
        return new

    def of_customers(self, customers: Iterable[str], now_us: int) -> list[Disclosure]:
        """Return those of some ids whose time is not over, oldest first."""
        found = [one for customer in customers for one in self._where("customer = ?", customer, now_us)]
        return sorted(found, key=_in_order)

    def of_decision(self, decision: str, now_us: int) -> list[Disclosure]:
        """Return those of a decision whose time is not over, oldest first."""
        return sorted(self._where("decision = ?", decision, now_us), key=_in_order)

    def forget(self, now_us: int) -> int:
        """Forget those whose time is over; return how many there were."""
        return self._connection.execute("DELETE FROM disclosure WHERE until_us <= ?", (now_us,)).rowcount

    def erase(self, customers: Iterable[str]) -> int:
        """Take the customer off what was passed on of these ids; return how much there was."""
        query = "UPDATE disclosure SET customer = NULL WHERE customer = ?"
        return sum(self._connection.execute(query, (one,)).rowcount for one in customers if one)

    def _where(self, condition: str, value: str, now_us: int) -> list[Disclosure]:
        query = f"SELECT {_COLUMNS} FROM disclosure WHERE {condition} AND until_us > ?"  # noqa: S608 - ours
        return [unpack_passed(*row) for row in self._connection.execute(query, (value, now_us))]


class SQLiteDisclosing:
    """A `DisclosureRecord` in the file of a store."""

    def disclosures(self, customer: str, now_us: int) -> Sequence[Disclosure]:
        """Return what was passed on of a customer and every merged id whose time is not over, oldest first."""
        with self._reading() as (tables, graph):
            return SQLiteDisclosures(tables.connection).of_customers(graph.merges(customer).members(customer), now_us)

    def disclosures_of(self, decision: str, now_us: int) -> Sequence[Disclosure]:
        """Return what a decision passed on whose time is not over, oldest first."""
        with self._reading() as (tables, _):
            return SQLiteDisclosures(tables.connection).of_decision(decision, now_us)

    def forget_disclosures(self, now_us: int) -> int:
        """Forget the disclosures whose time is over at a moment; return how many there were."""
        with self._writing() as (tables, _):
            return SQLiteDisclosures(tables.connection).forget(now_us)

    def _reading(self) -> AbstractContextManager[tuple[SQLiteTables, SQLiteGraph]]:
        """Return what gives the file to one reading."""
        raise NotImplementedError

    def _writing(self) -> AbstractContextManager[tuple[SQLiteTables, SQLiteGraph]]:
        """Return what gives the file to one change."""
        raise NotImplementedError


def _in_order(one: Disclosure) -> tuple[int, str, int, str]:
    return one.at_us, one.decision, one.slot, one.offer
