"""The part of `SQLiteStore` that remembers which erasures are still owed beside it. It asks nobody to forget."""

from collections.abc import Iterable, Mapping

from .sqlite_file import SQLiteFile


class SQLiteOwing:
    """`Owing` in the file of a store."""

    _file: SQLiteFile

    def owe_erasure(self, keeper: str, customers: Iterable[str]) -> None:
        """Remember durably whom a keeper has still to forget."""
        rows = [(keeper, one) for one in customers]
        with self._file.writing() as connection:
            connection.executemany("INSERT OR IGNORE INTO owed (keeper, customer) VALUES (?, ?)", rows)

    def owed_erasures(self) -> Mapping[str, frozenset[str]]:
        """Return whom each keeper has still to forget."""
        found: dict[str, set[str]] = {}
        with self._file.reading() as connection:
            for keeper, customer in connection.execute("SELECT keeper, customer FROM owed"):
                found.setdefault(keeper, set()).add(customer)
        return {keeper: frozenset(customers) for keeper, customers in found.items()}

    def settle_erasure(self, keeper: str, customers: Iterable[str]) -> int:
        """Remember no longer that a keeper has to forget some; return how many of them it owed."""
        rows = [(keeper, one) for one in customers]
        with self._file.writing() as connection:
            return connection.executemany("DELETE FROM owed WHERE keeper = ? AND customer = ?", rows).rowcount
