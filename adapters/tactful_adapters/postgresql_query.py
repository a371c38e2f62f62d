"""Rows about a customer, from a query of yours over tables of yours, in PostgreSQL. It changes nothing there."""

from collections.abc import Mapping, Sequence
from typing import Final, Self

from tactful import UsageError

from .postgresql_address import Address
from .postgresql_pool import PostgreSQLPool

_PARAMETER: Final = "%(customer)s"


class PostgreSQLQuery:
    """
    What `MappedProfiles` and `MappedConsents` ask; safe under threads and fork.

    Each call is a transaction that can only read, and ends after the URL's `timeout_s`.
    """

    def __init__(self, url: str, query: str) -> None:
        """
        Open it, and try the query once.

        Args:
            url: As `postgresql://reader@host:5432/database?schema=crm&timeout_s=1`; the schema is `public` if none is
                named.
            query: A query with the parameter `%(customer)s`.

        Raises:
            StoreError: If the server cannot be reached, or the query fails.
            UsageError: If the query does not say whom it is about.
            ExtraMissing: If psycopg is not installed.
        """
        if _PARAMETER not in query:
            raise UsageError(f"the query has no {_PARAMETER}: each customer would get the rows of all")
        self._query = query.encode()
        self._pool = PostgreSQLPool(Address.of(url, schema="public"), ours=False)
        try:
            self("")
        except BaseException:
            self.close()
            raise

    def __call__(self, customer: str) -> Sequence[Mapping[str, object]]:
        """Return the rows about a customer, by column."""
        with self._pool.reading() as connection:
            found = connection.execute(self._query, {"customer": customer})
            names = [column.name for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found]

    def close(self) -> None:
        """Give back the connections; a second call does nothing."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<PostgreSQLQuery {self._pool.address.name}>"
