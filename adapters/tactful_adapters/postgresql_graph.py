"""The identity graph in PostgreSQL: the rows as a connection sees them, and the part of the store that has it.

Who decides is the rules' business. Who changes the graph has its lock alone; who only follows it holds the lock shared.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from tactful import Identity, IdentityRules, Link, Merge, Merges, UsageError

from .postgresql_locks import GRAPH
from .postgresql_part import PostgreSQLPart

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection


class PostgreSQLGraph:
    """Who is linked to which identifiers, and which ids are one customer, as a connection sees it."""

    __slots__ = ("_connection", "_rules")

    def __init__(self, connection: "PostgreSQLConnection", rules: IdentityRules) -> None:
        self._connection = connection
        self._rules = rules

    def merges(self, customer: str) -> Merges:
        """Return the merges through which a customer has several ids; none for most."""
        found = self._connection.execute(
            """SELECT merging.customer, other, at_us FROM merged AS asked
               JOIN merged AS member ON member.root = asked.root
               JOIN merging ON merging.customer = member.customer
               WHERE asked.customer = %s ORDER BY merging.number""",
            (customer,),
        )
        return Merges(Merge(*row) for row in found)

    def identify(self, identifiers: Mapping[str, str]) -> Identity | None:
        """Return whom identifiers stand for; None if unknown, or if they contradict each other."""
        return self._rules.identity(identifiers, self._standing_for, self._households)

    def link(
        self, identifiers: Mapping[str, str], customer: str | None, kind: str, confidence: float, at_us: int
    ) -> str:
        """Keep that identifiers stand for a customer; return the id that stands for the customer."""
        cleaned = self._rules.clean(identifiers)
        root = None if customer is None else self._root(customer)
        target = self._rules.target(cleaned, root, self._standing_for)
        customer = customer or target or uuid.uuid4().hex
        links = [Link(*one, customer, kind, confidence, at_us) for one in cleaned if one[0] != self._rules.customer]
        for one in links:
            self._connection.execute(
                """INSERT INTO link (name, value, customer, kind, confidence, at_us) VALUES (%s, %s, %s, %s, %s, %s)
                   ON CONFLICT (name, value, customer)
                   DO UPDATE SET kind = excluded.kind, confidence = excluded.confidence, at_us = excluded.at_us
                   WHERE excluded.confidence > link.confidence""",
                (one.name, one.value, one.customer, one.kind, one.confidence, one.at_us),
            )
        return self._root(customer)

    def unlink(self, identifiers: Mapping[str, str]) -> int:
        """Forget whom identifiers stand for; return how many links went."""
        cleaned = self._rules.clean(identifiers)
        query = "DELETE FROM link WHERE name = %s AND value = %s"
        gone = sum(self._connection.execute(query, one).rowcount for one in cleaned)
        for name, value in cleaned:
            self._connection.execute("SELECT tell('profiles', 'unlinked', '', %s, %s)", (name, value))
        return gone

    def household(self, household: str) -> tuple[str, ...]:
        """Return the ids that stand for those who belong to a household and to no other, sorted."""
        names = [name for name, kind in self._rules.kinds.items() if kind == "household"]
        query = """SELECT DISTINCT coalesce(root, link.customer) FROM link
                   LEFT JOIN merged ON merged.customer = link.customer
                   WHERE name = ANY(%s::text[]) AND value = %s"""
        linked = [root for (root,) in self._connection.execute(query, (names, household)).fetchall()]
        return tuple(sorted(root for root in linked if self._households(root) == {household}))

    def links(self, customer: str) -> Sequence[Link]:
        """Return the links of a customer and all that is merged with it, oldest first."""
        query = """SELECT name, value, customer, kind, confidence, at_us FROM link
                   WHERE customer = ANY(%s::text[]) ORDER BY at_us, name, value, customer"""
        members = self.merges(customer).members(customer)
        return tuple(Link(*row) for row in self._connection.execute(query, (list(members),)))

    def merge(self, customer: str, other: str, at_us: int) -> str:
        """Keep that two ids are one customer; return the id that stands for both, which is the first one's."""
        if customer == other:
            raise UsageError("a customer cannot be merged with itself")
        merges = self.merges(customer).plus(self.merges(other), Merge(customer, other, at_us))
        self._regroup(merges, merges.members(customer))
        query = "SELECT tell('profiles', 'merge', %s, of_other => %s, of_at_us => %s)"
        self._connection.execute(query, (customer, other, at_us))
        return merges.root(customer)

    def split(self, customer: str) -> Sequence[str]:
        """Undo every merge in which an id was named; return the ids that stand for themselves again."""
        merges = self.merges(customer)
        members, left = merges.members(customer), merges.without(customer)
        self._regroup(left, members)
        self._connection.execute("SELECT tell('profiles', 'split', %s)", (customer,))
        return tuple(dict.fromkeys(map(left.root, members)))

    def erase(self, customers: Sequence[str]) -> Mapping[str, int]:
        """Forget customers' links and merges; return how many links and how many merged ids went."""
        links = self._connection.execute("DELETE FROM link WHERE customer = ANY(%s::text[])", (list(customers),))
        return {"links": links.rowcount, "merges": self._ungroup(customers)}

    def _root(self, customer: str) -> str:
        found = self._connection.execute("SELECT root FROM merged WHERE customer = %s", (customer,)).fetchone()
        return customer if found is None else str(found[0])

    def _ungroup(self, members: Iterable[str]) -> int:
        ids = list(members)
        self._connection.execute("DELETE FROM merging WHERE customer = ANY(%s::text[])", (ids,))
        return self._connection.execute("DELETE FROM merged WHERE customer = ANY(%s::text[])", (ids,)).rowcount

    def _regroup(self, merges: Merges, members: Sequence[str]) -> None:
        self._ungroup(members)
        for member in members:
            if len(merges.members(member)) > 1:
                query = "INSERT INTO merged (customer, root) VALUES (%s, %s)"
                self._connection.execute(query, (member, merges.root(member)))
        for merge in merges:
            query = "INSERT INTO merging (customer, other, at_us) VALUES (%s, %s, %s)"
            self._connection.execute(query, (merge.customer, merge.other, merge.at_us))

    def _standing_for(self, one: tuple[str, str]) -> set[str]:
        name, value = one
        if name == self._rules.customer:
            return {self._root(value)}
        found = self._connection.execute(
            """SELECT DISTINCT coalesce(root, link.customer) FROM link
               LEFT JOIN merged ON merged.customer = link.customer
               WHERE name = %s AND value = %s AND confidence >= %s""",
            (name, value, self._rules.confidence_min),
        )
        return {root for (root,) in found}

    def _households(self, customer: str) -> set[str]:
        return {link.value for link in self.links(customer) if self._rules.tells_household(link)}


