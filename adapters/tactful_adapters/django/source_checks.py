"""What is wrong with mapped models, and what an omission hides: `manage.py check` tells it. It asks no database."""

import difflib
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from tactful import How

from .apps import site
from .source import ModelSource, sources


def mapped() -> Iterator[CheckMessage]:
    """Yield what is to be told of all models that are mapped."""
    for source in sorted(sources, key=repr):
        try:
            model = source.of()
        except (LookupError, ValueError) as error:
            yield Error(f"there is no model {source.model!r}: {error}", hint='write "app.Model"', id="tactful.E003")
            continue
        yield from _fields(source, model)
        yield from _policy(source)
        yield from _omitted(source)


def _fields(source: ModelSource, model: type[models.Model]) -> Iterator[CheckMessage]:
    """Yield fields that are not there, and moments that are none."""
    moments = {source.at, *(one.at for one in source.attributes.values()), *(one.at for one in source.consent_columns)}
    for name in dict.fromkeys((source.who, *source.fields())):
        found = _found(model, name)
        if isinstance(found, Error):
            yield found
        elif name in moments:
            yield from _moment(source, name, found)
    for column in source.consent_columns:
        if "__" in column.name:
            said = f"{source}: {column.name} is of another model: what is saved there is heard with the next refresh"
            yield Caution(said, hint="map that model, or call edge.opt_out there", id="tactful.W006")


def _moment(source: ModelSource, name: str, field: "models.Field[object, object] | None") -> Iterator[CheckMessage]:
    if isinstance(field, models.DateTimeField) and not settings.USE_TZ:
        said = f"{source}: {name} has no time zone, so that what it dates is as old as can be"
        yield Caution(said, hint="set USE_TZ = True", id="tactful.W005")
    elif field is not None and not isinstance(field, models.DateField | models.IntegerField):
        hint = "name a DateTimeField, a DateField, or whole microseconds since 1970"
        yield Error(f"{source}: {name} is a {type(field).__name__} and no moment", hint=hint, id="tactful.E005")


def _found(model: type[models.Model], path: str) -> "models.Field[object, object] | Error | None":
    """Return the field at the end of a path, None for what is no field of a row, or the error that it is not there."""
    at: type[models.Model] | None = model
    field = None
    for part in path.split("__"):
        if at is None:
            return Error(f"{model._meta.label} has no field {path!r}", id="tactful.E004")  # noqa: SLF001 - Django's way
        names = [one.name for one in at._meta.get_fields()]  # noqa: SLF001
        try:
            field = at._meta.pk if part == "pk" else at._meta.get_field(part)  # noqa: SLF001
        except FieldDoesNotExist:
            label = at._meta.label  # noqa: SLF001
            return Error(f"{label} has no field {part!r}", hint=_hint(part, names), id="tactful.E004")
        at = getattr(field, "related_model", None)
    return field if isinstance(field, models.Field) else None


def _policy(source: ModelSource) -> Iterator[CheckMessage]:
    """Yield names that the policy does not have."""
    edge = next(iter(source.edges), None)
    if edge is None:
        try:
            edge = site().edge
        except Exception:  # noqa: BLE001 - it is told as tactful.E001
            return
    policy = edge.plan.policy
    asked = [
        ("attribute", source.attributes, [one.name for one in policy.attributes]),
        ("purpose", [one.purpose for one in source.consent_columns], [one.name for one in policy.purposes if one.asks]),
        (
            "channel",
            [one.channel for one in source.consent_columns if one.channel is not None],
            [one.name for one in policy.channels],
        ),
    ]
    for what, names, known in asked:
        for name in dict.fromkeys(names):
            if name not in known:
                said = f"{source}: the policy has no {what} {name!r}"
                yield Error(said, hint=_hint(name, known), id="tactful.E006")


def _omitted(source: ModelSource) -> Iterator[CheckMessage]:
    """Yield what is hidden by what the mapping leaves out."""
    for name, column in source.attributes.items():
        if column.at is None and source.at is None:
            said = f"{source}: {name} has no moment of observation, so that it is never fresh"
            hint = 'name the field that tells when it was observed: Column(…, at="updated_at")'
            yield Caution(said, hint=hint, id="tactful.W002")
    for one in source.consent_columns:
        if one.how is How.UNKNOWN:
            said = f"{source}: nobody knows how {one.name} was given, so that a yes counts as not given"
            hint = f'say how, honestly: ConsentColumn(…, how="explicit"); {_ways()}'
            yield Caution(said, hint=hint, id="tactful.W003")
        if one.at is None:
            said = f"{source}: a yes in {one.name} has no moment, so that it is older than any no and lifts none"
            hint = 'name the field that tells when it was given: ConsentColumn(…, at="agreed_at")'
            yield Caution(said, hint=hint, id="tactful.W004")


def _ways() -> str:
    return ", ".join(way.value for way in How)


def _hint(name: str, names: Iterable[str]) -> str:
    there = sorted(names)
    near = difflib.get_close_matches(name, there, 1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(there) or 'none'}"
