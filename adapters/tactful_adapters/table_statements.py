"""Whose rows an UPDATE or a DELETE changes that a session executes: asked right before it, in its transaction.

Afterwards nobody can say, as its condition may hold no more. It changes no row.
"""

from typing import Any, Final

import tactful

from .table_rows import sa
from .table_source import TableSource

try:
    from sqlalchemy import orm
except ImportError as error:
    raise tactful.ExtraMissing("a table as a source", "sqlalchemy") from error

#: Of a statement no more customers are asked for, so that one that changes all rows fills no memory.
CUSTOMERS_MAX: Final = 10_000


def is_change(state: orm.ORMExecuteState, table: sa.Table) -> bool:
    """Return whether a statement changes rows of a table, by a condition: many by their keys tell none."""
    changed = getattr(state.statement, "table", None) if state.is_update or state.is_delete else None
    is_same = isinstance(changed, sa.Table) and (changed.name, changed.schema) == (table.name, table.schema)
    return is_same and not state.is_executemany


def whose(source: TableSource, state: orm.ORMExecuteState) -> tuple[str, ...]:
    """
    Return whose rows a statement is about to change, and one customer more than `CUSTOMERS_MAX` at most.

    Raises:
        Exception: What the database or its driver raises; the transaction is as it was all the same.
    """
    statement: Any = state.statement
    name = source.rows.table.c[source.mapped.who].name
    (who,) = (one for one in statement.table.columns if one.name == name)
    asked = sa.select(who).distinct().limit(CUSTOMERS_MAX + 1)
    if statement.whereclause is not None:
        asked = asked.where(statement.whereclause)
    # Nothing is flushed for it: a row that waits to be flushed, and so may not be found, is heard of when it is.
    connection = state.session.connection(bind_arguments=dict(state.bind_arguments))
    with connection.begin_nested():  # or a refusal would end the session's transaction
        found = connection.execute(asked, state.parameters or {}).scalars().all()
    return tuple(str(one) for one in found if one is not None)
