"""What SQLAlchemy's sessions save of a mapped table is heard at once: a no that was a yes counts from the commit on.

An `update(…)` or `delete(…)` that a session executes has the customers whose rows it changes fetched anew. Sessions'
bulk methods, statements of a connection and other programs say nothing: those are heard when the customer is fetched
anew, `Options.refresh_s` later at most. It changes no row.
"""

import logging
import weakref
from collections.abc import Iterable, Iterator
from typing import Any, Final

import attrs

import tactful

from .consent_columns import ConsentColumn
from .table_rows import sa
from .table_source import TableSource
from .table_statements import CUSTOMERS_MAX, is_change, whose
from .withdrawing import withdraw

try:
    from sqlalchemy import event, orm
except ImportError as error:
    raise tactful.ExtraMissing("a table as a source", "sqlalchemy") from error

_log = logging.getLogger("tactful")
_CHANGED: Final = "tactful_changed"


def hear(source: TableSource, sessions: Any) -> None:
    """
    Hear of a source's table, whatever sessions save.

    Raises:
        UsageError: If the source is a query.
    """
    table = source.rows.table
    if not isinstance(table, sa.Table):
        raise tactful.UsageError(f"table {source.rows.name}: nobody hears what is saved behind a query; map its table")
    ear = _Ear(weakref.ref(source), table.name, table.schema)
    for name in ("after_flush", "after_commit", "after_soft_rollback", "do_orm_execute"):
        event.listen(sessions, name, getattr(ear, name))


@attrs.frozen(repr=False)
class _Changed:
    """A row that was flushed: whose it is, what was taken back, and the transactions that it is part of."""

    customers: tuple[str, ...]
    taken: tuple[ConsentColumn, ...]
    is_gone: bool
    within: tuple[orm.SessionTransaction, ...]


@attrs.frozen(eq=False)
class _Ear:
    """What hears sessions for a source, as long as somebody holds it."""

    source: "weakref.ref[TableSource]"
    table: str
    schema: str | None

    def after_flush(self, session: orm.Session, _: object) -> None:
        """Remember what became of rows; a session saves them all the same, whatever is wrong here."""
        source = self.source()
        if source is None:
            return
        try:
            within = tuple(_transactions(session))
            found = [
                _changed(source, one, mapper, within, is_gone=is_gone)
                for ones, is_gone in ((session.new, False), (session.dirty, False), (session.deleted, True))
                for one in ones
                if (mapper := self._mapper(one)) is not None
            ]
        except Exception as error:  # noqa: BLE001 - the row is saved all the same
            _log.error("a row that was saved is not heard of before it is read anew: %s", type(error).__name__)
            return
        session.info.setdefault(_CHANGED, {}).setdefault(self, []).extend(found)

    def do_orm_execute(self, state: orm.ORMExecuteState) -> None:
        """Remember whose rows a statement changes; it is executed all the same, whatever is wrong here."""
        source = self.source()
        if source is None:
            return
        try:
            table = source.rows.table
            if not isinstance(table, sa.Table) or not is_change(state, table):
                return
            customers = whose(source, state)
            within = tuple(_transactions(state.session))
        except Exception as error:  # noqa: BLE001 - the statement is executed all the same
            _log.error("rows that are changed are not heard of before they are read anew: %s", type(error).__name__)
            return
        if len(customers) > CUSTOMERS_MAX:
            _log.warning("rows of more than %d customers are changed: they count when read anew", CUSTOMERS_MAX)
        found = _Changed(customers[:CUSTOMERS_MAX], (), state.is_delete, within)
        state.session.info.setdefault(_CHANGED, {}).setdefault(self, []).append(found)

    def after_commit(self, session: orm.Session) -> None:
        """Tell edges, unless it was a savepoint alone that was kept."""
        if session.in_nested_transaction():
            return
        changed: Iterable[_Changed] = session.info.get(_CHANGED, {}).pop(self, ())
        source = self.source()
        for one in changed if source is not None else ():
            for edge in list(source.edges) if source is not None else ():
                _tell(edge, one)

    def after_soft_rollback(self, session: orm.Session, ended: orm.SessionTransaction) -> None:
        """Forget what was taken back with a transaction or a savepoint."""
        kept = session.info.get(_CHANGED, {})
        if self in kept:
            kept[self] = [one for one in kept[self] if ended not in one.within]

    def _mapper(self, instance: object) -> orm.Mapper[Any] | None:
        mapper: orm.Mapper[Any] = sa.inspect(instance).mapper
        tables = (one for one in mapper.tables if isinstance(one, sa.Table))
        return mapper if any((one.name, one.schema) == (self.table, self.schema) for one in tables) else None


def _transactions(session: orm.Session) -> Iterator[orm.SessionTransaction]:
    """Yield the transactions and savepoints that a session is in, the innermost first."""
    one = session.get_nested_transaction() or session.get_transaction()
    while one is not None:
        yield one
        one = one.parent


def _changed(
    source: TableSource,
    instance: object,
    mapper: orm.Mapper[Any],
    within: tuple[orm.SessionTransaction, ...],
    *,
    is_gone: bool,
) -> _Changed:
    names = {column.name: mapper.get_property_by_column(column).key for column in mapper.columns if column.key}
    state = sa.inspect(instance)
    whose = state.attrs[names[source.mapped.who]].history
    customers = tuple(dict.fromkeys(str(one) for one in whose.sum() if one is not None))
    is_new = state.key is None
    taken = () if is_gone or is_new else tuple(_taken(source, state, names))
    return _Changed(customers, taken, is_gone, within)


def _taken(source: TableSource, state: Any, names: dict[str, str]) -> Iterator[ConsentColumn]:
    """Yield the answers that are no yes any more; what they were counts as a yes where the session does not know."""
    for column in source.mapped.consent_columns:
        if column.name not in names:
            continue
        history = state.attrs[names[column.name]].history
        if not history.added or isinstance(history.added[0], sa.ClauseElement):
            continue  # as it was, or computed by the database: then it is read anew
        was_no = bool(history.deleted) and not column.is_yes({column.name: history.deleted[0]})
        if not was_no and not column.is_yes({column.name: history.added[0]}):
            yield column


def _tell(edge: tactful.Edge, changed: _Changed) -> None:
    for customer in changed.customers:
        try:
            if changed.is_gone:
                edge.let_go(customer)
                continue
            for column in changed.taken:
                withdraw(edge, customer, column)
            edge.forget(customer)
        except Exception as error:  # noqa: BLE001 - the row is committed, whatever an edge makes of it
            _log.error("a row that was saved is not heard of: %s", type(error).__name__)
