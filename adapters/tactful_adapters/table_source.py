"""Customers from a table that you have already, in any database that SQLAlchemy speaks to: it is only read.

    people = TableSource(
        engine,
        "customers",
        who="crm_id",
        attributes={"visits": Column("visits", at="seen_at")},
        consent_columns=[ConsentColumn("letters_ok", "offers", how="double_opt_in", at="letters_at")],
    )

What a session saves is heard at once, if it is told to `follow` (`table_sessions`).
"""

import logging
import weakref
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Self

import tactful
from tactful import Consents, Policy, Snapshot, wall_clock

from . import table_arguments as given
from .beside import ConsentsBeside, Kept
from .consent_columns import ConsentColumn, consents_of
from .mapping import Column, MappedProfiles
from .table_checks import cautions, mistakes
from .table_rows import Rowed, TableRows, sa, table_of

__all__ = ["Column", "ConsentColumn", "TableSource"]

_log = logging.getLogger("tactful")


class TableSource:
    """Profiles and consents of a table's rows, one for each customer; for `tactful.open(…, profiles=…, consents=…)`."""

    def __init__(
        self,
        engine: sa.Engine | sa.URL | str,
        table: Rowed,
        *,
        who: str,
        attributes: Mapping[str, Column] | None = None,
        consent_columns: Sequence[ConsentColumn] = (),
        at: str | None = None,
        zone: tzinfo | str | None = None,
        schema: str | None = None,
    ) -> None:
        """
        Look whether all columns are there; the policy is looked at when an edge is opened.

        Args:
            engine: An engine, or the URL of a database, as SQLAlchemy has it.
            table: The name of a table or a view, a `Table`, a mapped class, a `select()`, or a `text()`.
            who: The column that holds the customer's id, each once.
            attributes: The columns by the names of attributes.
            consent_columns: The columns with answers to purposes.
            at: The column of the moment at which values were observed, where a `Column` names none of its own; None
                means that nobody knows: such a value is never fresh.
            zone: The zone of moments that name none, as in SQLite and MySQL, or its name, such as "Europe/Berlin"; None
                means that nobody knows: what they date is as old as can be.
            schema: Where a table that is only named stands; None means where the database looks first.

        Raises:
            StoreError: If the database cannot be asked.
            UsageError: If there is no such table, column or zone, a moment is none, a consent's column holds no yes, or
                an argument is of a wrong type.
            ExtraMissing: If SQLAlchemy or the database's driver is not installed.
        """
        self.mapped = given.mapped_of(who, attributes, consent_columns, at)
        zoned = given.zone_of(zone)
        self._engine = given.engine_of(engine)
        self._owned = self._engine is not engine
        try:
            fields = self.mapped.fields()
            found, name = table_of(table, self._engine, [who, *fields], schema)
            self.rows = TableRows(self._engine, found, who, fields, zoned, name)
            _refuse(mistakes(self.mapped, self.rows))
            self.rows.try_once()
        except BaseException:
            self.close()
            raise
        self._told: set[str] = set()
        #: The edges that hear of what sessions save.
        self.edges: weakref.WeakSet[tactful.Edge] = weakref.WeakSet()

    def profile(self, customer: str) -> Snapshot | None:
        """
        Return the snapshot of a customer's row, or None for a customer who has none.

        Raises:
            StoreError: If several rows have the customer's id, or the database cannot be asked.
        """
        return MappedProfiles(self._one, self.mapped.attributes, self.mapped.at).profile(customer)

    def consents(self, customer: str) -> Consents | None:
        """Return what a customer's row says of purposes, or None for a customer who has none; raises as `profile`."""
        now_us, rows = wall_clock(), self._one(customer)
        return consents_of(rows[0], self.mapped.consent_columns, now_us) if rows else None

    def consents_of(self, customers: Sequence[str]) -> Mapping[str, Consents]:
        """Return what `consents` says of each customer, by id, in a query for 500; without those who have no row."""
        now_us, rows = wall_clock(), self.rows.of_many(customers)
        return {one: consents_of(self._single(rows[one])[0], self.mapped.consent_columns, now_us) for one in rows}

    def check_policy(self, policy: Policy) -> None:
        """
        Look whether the policy has what is mapped, and tell in the log, once, what an omission hides.

        Raises:
            UsageError: If the policy has no such attribute, purpose or channel, or an attribute is of another type.
        """
        _refuse(mistakes(self.mapped, self.rows, policy))
        for said in cautions(self.mapped, self.rows):
            if said not in self._told:
                self._told.add(said)
                _log.warning("%s", said)

    def cautions(self) -> Sequence[str]:
        """Return what omissions hide, a line each."""
        return cautions(self.mapped, self.rows)

    def beside(self, store: Kept) -> ConsentsBeside:
        """Return these consents beside those that a store keeps, so that `opt_out` and `opt_in` are kept durably."""
        return ConsentsBeside(self, store)

    def follow(self, edge: tactful.Edge, sessions: Any) -> None:
        """
        Tell an edge from now on what sessions have saved: a no that was a yes counts from the commit on.

        Args:
            edge: The edge.
            sessions: A `sessionmaker`, a `scoped_session`, a class of sessions, or one session.

        Raises:
            UsageError: If the source is a query: nobody knows whose rows a session saves; or they are no sessions.
        """
        given.look_at_followed(edge, sessions)
        from .table_sessions import hear  # noqa: PLC0415 - for those who save through sessions

        hear(self, sessions)
        self.edges.add(edge)

    def close(self) -> None:
        """Give back the connections, if a URL was given; a second call does nothing."""
        if self._owned:
            self._engine.dispose()

    def _one(self, customer: str) -> Sequence[Mapping[str, object]]:
        return self._single(self.rows.of(customer))

    def _single(self, rows: Sequence[Mapping[str, object]]) -> Sequence[Mapping[str, object]]:
        if len(rows) > 1:
            told = f"table {self.rows.name}: a customer is one row, and there are several; name a unique column as who="
            raise tactful.StoreError(told)
        return rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<TableSource {self.rows.name}>"


def _refuse(wrong: Sequence[str]) -> None:
    if wrong:
        raise tactful.UsageError("; ".join(wrong))
