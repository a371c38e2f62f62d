"""The part of `SQLiteStore` that lists whom it knows. It keeps nothing."""

from collections.abc import Sequence

from .sqlite_file import SQLiteFile


class SQLiteListing:
    """A `CustomerList` over the profiles of a file."""

    _file: SQLiteFile

    def customers(self, after: str, count: int) -> Sequence[str]:
        """Return at most so many ids with a profile that come after an id, in the order of ids; "" is before all."""
        query = "SELECT customer FROM profile WHERE customer > ? ORDER BY customer LIMIT ?"
        with self._file.reading() as connection:
            return [customer for (customer,) in connection.execute(query, (after, max(0, count)))]
