"""Whether a SQLite file still has the tables that tactful made, and nothing on them that swallows rows.

A file that is open can be altered by whoever may write it. What then fails says little, and what does not fail, such as
a trigger that ignores what is put there, would lose what was acknowledged. It looks, and mends nothing.
"""

import sqlite3
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import attrs

from tactful import StoreError

_ADVICE: Final = "put that back, or move the file away and restore a copy"


@attrs.frozen
class Shape:
    """
    What matters of a file's tables.

    Attributes:
        columns: The columns of each table, by its name.
        triggers: What each trigger does, by its name.
        unique: The names of the indexes that refuse what is there already.
    """

    columns: dict[str, frozenset[str]]
    triggers: dict[str, str]
    unique: frozenset[str]

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> "Shape":
        """Look at what a connection has."""
        columns, triggers, unique = dict[str, frozenset[str]](), dict[str, str](), set[str]()
        for kind, name, sql in connection.execute("SELECT type, name, sql FROM main.sqlite_master").fetchall():
            if kind == "table":
                found = connection.execute("SELECT name FROM pragma_table_info(?)", (name,))
                columns[name] = frozenset(column for (column,) in found)
            elif kind == "trigger":
                triggers[name] = _plain(sql)
            elif kind == "index" and _plain(sql or "").startswith("createunique"):
                unique.add(name)
        return cls(columns, triggers, frozenset(unique))


class KnownShape:
    """The shape of one file, looked at again whenever SQLite's number for it has changed."""

    __slots__ = ("_number", "_path")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._number: int | None = None

    def look(self, connection: sqlite3.Connection, migrations: Sequence[Sequence[str]]) -> None:
        """
        Look, within a transaction.

        Args:
            connection: The file's.
            migrations: The statements by which its tables were made, by version.

        Raises:
            StoreError: If somebody altered its tables; they are looked at again each time until they are mended.
        """
        (number,) = connection.execute("PRAGMA schema_version").fetchone()
        if number != self._number:
            if what := _altered(connection, migrations):
                raise StoreError(f"{self._path}: {what}; nothing of this call was kept")
            self._number = number


def _altered(connection: sqlite3.Connection, migrations: Sequence[Sequence[str]]) -> str:
    """Return what somebody altered, and what to do; empty if nothing, or if a newer tactful has the file."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    what = "" if version > len(migrations) else _difference(_made(tuple(map(tuple, migrations))), Shape.of(connection))
    return what and f"its tables are not as tactful made them ({what}); {_ADVICE}"


def _difference(made: Shape, there: Shape) -> str:
    for table, columns in made.columns.items():
        if table not in there.columns:
            return f"there is no table {table}"
        if missing := columns - there.columns[table]:
            return f"the table {table} has no column {min(missing)}"
    for trigger, does in made.triggers.items():
        if there.triggers.get(trigger) != does:
            return f"the trigger {trigger} is gone or another one"
    strange = sorted((there.triggers.keys() - made.triggers.keys()) | (there.unique - made.unique))
    return f"{strange[0]} is none of its triggers and indexes, and may swallow rows" if strange else ""


@cache
def _made(migrations: tuple[tuple[str, ...], ...]) -> Shape:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for statements in migrations:
            for statement in statements:
                connection.execute(statement)
        return Shape.of(connection)
    finally:
        connection.close()


def _plain(sql: str) -> str:
    """Return a statement without what SQLite changes in it when a table is renamed and named back."""
    return "".join(sql.replace('"', "").split()).lower()
