"""What is saved through a mapped model is heard at once: a no that was a yes counts from the commit on.

`QuerySet.update()`, `bulk_update()` and other programs send no signal: those are heard when the customer is fetched
anew, `Options.refresh_s` later at most. It changes no row.
"""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import attrs
from django.apps import apps
from django.db import models, transaction
from django.db.models import signals

import tactful

from ..withdrawing import withdraw
from .source import ModelSource, sources

_log = logging.getLogger("tactful")
_BEFORE: Final = "_tactful_before"
_Row = Mapping[str, object]


def connect(source: ModelSource) -> None:
    """Hear of a source's model, and of its proxies and children; does nothing before Django knows its models."""
    if not apps.models_ready:
        return
    try:
        model = source.of()
    except (LookupError, ValueError):
        return  # the checks tell it
    for one in (model, *(other for other in apps.get_models() if issubclass(other, model))):
        signals.pre_save.connect(_before_save, sender=one, dispatch_uid="tactful")
        signals.post_save.connect(_after_save, sender=one, dispatch_uid="tactful")
        signals.post_delete.connect(_after_delete, sender=one, dispatch_uid="tactful")


def connect_all() -> None:
    """Hear of all models that are mapped by now."""
    for source in list(sources):
        connect(source)


def _before_save(sender: type[models.Model], instance: models.Model, using: str, **_: Any) -> None:
    """Remember what the row was."""
    del sender
    is_new = instance.pk is None or instance._state.adding  # noqa: SLF001 - as Django's documentation has it
    rows = {} if is_new else {id(one): _read(one, instance.pk, using) for one in _of(instance)}
    setattr(instance, _BEFORE, rows)


def _after_save(sender: type[models.Model], instance: models.Model, using: str, **_: Any) -> None:
    """Tell, once it is committed, what became of the row."""
    del sender
    rows: Mapping[int, _Row | None] = getattr(instance, _BEFORE, {})
    setattr(instance, _BEFORE, {})  # what is personal does not stay with it
    for source in _of(instance):
        changed = _Changed(source, instance.pk, _customer_of(source, instance), using, rows.get(id(source)))
        transaction.on_commit(changed.tell, using=using)


def _after_delete(sender: type[models.Model], instance: models.Model, using: str, **_: Any) -> None:
    """Let go, once it is committed, of all that memory holds of a customer."""
    del sender
    for source in _of(instance):
        if (customer := _customer_of(source, instance)) is not None:
            transaction.on_commit(partial(_let_go, source, customer), using=using)


def _customer_of(source: ModelSource, instance: models.Model) -> str | None:
    """Return the customer's id as an instance in memory has it."""
    found: object = instance
    for part in source.who.split("__"):
        found = getattr(found, part, None)
    return None if found is None else str(found)


def _read(source: ModelSource, pk: object, using: str) -> _Row | None:
    """Return a row as it is; None if there is none, or it cannot be read: a site saves its rows all the same."""
    try:
        return source.row(using, pk=pk)
    except Exception as error:  # noqa: BLE001 - `manage.py check` tells what is wrong with the mapping
        _log.error("a mapped row could not be read: %s", type(error).__name__)
        return None


def _of(instance: models.Model) -> list[ModelSource]:
    return [one for one in list(sources) if _is(one, instance)]


def _is(source: ModelSource, instance: models.Model) -> bool:
    try:
        return isinstance(instance, source.of())
    except (LookupError, ValueError):
        return False


def _let_go(source: ModelSource, customer: str) -> None:
    for edge in edges_of(source):
        edge.let_go(customer)


def edges_of(source: ModelSource) -> list[tactful.Edge]:
    """Return the edges that hear of a source; the site's, if nobody named one."""
    if not source.edges:
        from .apps import site  # noqa: PLC0415 - it is made with the first change, at the latest

        try:
            source.follow(site().edge)
        except Exception as error:  # noqa: BLE001 - `manage.py check` tells why; a row is saved all the same
            _log.error("nobody hears of what is saved, as there is no site: %s", type(error).__name__)
    return list(source.edges)


@attrs.frozen(repr=False)
class _Changed:
    """A row that was saved, and what it was before."""

    source: ModelSource
    pk: object
    customer: str | None
    using: str
    before: _Row | None

    def tell(self) -> None:
        """Let edges know what is new in it: an answer that was taken back first of all."""
        before, after, taken = self.before, _read(self.source, self.pk, self.using), []
        if after is not None and after == before:
            return
        if before is not None and after is not None:
            taken = [one for one in self.source.consent_columns if one.is_yes(before) and not one.is_yes(after)]
        named = [str(row[self.source.who]) for row in (before, after) if row is not None]
        customers = dict.fromkeys(named or [one for one in (self.customer,) if one is not None])
        for edge in edges_of(self.source):
            for customer in customers:
                edge.forget(customer)
                for column in taken:
                    withdraw(edge, customer, column)
