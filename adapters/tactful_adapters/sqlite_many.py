"""The part of `SQLiteStore` that tells of many customers at once, a query for hundreds of them. It keeps nothing."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tactful import Consents, Contact, IdentityRules

from .many import (
    Merged,
    consents_together,
    contacts_together,
    households_together,
    ids_meant,
    ids_of,
    members_together,
    names_of_households,
)
from .rows import unpack_contact, unpack_said
from .sqlite_file import SQLiteFile
from .sqlite_graph import SQLiteGraph

#: So many ids are in one query; SQLite may take no more than 999.
_IDS_MAX: Final = 500


class SQLiteMany:
    """`ContactsOfMany`, `ConsentsOfMany` and what is told of many households, over a file."""

    _file: SQLiteFile
    _rules: IdentityRules

    def contacts_of(self, customers: Sequence[str], since_us: int) -> Mapping[str, Sequence[Contact]]:
        """Return what `contacts` says of each customer, by id; without those who have none."""
        query = "SELECT customer, body FROM contact WHERE customer IN ({}) AND at_us >= ? ORDER BY at_us, number"
        with self._file.reading() as connection:
            merged = self._merged(connection, customers)
            found = _asked(connection, query, ids_of(customers, merged), since_us)
            return contacts_together(customers, merged, ((id_, unpack_contact(body)) for id_, body in found))

    def consents_of(self, customers: Sequence[str]) -> Mapping[str, Consents]:
        """Return what `consents` says of each customer, by id; without those who are not known."""
        query = "SELECT customer, heard, at_us, epoch, body FROM consent WHERE customer IN ({})"
        with self._file.reading() as connection:
            merged, graph = self._merged(connection, customers), SQLiteGraph(connection, self._rules)
            rows = _asked(connection, query, ids_of(customers, merged))
            own = {id_: unpack_said(*row) for id_, *row in rows}
            return consents_together(customers, {one: graph.merges(one).consents(one, own) for one in merged}, own)

    def households_of(self, customers: Sequence[str]) -> Mapping[str, str]:
        """Return the household that `identify` says of each customer's id, by that; without those in none."""
        meant = ids_meant(self._rules, customers)
        with self._file.reading() as connection:
            ids = list(dict.fromkeys(meant.values()))
            of = self._households(connection, ids, self._merged(connection, ids))
            return {one: of[id_] for one, id_ in meant.items() if id_ in of}

    def household_contacts_of(self, households: Sequence[str], since_us: int) -> Mapping[str, Sequence[Contact]]:
        """Return what `household_contacts` says of each household, by name; without those that have none."""
        linked = """SELECT DISTINCT coalesce(root, link.customer) FROM link
                    LEFT JOIN merged ON merged.customer = link.customer WHERE value IN ({}) AND name = ?"""
        query = "SELECT customer, body FROM contact WHERE customer IN ({}) AND at_us >= ? ORDER BY at_us, number"
        with self._file.reading() as connection:
            names = names_of_households(self._rules)
            rows = (row for name in names for row in _asked(connection, linked, households, name))
            roots = list(dict.fromkeys(root for (root,) in rows))
            merged = self._merged(connection, roots)
            members = members_together(households, self._households(connection, roots, merged), merged)
            found = _asked(connection, query, ids_of(households, members), since_us)
            return contacts_together(households, members, ((id_, unpack_contact(body)) for id_, body in found))

    def _households(self, connection: sqlite3.Connection, ids: Sequence[str], merged: Merged) -> dict[str, str]:
        """Return the households of customers who are in one."""
        query = "SELECT customer, value FROM link WHERE customer IN ({}) AND name = ? AND confidence >= ?"
        all_, least = ids_of(ids, merged), self._rules.confidence_min
        names = names_of_households(self._rules)
        found = (row for name in names for row in _asked(connection, query, all_, name, least))
        return households_together(ids, merged, found)

    def _merged(self, connection: sqlite3.Connection, customers: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return all ids of those customers who have several, by customer."""
        graph = SQLiteGraph(connection, self._rules)
        rows = _asked(connection, "SELECT customer FROM merged WHERE customer IN ({})", customers)
        return {one: graph.merges(one).members(one) for (one,) in rows}


def _asked(connection: sqlite3.Connection, query: str, ids: Sequence[str], *more: object) -> Iterator[tuple[Any, ...]]:
    """Yield what a query gives for ids, some hundreds at a time."""
    for start in range(0, len(ids), _IDS_MAX):
        some = ids[start : start + _IDS_MAX]
        yield from connection.execute(query.format(", ".join("?" * len(some))), (*some, *more))
