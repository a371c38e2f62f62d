"""The part of `PostgreSQLStore` that tells of many customers at once, by one query for all. It keeps nothing."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tactful import Consents, Contact

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
from .postgresql_graph import PostgreSQLGraph
from .postgresql_part import PostgreSQLPart
from .postgresql_records import PostgreSQLRecords
from .rows import unpack_contact

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection


class PostgreSQLMany(PostgreSQLPart):
    """`ContactsOfMany`, `ConsentsOfMany` and what is told of many households, over the tables of a store."""

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

    def households_of(self, customers: Sequence[str]) -> Mapping[str, str]:
        """Return the household that `identify` says of each customer's id, by that; without those in none."""
        meant = ids_meant(self._rules, customers)
        with self._pool.reading() as connection:
            ids = list(dict.fromkeys(meant.values()))
            of = self._households(connection, ids, self._merged(connection, ids))
            return {one: of[id_] for one, id_ in meant.items() if id_ in of}

    def household_contacts_of(self, households: Sequence[str], since_us: int) -> Mapping[str, Sequence[Contact]]:
        """Return what `household_contacts` says of each household, by name; without those that have none."""
        linked = """SELECT DISTINCT coalesce(root, link.customer) FROM link
                    LEFT JOIN merged ON merged.customer = link.customer
                    WHERE value = ANY(%s::text[]) AND name = ANY(%s::text[])"""
        query = """SELECT customer, body FROM contact WHERE customer = ANY(%s::text[]) AND at_us >= %s
                   ORDER BY at_us, number"""
        with self._pool.reading() as connection:
            found = connection.execute(linked, (list(households), names_of_households(self._rules)))
            roots = [root for (root,) in found.fetchall()]
            merged = self._merged(connection, roots)
            members = members_together(households, self._households(connection, roots, merged), merged)
            told = connection.execute(query, (ids_of(households, members), since_us))
            return contacts_together(households, members, ((id_, unpack_contact(body)) for id_, body in told))

    def _households(self, connection: "PostgreSQLConnection", ids: Sequence[str], merged: Merged) -> dict[str, str]:
        """Return the households of customers who are in one."""
        query = """SELECT customer, value FROM link WHERE customer = ANY(%s::text[])
                   AND name = ANY(%s::text[]) AND confidence >= %s"""
        names = names_of_households(self._rules)
        found = connection.execute(query, (ids_of(ids, merged), names, self._rules.confidence_min))
        return households_together(ids, merged, found)

    def _merged(self, connection: "PostgreSQLConnection", customers: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return all ids of those customers who have several, by customer."""
        graph = PostgreSQLGraph(connection, self._rules)
        query = "SELECT customer FROM merged WHERE customer = ANY(%s::text[])"
        return {one: graph.merges(one).members(one) for (one,) in connection.execute(query, (list(customers),))}
