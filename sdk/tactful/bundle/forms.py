"""How values are written as plain values for msgpack, and read back: one form for each sort of type.

It knows scalars, lists, mappings and values of the profile; what a noun or a rule looks like is `codec`'s.
"""

import enum
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from ..errors import BundleError, ValueRefused
from ..pieces import in_pieces
from ..schema import INT64_MAX, Value, ValueType, check_value
from .sharing import sharing

_SHOWN_CHARS: Final = 80


class Misfit(Exception):
    """Something does not fit; the path to it grows from the inside out. It never holds the value."""

    def __init__(self, message: str, *path: str) -> None:
        super().__init__(message)
        self.path = list(path)

    def refusal(self) -> BundleError:
        """Return it as the error that callers know."""
        place = "/".join(part[:_SHOWN_CHARS] for part in reversed(self.path))
        return BundleError(f"/{place}: {self}", code="bundle-malformed")


def expected(what: str, found: object) -> Misfit:
    """Return the misfit of a value that is not what it should be; it tells its class alone."""
    return Misfit(f"expected {what}, found {type(found).__name__}")


@attrs.frozen
class Form:
    """How values of one type are written and read; both raise `Misfit` for what is not of the type."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def each(steps: Iterable[tuple[object, Callable[[Any], Any], Any]]) -> list[Any]:
    """Return what each step gives for its value; a misfit learns at which place it was."""
    done = []
    for place, step, value in steps:
        try:
            done.append(step(value))
        except Misfit as misfit:
            misfit.path.append(str(place))
            raise
    return done


def each_named(steps: Mapping[str, Callable[[Any], Any]], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what each step gives for the value of its name."""
    done = {}
    for name, value in values.items():
        try:
            done[name] = steps[name](value)
        except Misfit as misfit:
            misfit.path.append(name)
            raise
    return done


def checked(value: Any, kind: type, what: str) -> Any:
    """Return a value that is exactly of a class."""
    if type(value) is not kind:
        raise expected(what, value)
    return value


def keyed(value: Any) -> Mapping[str, Any]:
    """Return a mapping whose keys are text."""
    if not (type(value) is dict or isinstance(value, Mapping)) or not all(type(key) is str for key in value):
        raise expected("a mapping with text for keys", value)
    return value


_NAMES: Final = {str: "text", int: "a whole number of 64 bits", float: "a number", bool: "true or false"}


def scalar(kind: Any) -> Form:
    """Return the form of text, whole numbers, numbers or truths."""

    def exact(value: Any) -> object:
        if type(value) is not kind or (kind is int and abs(value) > INT64_MAX):
            raise expected(_NAMES[kind], value)
        return value

    def number(value: Any) -> float:
        if type(value) is int and abs(value) <= INT64_MAX:
            return float(value)
        if type(value) is not float or math.isnan(value):
            raise expected(_NAMES[float], value)
        return value + 0.0  # a zero has no sign: equal values, the same bytes

    def text(value: Any) -> str:
        if type(value) is not str:
            raise expected(_NAMES[str], value)
        return sharing.text(value)

    return Form(number, number) if kind is float else Form(exact, text if kind is str else exact)


def member(kind: type[enum.Enum]) -> Form:
    """Return the form of the members of an enumeration: their values."""
    members = {one.value: one for one in kind}

    def write(value: Any) -> object:
        if not isinstance(value, kind):
            raise expected(f"a {kind.__name__}", value)
        return value.value

    def read(plain: Any) -> enum.Enum:
        if type(plain) not in (str, int) or plain not in members:
            raise expected(f"one of {', '.join(map(str, members))}", plain)
        return members[plain]

    return Form(write, read)


def either(forms: Sequence[Form], *, optional: bool) -> Form:
    """Return the form of what has one of several forms, the first that fits; `optional` adds None."""

    def first(steps: list[Callable[[Any], Any]]) -> Callable[[Any], Any]:
        def do(value: Any) -> Any:
            if value is None and optional:
                return None
            for step in steps[:-1]:
                try:
                    return step(value)
                except Misfit:
                    continue
            return steps[-1](value)

        return do

    return Form(first([form.write for form in forms]), first([form.read for form in forms]))


def many(items: Form) -> Form:
    """Return the form of tuples of any length."""

    def write(value: Any) -> list[Any]:
        return each((n, items.write, item) for n, item in enumerate(checked(value, tuple, "a tuple")))

    def read(plain: Any) -> tuple[Any, ...]:
        done: list[Any] = []
        try:
            for item in in_pieces(checked(plain, list, "a list")):
                done.append(items.read(item))  # noqa: PERF401 - how far it came tells the place
        except Misfit as misfit:
            if type(plain) is list:
                misfit.path.append(str(len(done)))
            raise
        return tuple(done)

    return Form(write, read)


def fixed(forms: Sequence[Form]) -> Form:
    """Return the form of tuples with one item for each of the forms."""

    def counted(value: Any, kind: type) -> Any:
        if len(checked(value, kind, f"a {kind.__name__}")) != len(forms):
            raise expected(f"{len(forms)} items", value)
        return value

    def write(value: Any) -> list[Any]:
        pairs = zip(forms, counted(value, tuple), strict=True)
        return each((n, form.write, item) for n, (form, item) in enumerate(pairs))

    def read(plain: Any) -> tuple[Any, ...]:
        pairs = zip(forms, counted(plain, list), strict=True)
        return tuple(each((n, form.read, item) for n, (form, item) in enumerate(pairs)))

    return Form(write, read)


def mapping(values: Form) -> Form:
    """Return the form of mappings from text; written in the order of their keys."""

    def write(found: Any) -> dict[str, Any]:
        return each_named(dict.fromkeys(keyed(found), values.write), dict(sorted(found.items())))

    def read(plain: Any) -> dict[str, Any]:
        return each_named(dict.fromkeys(keyed(plain), values.read), plain)

    return Form(write, read)


def setting() -> Form:
    """Return the form of a plugin's setting: whatever reads back as it was."""

    def same(value: Any) -> Any:
        if isinstance(value, dict):
            return inner.write(value)
        if isinstance(value, list):
            return each((n, same, item) for n, item in enumerate(value))
        if value is not None and type(value) not in (bool, int, float, str):
            raise expected("text, a number, true, false, a list or a mapping", value)
        return scalar(type(value)).write(value) if type(value) in (int, float) else value

    inner = mapping(Form(same, same))
    return Form(same, same)


def schema_value() -> Form:
    """Return the form of a profile's values; whether one is of its declared type is `of_type`'s to say."""

    def write(value: Any) -> Any:
        if isinstance(value, tuple):
            return [write(item) for item in value]
        if isinstance(value, Mapping):
            return {key: write(value[key]) for key in sorted(value)}
        return value + 0.0 if isinstance(value, float) else value

    return Form(write, lambda plain: tuple(plain) if isinstance(plain, list) else plain)


def of_type(type_: ValueType) -> Callable[[Any], Value | None]:
    """Return what gives a value exactly as the engine holds values of a type, and refuses any other."""
    if not isinstance(type_, ValueType):
        raise expected("a type of values", type_)

    def check(value: Any) -> Value | None:
        if value is None:
            return None
        try:
            held = check_value(type_, value)
        except ValueRefused:
            held = None
        if held is None or held != value:  # such as a time in words
            raise expected(f"a value of type {type_.value} as the engine holds it", value)
        return held

    return check