class PostgreSQLIdentifying(PostgreSQLPart):
    """An `IdentityGraph` and `IdentityLinks` in the tables of a store."""

    def identify(self, identifiers: Mapping[str, str]) -> Identity | None:
        """Return whom identifiers stand for; None if unknown, or if they contradict each other."""
        with self._pool.reading() as connection:
            return PostgreSQLGraph(connection, self._rules).identify(identifiers)

    def link(
        self,
        identifiers: Mapping[str, str],
        *,
        customer: str | None = None,
        kind: str = "stated",
        confidence: float = 1.0,
    ) -> str:
        """Keep that identifiers stand for a customer; return the id that stands for the customer."""
        with self._pool.writing(GRAPH) as connection:
            graph = PostgreSQLGraph(connection, self._rules)
            return graph.link(identifiers, customer, kind, confidence, self._now_us(connection))

    def unlink(self, identifiers: Mapping[str, str]) -> int:
        """Forget whom identifiers stand for; return how many links went."""
        with self._pool.writing(GRAPH) as connection:
            return PostgreSQLGraph(connection, self._rules).unlink(identifiers)

    def links(self, customer: str) -> Sequence[Link]:
        """Return the links of a customer and all that is merged with it, oldest first."""
        with self._pool.reading() as connection:
            return PostgreSQLGraph(connection, self._rules).links(customer)

    def merge(self, customer: str, other: str) -> str:
        """Keep that two ids are one customer; return the id that stands for both, which is the first one's."""
        with self._pool.writing(GRAPH) as connection:
            return PostgreSQLGraph(connection, self._rules).merge(customer, other, self._now_us(connection))

    def split(self, customer: str) -> Sequence[str]:
        """Undo every merge in which an id was named; return the ids that stand for themselves again."""
        with self._pool.writing(GRAPH) as connection:
            return PostgreSQLGraph(connection, self._rules).split(customer)
