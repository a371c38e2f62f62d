"""The part of `SQLiteStore` that tells of many customers at once, a query for hundreds of them. It keeps nothing."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tactful import Consents, Contact, IdentityRules

from .many import consents_together, contacts_together, ids_of
from .rows import unpack_contact, unpack_said
from .sqlite_file import SQLiteFile
from .sqlite_graph import SQLiteGraph

#: So many ids are in one query; SQLite may take no more than 999.
_IDS_MAX: Final = 500


class SQLiteMany:
    """`ContactsOfMany` and `ConsentsOfMany` over a file."""

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
