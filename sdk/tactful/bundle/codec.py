"""Nouns as plain values for msgpack, and back, by the types of their fields. It signs and verifies nothing.

Writing is canonical: the same policy gives the same bytes. Reading is strict: what does not fit is refused, and
the error names the place.
"""

import enum
import types
from collections.abc import Callable, Hashable, Mapping
from functools import cache
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import attrs

from ..errors import BundleError
from ..expr import Call, Const, Expr, Local, Quantifier, Var
from ..schema import Value, ValueType

#: Plain values: what msgpack knows.
Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
_Reader = Callable[[object, str], Any]

_DEPTH_MAX = 64
_EXPRS: Mapping[str, type] = {cls.__name__: cls for cls in (Const, Var, Local, Call, Quantifier)}


def encode(value: object) -> Plain:
    """Return a noun (or a part of one) as plain values."""
    match value:
        case enum.Enum():
            return encode(value.value)
        case Const() | Var() | Local() | Call() | Quantifier():
            return [type(value).__name__, *(encode(getattr(value, f.name)) for f in attrs.fields(type(value)))]
        case tuple() | list():
            return [encode(item) for item in value]
        case frozenset() | set():
            return sorted((encode(item) for item in value), key=repr)
        case Mapping():
            return {str(key): encode(value[key]) for key in sorted(value)}
        case None | bool() | int() | float() | str():
            return value
    fields = attrs.fields(cast("type[attrs.AttrsInstance]", type(value)))
    return {f.name: encode(getattr(value, f.name)) for f in fields if getattr(value, f.name) != f.default}


def decode(cls: type[Any], plain: object) -> Any:
    """
    Return the noun of a class from plain values.

    Raises:
        BundleError: If something does not fit; the message names the place and what would be right.
    """
    return _reader(cast("Hashable", cls))(plain, "")


def _refuse(where: str, expected: str, found: object) -> BundleError:
    message = f"{where or '/'}: expected {expected}, found {type(found).__name__}"
    return BundleError(message, code="bundle-malformed")


@cache
def _reader(kind: Any) -> _Reader:
    if kind == Expr or kind in _EXPRS.values():
        return _read_expr
    if kind == Value:
        return _read_value
    if kind is object:
        return lambda plain, _where: plain
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _union(get_args(kind))
    if origin is tuple:
        return _tuple(get_args(kind))
    if origin is frozenset:
        items = _reader(get_args(kind)[0])
        return lambda plain, where: frozenset(items(item, where) for item in _list(plain, where))
    if origin is not None and issubclass(origin, Mapping):
        values = _reader(get_args(kind)[1])
        return lambda plain, where: {key: values(item, f"{where}/{key}") for key, item in _map(plain, where).items()}
    if issubclass(kind, enum.Enum):
        return _enum(kind)
    return _noun(kind) if attrs.has(kind) else _scalar(kind)


def _scalar(kind: type) -> _Reader:
    def read(plain: object, where: str) -> object:
        if kind is float and type(plain) is int:
            return float(plain)
        if type(plain) is not kind:
            raise _refuse(where, kind.__name__, plain)
        return plain

    return read


def _enum(kind: type[enum.Enum]) -> _Reader:
    members = {member.value: member for member in kind}

    def read(plain: object, where: str) -> enum.Enum:
        if type(plain) not in (str, int) or plain not in members:
            raise _refuse(where, f"one of {', '.join(map(str, members))}", plain)
        return members[plain]

    return read


def _union(kinds: tuple[Any, ...]) -> _Reader:
    nothing = type(None) in kinds
    readers = [_reader(kind) for kind in kinds if kind is not type(None)]

    def read(plain: object, where: str) -> object:
        if plain is None and nothing:
            return None
        for reader in readers[:-1]:
            try:
                return reader(plain, where)
            except BundleError:
                continue
        return readers[-1](plain, where)

    return read


def _tuple(kinds: tuple[Any, ...]) -> _Reader:
    if len(kinds) == 2 and kinds[1] is Ellipsis:  # noqa: PLR2004 - tuple[X, ...]
        items = _reader(kinds[0])
        return lambda plain, where: tuple(items(v, f"{where}/{n}") for n, v in enumerate(_list(plain, where)))
    readers = [_reader(kind) for kind in kinds]

    def read(plain: object, where: str) -> tuple[object, ...]:
        values = _list(plain, where)
        if len(values) != len(readers):
            raise _refuse(where, f"{len(readers)} items", plain)
        return tuple(reader(v, f"{where}/{n}") for n, (reader, v) in enumerate(zip(readers, values, strict=True)))

    return read


def _noun(cls: type[Any]) -> _Reader:
    def read(plain: object, where: str) -> object:
        readers = dict(_parts(cast("Hashable", cls)))  # not before: a noun may hold its own kind
        found = _map(plain, where)
        if unknown := found.keys() - readers.keys():
            raise BundleError(f"{where}/{min(unknown)}: {cls.__name__} has no such field", code="bundle-malformed")
        values = {name: readers[name](item, f"{where}/{name}") for name, item in found.items()}
        try:
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise BundleError(f"{where or '/'}: {error}", code="bundle-malformed") from error

    return read


def _read_expr(plain: object, where: str) -> Expr:
    values = _list(plain, where)
    if where.count("/") > _DEPTH_MAX:
        raise BundleError(f"{where[:80]}…: a rule is nested too deeply", code="bundle-malformed")
    cls = _EXPRS.get(values[0]) if values and isinstance(values[0], str) else None
    if cls is None:
        raise _refuse(where, f"one of {', '.join(_EXPRS)}", plain)
    readers = _parts(cls)
    if len(values) != len(readers) + 1:
        raise _refuse(where, f"{len(readers)} parts of a {cls.__name__}", plain)
    made: Expr = cls(*(reader(v, f"{where}/{name}") for (name, reader), v in zip(readers, values[1:], strict=True)))
    if isinstance(made, Const) and made.type is ValueType.NUMBER and isinstance(made.value, int):
        raise _refuse(where, "a number", plain)
    return made


@cache
def _parts(cls: type[Any]) -> tuple[tuple[str, _Reader], ...]:
    hints = get_type_hints(cls)
    return tuple((f.name, _reader(hints[f.name])) for f in attrs.fields(cls))


def _read_value(plain: object, where: str) -> Value:
    if isinstance(plain, bool | int | float | str):
        return plain
    if isinstance(plain, list) and all(isinstance(item, bool | int | float | str) for item in plain):
        return tuple(plain)
    if isinstance(plain, dict) and all(isinstance(item, float) for item in plain.values()):
        return plain
    raise _refuse(where, "a value", plain)


def _list(plain: object, where: str) -> list[Any]:
    if not isinstance(plain, list):
        raise _refuse(where, "a list", plain)
    return plain


def _map(plain: object, where: str) -> dict[str, Any]:
    if not isinstance(plain, dict) or not all(isinstance(key, str) for key in plain):
        raise _refuse(where, "a mapping", plain)
    return plain
