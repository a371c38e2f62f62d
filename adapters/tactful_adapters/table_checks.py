"""What is wrong with a mapped table, and what an omission hides. It asks no database, and sees no value."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from tactful import How, Policy, ValueType

from .consent_columns import ConsentColumn
from .mapping import Column
from .nearest import nearest
from .table_rows import TableRows, python_type, sa

_LISTS: Final = (list, tuple, dict)  # of JSON nobody knows before it is read
_FITTING: Final[Mapping[ValueType, tuple[type, ...]]] = {
    ValueType.TEXT: (str,),
    ValueType.INT: (int, Decimal),
    ValueType.NUMBER: (int, float, Decimal),
    ValueType.BOOL: (bool,),
    ValueType.TIME: (datetime, str, int),
    ValueType.DURATION: (timedelta, int),
    ValueType.TEXTS: _LISTS,
    ValueType.INTS: _LISTS,
    ValueType.NUMBERS: _LISTS,
    ValueType.SCORES: (dict,),
}
#: What can be equal to the values of a column, by their type.
_ANSWERS: Final[Mapping[type | None, tuple[type, ...]]] = {
    str: (str,),
    bool: (bool, int, float, Decimal),
    int: (bool, int, float, Decimal),
}
#: Databases whose moments have no zone, whatever a column is called.
_NO_ZONES: Final = frozenset({"sqlite", "mysql", "mariadb"})


@attrs.frozen
class Mapped:
    """
    What of a table is mapped.

    Attributes:
        who: The column of the customer's id.
        attributes: The columns by the names of attributes.
        consent_columns: The columns with answers to purposes.
        at: The column of the moment at which values were observed, where no other is named.
    """

    who: str
    attributes: Mapping[str, Column]
    consent_columns: Sequence[ConsentColumn]
    at: str | None

    def moments(self) -> tuple[str, ...]:
        """Return the columns of moments, each once."""
        answered = (one.at for one in self.consent_columns)
        named = [self.at, *(one.at for one in self.attributes.values()), *answered]
        return tuple(dict.fromkeys(one for one in named if one is not None))

    def fields(self) -> tuple[str, ...]:
        """Return the columns that are read, each once."""
        values = (one.name for one in self.attributes.values())
        return tuple(dict.fromkeys((*values, *(one.name for one in self.consent_columns), *self.moments())))


def mistakes(mapped: Mapped, rows: TableRows, policy: Policy | None = None) -> Sequence[str]:
    """Return what cannot be meant, a line each: in the table, or if a policy is given, beside it."""
    found = _columns(mapped, rows) if policy is None else _policy(mapped, rows, policy)
    return tuple(f"table {rows.name}: {said}" for said in found)


def cautions(mapped: Mapped, rows: TableRows) -> Sequence[str]:
    """Return what is hidden by what the mapping leaves out, a line each."""
    return tuple(f"table {rows.name}: {said}" for said in _omitted(mapped, rows))


def _columns(mapped: Mapped, rows: TableRows) -> Iterator[str]:
    """Yield columns that are not there, moments that are none, and answers none of which can be a yes."""
    there, moments = rows.table.c.keys(), mapped.moments()
    for name in dict.fromkeys((mapped.who, *mapped.fields())):
        if name not in there:
            yield f"there is no column {name!r}; {nearest(name, there)}"
        elif name in moments and not _is_moment(rows.type_of(name)):
            hint = "name a moment with its zone, a day, or whole microseconds since 1970"
            yield f"column {name!r} is {_told(rows, name)} and no moment; {hint}"
    for one in mapped.consent_columns:
        kinds = _ANSWERS.get(python_type(rows.type_of(one.name))) if one.name in there else None
        if kinds is not None and not any(isinstance(value, kinds) for value in one.yes):
            hint = "say which values mean yes: ConsentColumn(…, yes={…}), such as " + (
                "yes={'yes'}" if kinds == (str,) else "yes={True}"
            )
            yield f"column {one.name!r} is {_told(rows, one.name)}, and holds none of the values of yes=; {hint}"


def _is_moment(type_: "sa.types.TypeEngine[object]") -> bool:
    is_known = not isinstance(type_, sa.types.NullType)
    return not is_known or isinstance(type_, sa.DateTime | sa.Date | sa.Integer | sa.Numeric)


def _policy(mapped: Mapped, rows: TableRows, policy: Policy) -> Iterator[str]:
    """Yield names that the policy does not have, and columns of other types than its attributes."""
    attributes = {one.name: one.type for one in policy.attributes}
    answers = mapped.consent_columns
    asked = [
        ("attribute", list(mapped.attributes), list(attributes)),
        ("purpose", [one.purpose for one in answers], [one.name for one in policy.purposes if one.asks]),
        ("channel", [one.channel for one in answers if one.channel is not None], [one.name for one in policy.channels]),
    ]
    for what, names, known in asked:
        for name in dict.fromkeys(names):
            if name not in known:
                yield f"the policy has no {what} {name!r}; {nearest(name, known)}"
    for name, column in mapped.attributes.items():
        type_, kind = attributes.get(name), python_type(rows.type_of(column.name))
        if type_ is not None and kind not in (None, object, *_FITTING[type_]):
            hint = "map another column, or let a select() convert it"
            yield f"column {column.name!r} is {_told(rows, column.name)}, and {name} is {type_.value}; {hint}"


def _omitted(mapped: Mapped, rows: TableRows) -> Iterator[str]:
    for name, column in mapped.attributes.items():
        if column.at is None and mapped.at is None:
            said = f"{name} has no moment of observation, so that it is never fresh"
            yield f'{said}; name one: Column(…, at="updated_at")'
    for one in mapped.consent_columns:
        if one.how is How.UNKNOWN:
            ways = ", ".join(way.value for way in How)
            said = f"nobody knows how {one.name} was given, so that a yes counts as not given"
            yield f'{said}; say how, honestly: ConsentColumn(…, how="explicit"); {ways}'
        if one.at is None:
            said = f"a yes in {one.name} has no moment, so that it is older than any no and lifts none"
            yield f'{said}; name one: ConsentColumn(…, at="agreed_at")'
    for name in mapped.moments():
        type_ = rows.type_of(name)
        has_zone = getattr(type_, "timezone", False) and rows.engine.dialect.name not in _NO_ZONES
        if isinstance(type_, sa.DateTime) and not has_zone and rows.zone is None:
            yield f"{name} has no time zone, so that what it dates is as old as can be; say zone=UTC, if it is"
        if isinstance(type_, sa.Integer | sa.Numeric) and not isinstance(type_, sa.BigInteger):
            said = f"{name} is {_told(rows, name)}, and is read as whole microseconds since 1970"
            yield f"{said}; if it counts something else, name another column; otherwise declare it BIGINT, to hold them"


def _told(rows: TableRows, column: str) -> str:
    """Return a column's type as SQL has it."""
    return type(rows.type_of(column)).__name__
