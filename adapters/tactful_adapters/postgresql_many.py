"""The part of `PostgreSQLStore` that tells of many customers at once, by one query for all. It keeps nothing."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tactful import Consents, Contact

from .many import consents_together, contacts_together, ids_of
from .postgresql_graph import PostgreSQLGraph
from .postgresql_part import PostgreSQLPart
from .postgresql_records import PostgreSQLRecords
from .rows import unpack_contact

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection


class PostgreSQLMany(PostgreSQLPart):
    """`ContactsOfMany` and `ConsentsOfMany` over the tables of a store."""

    def contacts_of(self, customers: Sequence[str], since_us: int) -> Mapping[str, Sequence[Contact]]:
        """Return what `contacts` says of each customer, by id; without those who have none."""
        query = """SELECT customer, body FROM contact WHERE customer = ANY(%s::text[]) AND at_us >= %s
                   ORDER BY at_us, number"""
        with self._pool.reading() as connection:
            merged = self._merged(connection, customers)
            found = connection.execute(query, (ids_of(customers, merged), since_us))
            return contacts_together(customers, merged, ((id_, unpack_contact(body)) for id_, body in found))

    def consents_of(self, customers: Sequence[str]) -> Mapping[str, Consents]:
        """Return what `consents` says of each customer, by id; without those who are not known."""
        with self._pool.reading() as connection:
            merged, graph = self._merged(connection, customers), PostgreSQLGraph(connection, self._rules)
            own = PostgreSQLRecords(connection).consents(ids_of(customers, merged))
            return consents_together(customers, {one: graph.merges(one).consents(one, own) for one in merged}, own)

    def _merged(self, connection: "PostgreSQLConnection", customers: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return all ids of those customers who have several, by customer."""
        graph = PostgreSQLGraph(connection, self._rules)
        query = "SELECT customer FROM merged WHERE customer = ANY(%s::text[])"
        return {one: graph.merges(one).members(one) for (one,) in connection.execute(query, (list(customers),))}
