"""Changing rows of customers by what is in them, many at once and each alone. It knows no column's meaning.

Rows that are there are locked first, in the order of ids; then what is new is made. Two that make the same row at once
are told apart by the key, and the second one looks again. So nobody waits for one who waits for him.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from .postgresql_altered import check_telling, swallowed

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

#: Gets an id and its row, or None; returns the row that is to be kept, or None to leave it.
Change = Callable[[str, "tuple[Any, ...] | None"], "tuple[Any, ...] | None"]


@attrs.frozen
class Table:
    """A table with one row for each id: its name, and the names and types of its other columns."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]

    @property
    def reading(self) -> str:
        """The query for the rows of some ids."""
        return f"SELECT {', '.join(('customer', *self.columns))} FROM {self.name} WHERE customer = ANY(%s::text[])"  # noqa: S608 - ours

    @property
    def come(self) -> str:
        """What has come, as rows: an array for each column, the ids first."""
        arrays = ", ".join(f"%s::{type_}[]" for type_ in ("text", *self.types))
        return f"unnest({arrays}) AS come ({', '.join(('customer', *self.columns))})"


def amend_rows(connection: "PostgreSQLConnection", table: Table, customers: Iterable[str], change: Change) -> int:
    """
    Change the rows of ids; no other change comes in between. Return how many were changed.

    Where somebody makes a row at the same moment, `change` is called again, with that one.
    """
    left, changed, twice = sorted(set(customers)), 0, frozenset[str]()
    while left:
        locking = f"{table.reading} ORDER BY customer FOR UPDATE".encode()
        found: dict[str, tuple[Any, ...]] = {row[0]: row[1:] for row in connection.execute(locking, (left,))}
        rows = [(one, *row) for one in left if (row := change(one, found.get(one))) is not None]
        known, new = [row for row in rows if row[0] in found], [row for row in rows if row[0] not in found]
        _update(connection, table, known)
        made = _insert(connection, table, new)
        changed += len(known) + len(made)
        left = [row[0] for row in new if row[0] not in made]
        if not twice.isdisjoint(left):  # neither made nor there, and made by nobody else
            raise swallowed(table.name)
        twice = frozenset(left)
    if changed:
        check_telling(connection)
    return changed


def _update(connection: "PostgreSQLConnection", table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        to = ", ".join(f"{column} = come.{column}" for column in table.columns)
        query = f"UPDATE {table.name} AS kept SET {to} FROM {table.come} WHERE kept.customer = come.customer"  # noqa: S608 - ours
        arrays = [list(column) for column in zip(*rows, strict=True)]
        if connection.execute(query.encode(), arrays).rowcount != len(rows):
            raise swallowed(table.name)


def _insert(connection: "PostgreSQLConnection", table: Table, rows: Sequence[tuple[Any, ...]]) -> set[str]:
    if not rows:
        return set()
    names = ", ".join(("customer", *table.columns))
    query = f"""INSERT INTO {table.name} ({names}) SELECT {names} FROM {table.come} ORDER BY customer COLLATE "C"
                ON CONFLICT DO NOTHING RETURNING customer"""  # noqa: S608 - ours
    return {one for (one,) in connection.execute(query.encode(), [list(column) for column in zip(*rows, strict=True)])}
