"""Rows about customers from a table or a query, through SQLAlchemy, by column. It changes nothing there.

What a database says of an error can hold values: it is not passed on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo
from typing import Any, Final
from uuid import UUID

import attrs

import tactful

try:
    import sqlalchemy as sa
    from sqlalchemy.exc import NoSuchTableError, SQLAlchemyError
except ImportError as error:
    raise tactful.ExtraMissing("a table as a source", "sqlalchemy") from error

from .forks import begins_anew_in_a_child, leave_alone
from .nearest import nearest
from .whole_text import is_whole

__all__ = ["Rowed", "SQLAlchemyError", "TableRows", "python_type", "sa", "table_of", "told_as"]

#: So many customers are asked for in one query: fewer than any database's limit of parameters.
_AT_ONCE: Final = 500
#: What a table can be given as.
Rowed = str | sa.FromClause | sa.Select[Any] | sa.CompoundSelect[Any] | sa.TextClause | sa.TextualSelect | type


@attrs.frozen(eq=False, repr=False)
class TableRows:
    """
    The rows of a table or a query, one for each customer.

    Attributes:
        engine: What asks the database.
        table: The table, or the query as one.
        who: The column of the customer's id.
        fields: The columns that are read.
        zone: The zone of moments that name none.
        name: What errors call the table.
    """

    engine: sa.Engine
    table: sa.FromClause
    who: str
    fields: Sequence[str]
    zone: tzinfo | None
    name: str

    def __attrs_post_init__(self) -> None:
        begins_anew_in_a_child(self)

    def begin_anew(self) -> None:
        """Leave the parent's connections alone, before any thread of a child can take one."""
        leave_alone([self.engine.pool])
        self.engine.dispose(close=False)

    def of(self, customer: str) -> Sequence[Mapping[str, object]]:
        """
        Return the rows about a customer, two at most.

        Raises:
            StoreError: If the database cannot be asked.
        """
        id_ = self._id(customer)
        if id_ is None:
            return []
        found = self._asked(self._wanted().where(self._is_one_of([id_])).limit(2))
        return [row for known, row in found if known == customer]

    def of_many(self, customers: Sequence[str]) -> Mapping[str, Sequence[Mapping[str, object]]]:
        """Return the rows about customers, by id, without those who have none; raises as `of`."""
        wanted = {one: id_ for one in customers if (id_ := self._id(one)) is not None}
        ids, rows = list(wanted.values()), dict[str, list[Mapping[str, object]]]()
        for first in range(0, len(ids), _AT_ONCE):
            for known, row in self._asked(self._wanted().where(self._is_one_of(ids[first : first + _AT_ONCE]))):
                if known in wanted:
                    rows.setdefault(known, []).append(row)
        return rows

    def try_once(self) -> None:
        """
        Ask for nobody, so that what the database does not have, or cannot compare, is told at once.

        Raises:
            StoreError: If the database cannot be asked.
        """
        is_any = python_type(self.type_of(self.who)) in _IDS
        self._asked(self._wanted().where(sa.false() if is_any else self._column() == ""))

    def type_of(self, column: str) -> sa.types.TypeEngine[Any]:
        """Return the type of a column; `NullType` where a query does not say."""
        return self.table.c[column].type

    def _wanted(self) -> sa.Select[Any]:
        return sa.select(*(self.table.c[one] for one in dict.fromkeys((self.who, *self.fields))))

    def _column(self) -> sa.ColumnElement[Any]:
        return self.table.c[self.who]

    def _is_one_of(self, ids: Sequence[object]) -> sa.ColumnElement[bool]:
        """Return what asks for ids; for numbers wider than the column too, which has none of them."""
        column = self._column()
        type_ = sa.BigInteger() if isinstance(column.type, sa.Integer) else column.type
        return column.in_(sa.bindparam(None, ids, type_=type_, expanding=True))

    def _id(self, customer: str) -> object:
        """Return a customer's id as the column has it; None for an id that no row can have."""
        if "\0" in customer or not is_whole(customer):
            return None
        make = _IDS.get(python_type(self.type_of(self.who)))
        if make is None:
            return customer
        try:
            made = make(customer)
        except ValueError:
            return None
        return made if str(made) == customer else None

    def _asked(self, query: sa.Select[Any]) -> list[tuple[str, Mapping[str, object]]]:
        """Return each row that is found, with the customer's id as the row has it; databases compare loosely."""
        with told_as(self.name):
            with self.engine.connect() as connection:
                rows = connection.execute(query).mappings().all()
            return [(str(row[self.who]), {one: self._zoned(row[one]) for one in self.fields}) for row in rows]

    def _zoned(self, value: object) -> object:
        is_bare = self.zone is not None and isinstance(value, datetime) and value.tzinfo is None
        return value.replace(tzinfo=self.zone) if is_bare and isinstance(value, datetime) else value


