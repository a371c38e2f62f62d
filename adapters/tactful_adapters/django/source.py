"""Customers from a Django model that a site has already: its columns are attributes, and answers to purposes.

    people = ModelSource(
        "shop.Customer",
        attributes={"visits": Column("visits", at="seen_at")},
        consent_columns=[ConsentColumn("letters_ok", "offers", how="double_opt_in", at="letters_at")],
    )

The table is only read. What is saved through the model is heard at once (`source_signals`).
"""

import weakref
from collections.abc import Iterable, Mapping, Sequence
from threading import local
from typing import Any, Final

import attrs

import tactful
from tactful import Consents, Snapshot, wall_clock

try:
    from django.apps import apps
    from django.core.exceptions import ValidationError
    from django.db import DatabaseError, connections, models, router
except ImportError as error:
    raise tactful.ExtraMissing("a model as a source", "django") from error

from ..beside import ConsentsBeside, Kept
from ..consent_columns import ConsentColumn, consents_of
from ..mapping import Column, MappedProfiles
from ..whole_text import is_whole

__all__ = ["Column", "ConsentColumn", "ModelSource", "sources"]

#: The sources of this process; signals and checks look at them.
sources: Final["weakref.WeakSet[ModelSource]"] = weakref.WeakSet()
_mine: Final = local()


@attrs.frozen(eq=False, repr=False)
class ModelSource:
    """
    Profiles and consents of a model's rows, one for each customer; for `tactful.open(…, profiles=…, consents=…)`.

    Attributes:
        model: The model, or its name as "app.Model".
        who: The field that holds the customer's id; the primary key by itself.
        attributes: The fields by the names of attributes. Fields of related models are named as in queries.
        consent_columns: The fields with answers to purposes.
        at: The field of the moment at which values were observed, where a `Column` names none of its own; None means
            that nobody knows: such a value is never fresh.
        using: The database; None asks Django's routers.
    """

    model: type[models.Model] | str
    who: str = attrs.field(default="pk", kw_only=True)
    attributes: Mapping[str, Column] = attrs.field(factory=dict, kw_only=True)
    consent_columns: Sequence[ConsentColumn] = attrs.field(default=(), kw_only=True)
    at: str | None = attrs.field(default=None, kw_only=True)
    using: str | None = attrs.field(default=None, kw_only=True)
    edges: "weakref.WeakSet[tactful.Edge]" = attrs.field(factory=weakref.WeakSet, init=False)

    def __attrs_post_init__(self) -> None:
        """Let checks and signals know of it."""
        sources.add(self)
        from .source_signals import connect  # noqa: PLC0415 - each needs the other

        connect(self)

    def profile(self, customer: str) -> Snapshot | None:
        """
        Return the snapshot of a customer's row, or None for a customer who has none.

        Raises:
            StoreError: If several rows have the customer's id, or a value does not fit its field.
            Exception: As the database raises.
        """
        return MappedProfiles(self._rows, self.attributes, self.at).profile(customer)

    def consents(self, customer: str) -> Consents | None:
        """Return what a customer's row says of purposes, or None for a customer who has none; raises as `profile`."""
        now_us, rows = wall_clock(), self._rows(customer)
        if len(rows) > 1:
            raise tactful.StoreError(f"a customer is one row, and there are {len(rows)}; name a unique field as who=")
        return consents_of(rows[0], self.consent_columns, now_us) if rows else None

    def beside(self, store: Kept) -> ConsentsBeside:
        """Return these consents beside those that a store keeps, so that `opt_out` and `opt_in` are kept durably."""
        return ConsentsBeside(self, store)

    def follow(self, edge: tactful.Edge) -> None:
        """Tell an edge from now on what is saved; if none is named, the site's edge is told."""
        self.edges.add(edge)

    def of(self) -> type[models.Model]:
        """
        Return the model.

        Raises:
            LookupError: If there is none of that name.
            ValueError: If its name is not one.
        """
        return apps.get_model(self.model) if isinstance(self.model, str) else self.model

    def fields(self) -> tuple[str, ...]:
        """Return the fields that are read, each once."""
        columns = [one for column in self.attributes.values() for one in (column.name, column.at)]
        answers = [one for column in self.consent_columns for one in (column.name, column.at)]
        return tuple(dict.fromkeys(one for one in (*columns, *answers, self.at) if one is not None))

    def row(self, using: str | None = None, **wanted: Any) -> Mapping[str, object] | None:
        """Return a row as it is now, with the customer's id as `who`; None if there is none."""
        return self._asked(using).filter(**wanted).values(*self.fields(), self.who).first()

    def _rows(self, customer: str) -> Sequence[Mapping[str, object]]:
        if "\0" in customer or not is_whole(customer):
            return []
        with _Connection(self.using or router.db_for_read(self.of())):
            try:
                wanted = self._asked(None).filter(**{self.who: customer})
            except (ValueError, TypeError, ValidationError):  # an id that no row can have
                return []
            return self._read(wanted.values(*self.fields())[:2])

    def _read(self, rows: Iterable[Mapping[str, object]]) -> Sequence[Mapping[str, object]]:
        """Return rows; what does not fit its field is told without its value, which an error would tell."""
        try:
            return list(rows)
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 - a field, a driver and a field of the user's own can raise anything
            said = f"{self!r}: a row cannot be read ({type(error).__name__}); see that values fit their fields"
        raise tactful.StoreError(said) from None

    def _asked(self, using: str | None) -> "models.QuerySet[models.Model]":
        chosen = using or self.using
        rows = self.of()._default_manager.all()  # noqa: SLF001 - as Django's documentation has it
        return rows.using(chosen) if chosen else rows

    def __repr__(self) -> str:
        named = self.model if isinstance(self.model, str) else self.model._meta.label  # noqa: SLF001 - Django's way
        return f"<ModelSource {named}>"


class _Connection:
    """
    The connection of a thread that is ours, as good as Django keeps those of requests.

    No request ends in our thread, so that nobody else closes what has grown old or has failed there.
    """

    def __init__(self, alias: str) -> None:
        self._connection = connections[alias]

    def __enter__(self) -> None:
        held = self._connection.connection
        if held is not None and held is getattr(_mine, "held", None):
            self._connection.close_if_unusable_or_obsolete()
        self._is_new = self._connection.connection is None

    def __exit__(self, *_: object) -> None:
        if self._is_new:
            _mine.held = self._connection.connection
