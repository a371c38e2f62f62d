"""Nouns as plain values for msgpack, and back, both by the types of their fields. It signs and verifies nothing.

Writing is canonical: the same policy gives the same bytes, in any process. Reading is strict: what does not fit is
refused, and the error names the place. What is written reads back equal.
"""

import enum
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import attrs
from attrs import NOTHING

from ..errors import BundleError
from ..expr import Call, Const, Expr, Local, Quantifier, Var
from ..pieces import in_pieces
from ..schema import Value
from . import forms
from .forms import Form, Misfit, checked, each, each_named, expected, keyed
from .sharing import sharing

#: Lists and mappings inside one another; a rule uses two for each level, and authors are allowed 32 levels.
DEPTH_MAX: Final = 256
_RULES: Final[Mapping[str, Any]] = {cls.__name__: cls for cls in (Const, Var, Local, Call, Quantifier)}
_VALUES: Final = (Value, Value | None)


def encode(cls: Any, noun: object) -> object:
    """
    Return the noun of a class as plain values: text, numbers, truths, None, and lists and mappings of them.

    Raises:
        BundleError: If something is not of its field's type; the message names the place.
    """
    plain = _refusing(_form(cls).write, noun)
    _check_depth(plain)
    return plain


def decode(cls: Any, plain: object) -> Any:
    """
    Return the noun of a class from plain values.

    Raises:
        BundleError: If something does not fit; the message names the place and what would be right.
    """
    _check_depth(plain)
    with sharing:
        return _refusing(_form(cls).read, plain)


def _refusing(do: Callable[[Any], Any], value: object) -> Any:
    try:
        return do(value)
    except Misfit as misfit:
        raise misfit.refusal() from None
    except RecursionError:  # the caller stood deep already
        raise BundleError("a rule is nested too deeply for the stack that is left", code="bundle-malformed") from None


def _check_depth(plain: object) -> None:
    level: list[object] = [plain]
    for _ in range(DEPTH_MAX):
        level = [
            inner for outer in in_pieces(level) for inner in _inner(outer) if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return
    message = f"more than {DEPTH_MAX} lists and mappings are inside one another; split the rule into segments"
    raise BundleError(message, code="bundle-malformed")


def _inner(plain: object) -> Iterable[object]:
    if isinstance(plain, dict):
        return plain.values()
    return plain if isinstance(plain, list) else ()


@cache
def _form(kind: Any) -> Form:
    """Return the form of a type, as a field's annotation names it."""
    origin = get_origin(kind)
    if kind == Expr:
        return Form(_write_rule, _read_rule)
    if kind in _VALUES:
        return forms.schema_value()
    if kind is object:
        return forms.setting()
    if origin in (Union, types.UnionType):
        return _union(get_args(kind))
    if origin is tuple:
        kinds = get_args(kind)
        return forms.many(_form(kinds[0])) if kinds[1:] == (...,) else forms.fixed([_form(one) for one in kinds])
    if origin is not None and issubclass(origin, Mapping):
        return forms.mapping(_form(get_args(kind)[1]))
    if issubclass(kind, enum.Enum):
        return forms.member(kind)
    return _noun(kind) if attrs.has(kind) else forms.scalar(kind)


def _union(kinds: tuple[Any, ...]) -> Form:
    """Return the form of what is one of several kinds; the sorts of rules count as one kind."""
    others = [kind for kind in kinds if kind not in _RULES.values() and kind is not type(None)]
    optional = type(None) in kinds
    if len(others) + optional < len(kinds):
        others.append(Expr)
    return forms.either([_form(kind) for kind in others], optional=optional)


def _noun(cls: Any) -> Form:
    """Return the form of an attrs class: a mapping with the fields that are not as their default."""
    layout = _layout(cls)

    def write(noun: Any) -> dict[str, Any]:
        if type(noun) is not cls:
            raise expected(f"a {cls.__name__}", noun)
        told = {name: value for name, default in layout.defaults.items() if (value := getattr(noun, name)) != default}
        return each_named(layout.writes, layout.typed(told))

    def read(plain: Any) -> object:
        found = plain if type(plain) is dict else keyed(plain)
        if not found.keys() <= layout.reads.keys():
            strange = min(keyed(plain).keys() - layout.reads.keys())
            raise Misfit(f"a {cls.__name__} has no such field; it has {', '.join(layout.reads)}", strange)
        for name in layout.needed:
            if name not in found:
                raise Misfit(f"a {cls.__name__} needs it", name)
        return cls(**layout.typed(each_named(layout.reads, found)))

    return Form(write, read)


def _write_rule(rule: Any) -> list[Any]:
    """Return a rule as a list: its sort, then its parts in their order."""
    cls: Any = type(rule)
    if cls not in _RULES.values():
        raise expected("a rule", rule)
    layout = _layout(cls)
    values = layout.typed({name: getattr(rule, name) for name in layout.writes})
    return [cls.__name__, *each((name, write, values[name]) for name, write in layout.writes.items())]


def _read_rule(plain: Any) -> Expr:
    return sharing.rule(plain, _read_new_rule)


def _read_new_rule(plain: Any) -> Expr:
    items = checked(plain, list, "a rule")
    cls = _RULES.get(items[0]) if items and isinstance(items[0], str) else None
    if cls is None:
        raise expected(f"a rule that begins with one of {', '.join(_RULES)}", plain)
    layout = _layout(cls)
    if len(items) != len(layout.reads) + 1:
        raise expected(f"the {len(layout.reads)} parts of a {cls.__name__}", plain)
    parts = each((name, read, item) for (name, read), item in zip(layout.reads.items(), items[1:], strict=True))
    rule: Expr = cls(**layout.typed(dict(zip(layout.reads, parts, strict=True))))
    return rule


@attrs.frozen
class _Layout:
    """
    The fields of a class, by name in their order.

    Attributes:
        writes: How each is written.
        reads: How each is read.
        defaults: The default of each, or `NOTHING`.
        needed: Those without a default.
        valued: Those that hold a value of the type that the field `type` names.
    """

    writes: Mapping[str, Callable[[Any], Any]]
    reads: Mapping[str, Callable[[Any], Any]]
    defaults: Mapping[str, object]
    needed: Sequence[str]
    valued: Sequence[str]

    def typed(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the fields' values, those that the field `type` speaks of as the engine holds them."""
        if not self.valued:
            return values
        valued = {name: values[name] for name in self.valued if name in values}
        return values | each_named(dict.fromkeys(valued, forms.of_type(values["type"])), valued) if valued else values


@cache
def _layout(cls: Any) -> _Layout:
    """Return the fields of a noun, or of a sort of rules."""
    fields, hints = attrs.fields(cls), get_type_hints(cls)
    found = {field.name: _form(hints[field.name]) for field in fields}
    return _Layout(
        {name: form.write for name, form in found.items()},
        {name: form.read for name, form in found.items()},
        {field.name: field.default for field in fields},
        [field.name for field in fields if field.default is NOTHING],
        [field.name for field in fields if hints[field.name] in _VALUES],
    )