def _whole(customer: str) -> int | None:
    made = int(customer)
    return made if -_WIDEST <= made < _WIDEST else None


#: A whole number in a database is less; those of 64 bits are the widest.
_WIDEST: Final = 2**63
_IDS: Final[Mapping[type | None, Callable[[str], object]]] = {int: _whole, UUID: UUID}


def python_type(type_: sa.types.TypeEngine[Any]) -> type | None:
    """Return the type of a column's values in Python; None where nobody knows."""
    try:
        return type_.python_type
    except NotImplementedError:
        return None


@contextmanager
def told_as(name: str) -> Iterator[None]:
    """Tell of what a database refuses, or what fits no column, without what it says: that can hold values."""
    try:
        yield
    except NoSuchTableError:
        raise
    except SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        said = f"table {name}: the database cannot be asked ({kind}); try its query, columns and rights by hand"
    except Exception as error:  # noqa: BLE001 - a column's type, its driver's and its user's own, can raise anything
        said = f"table {name}: a row cannot be read ({type(error).__name__}); see that values fit their columns"
    else:
        return
    raise tactful.StoreError(said) from None


def table_of(given: Rowed, engine: sa.Engine, fields: Sequence[str], schema: str | None) -> tuple[sa.FromClause, str]:
    """
    Return what was given as a table, and what errors call it.

    Args:
        given: The name of a table or a view, a `Table`, a mapped class, a `select()`, or a `text()`.
        engine: What asks the database for the columns of a table that is only named.
        fields: The columns that a `text()` must give, as it does not name its own.
        schema: Where a table that is only named stands; None means where the database looks first.

    Raises:
        StoreError: If the database cannot be asked.
        UsageError: If there is no such table, or it is none.
    """
    if isinstance(given, str):
        return _named(given, engine, schema), given
    if isinstance(given, sa.TextClause):
        given = given.columns(*(sa.column(one) for one in fields))
    if isinstance(given, sa.Select | sa.CompoundSelect | sa.TextualSelect):
        return given.subquery("customers"), "of the query"
    found = given if isinstance(given, sa.FromClause) else _mapped_by(given)
    if found is None:
        raise tactful.UsageError("a table is a name, a Table, a mapped class, a select(), or a text()")
    return found, str(getattr(found, "fullname", None) or "of the query")


def _mapped_by(given: object) -> sa.FromClause | None:
    mapper: object = sa.inspect(given, raiseerr=False)
    found = getattr(mapper, "local_table", None)
    return found if isinstance(found, sa.FromClause) else None


def _named(name: str, engine: sa.Engine, schema: str | None) -> sa.FromClause:
    try:
        with told_as(name):
            return sa.Table(name, sa.MetaData(), schema=schema, autoload_with=engine, resolve_fks=False)
    except NoSuchTableError:
        pass
    raise tactful.UsageError(f"there is no table {name!r}; {nearest(name, _there(name, engine, schema))}")


def _there(name: str, engine: sa.Engine, schema: str | None) -> Sequence[str]:
    with told_as(name):
        asked = sa.inspect(engine)
        return [*asked.get_table_names(schema), *asked.get_view_names(schema)]
