"""The part of `PostgreSQLStore` that remembers which erasures are still owed beside it. It asks nobody to forget."""

from collections.abc import Iterable, Mapping

from .postgresql_part import PostgreSQLPart


class PostgreSQLOwing(PostgreSQLPart):
    """`Owing` in the tables of a store."""

    def owe_erasure(self, keeper: str, customers: Iterable[str]) -> None:
        """Remember durably whom a keeper has still to forget."""
        rows = sorted(set(customers))  # in one order, so that no two wait for each other
        with self._pool.writing() as connection:
            query = """INSERT INTO owed (keeper, customer) SELECT %s, one FROM unnest(%s::text[]) AS one
                       ON CONFLICT DO NOTHING"""
            connection.execute(query, (keeper, rows))

    def owed_erasures(self) -> Mapping[str, frozenset[str]]:
        """Return whom each keeper has still to forget."""
        found: dict[str, set[str]] = {}
        with self._pool.reading() as connection:
            for keeper, customer in connection.execute("SELECT keeper, customer FROM owed"):
                found.setdefault(keeper, set()).add(customer)
        return {keeper: frozenset(customers) for keeper, customers in found.items()}

    def settle_erasure(self, keeper: str, customers: Iterable[str]) -> int:
        """Remember no longer that a keeper has to forget some; return how many of them it owed."""
        with self._pool.writing() as connection:
            query = "DELETE FROM owed WHERE keeper = %s AND customer = ANY(%s::text[])"
            return connection.execute(query, (keeper, sorted(set(customers)))).rowcount
