"""Whether a rule is well typed, and reads only what there is where it stands. It compiles and evaluates nothing.

The generated code relies on it: a well-typed rule cannot raise. The compiler of policies makes no other ones; this is
for rules that come from a bundle.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Final

from ..expr import Call, Const, Expr, Local, Quantifier, Var
from ..schema import ValueType
from .operators import DURATION_PARTS, TIME_PARTS

_BOOL, _INT, _NUMBER, _TEXT = ValueType.BOOL, ValueType.INT, ValueType.NUMBER, ValueType.TEXT
_TIME, _DURATION = ValueType.TIME, ValueType.DURATION
_LISTS: Final = {_TEXT: ValueType.TEXTS, _INT: ValueType.INTS, _NUMBER: ValueType.NUMBERS}
_ITEMS: Final = {list_: item for item, list_ in _LISTS.items()}
_SCALARS: Final = (_BOOL, _INT, _NUMBER, _TEXT, _TIME, _DURATION)
_ANY: Final = (*_SCALARS, *_ITEMS)
_HELD: Final = (str, int, float, tuple, Mapping)
#: The types of a rule's variables by their dotted names.
Variables = Mapping[str, ValueType]
Signature = tuple[ValueType, ...]


def _signatures() -> Iterator[tuple[str, Signature, ValueType]]:
    """Yield each operator and function with the types of its arguments and of its result."""
    for fn, type_ in product(("==", "!="), _ANY):
        yield fn, (type_, type_), _BOOL
    for fn, type_ in product(("<", "<=", ">", ">="), _SCALARS):
        yield fn, (type_, type_), _BOOL
    for item, list_ in _LISTS.items():
        yield "in", (item, list_), _BOOL
    for fn in ("&&", "||"):
        yield fn, (_BOOL, _BOOL), _BOOL
    yield "!", (_BOOL,), _BOOL
    for type_ in _ANY:
        yield "?:", (_BOOL, type_, type_), type_
    yield from _arithmetic()
    for type_ in (_TEXT, *_ITEMS):
        yield "size", (type_,), _INT
        yield "+", (type_, type_), type_
    for fn in ("contains", "startsWith", "endsWith"):
        yield fn, (_TEXT, _TEXT), _BOOL
    yield from (("int", (type_,), _INT) for type_ in (_NUMBER, _TEXT, _TIME))
    yield from (("number", (type_,), _NUMBER) for type_ in (_INT, _TEXT))
    yield from (("text", (type_,), _TEXT) for type_ in (_INT, _BOOL))
    for part in TIME_PARTS:
        yield part, (_TIME,), _INT
        yield part, (_TIME, _TEXT), _INT
    yield from ((part, (_DURATION,), _INT) for part in DURATION_PARTS)


def _arithmetic() -> Iterator[tuple[str, Signature, ValueType]]:
    for type_ in (_INT, _NUMBER):
        yield from ((fn, (type_, type_), type_) for fn in ("+", "-", "*", "/"))
        yield "neg", (type_,), type_
    yield "%", (_INT, _INT), _INT
    for fn in ("+", "-"):
        yield fn, (_DURATION, _DURATION), _DURATION
        yield fn, (_TIME, _DURATION), _TIME
    yield "+", (_DURATION, _TIME), _TIME
    yield "-", (_TIME, _TIME), _DURATION


SIGNATURES: Final = {(fn, arguments): result for fn, arguments, result in _signatures()}


def faults(rule: Expr, variables: Variables, fits: Callable[[ValueType], bool]) -> Iterator[str]:
    """
    Yield what is wrong with a rule, in words.

    Args:
        rule: The rule.
        variables: What may be read where it stands.
        fits: Tells whether a type will do for the whole.
    """
    if not fits(rule.type):
        yield f"a rule of type {rule.type.value} does not belong there"
    todo: list[tuple[Expr, Variables]] = [(rule, {})]
    while todo:
        node, local = todo.pop()
        match node:
            case Const(value=value):  # the bundle's reader has held a value to its type
                yield from _unless(isinstance(value, _HELD), "a literal without a value makes no sense")
            case Var(name, type_):
                yield from _unless(variables.get(name) is type_, f"no variable {name} of type {type_.value} is there")
            case Local(name, type_):
                yield from _unless(local.get(name) is type_, f"nothing binds {name} as {type_.value}")
            case Quantifier(kind, name, over, body):
                yield from _unless(_quantifies(node), f"{kind} of {over.type.value} makes no sense")
                todo += [(over, local), (body, {**local, name: _ITEMS.get(over.type, _TEXT)})]
            case Call(fn, arguments):
                yield from _unless(
                    _applies(node), f"{fn} of {', '.join(a.type.value for a in arguments)} makes no sense"
                )
                todo += [(argument, local) for argument in arguments]


def _quantifies(rule: Quantifier) -> bool:
    known = rule.kind in ("exists", "all", "exists_one")
    return known and rule.over.type in _ITEMS and rule.body.type is _BOOL and rule.type is _BOOL


def _applies(rule: Call) -> bool:
    types = tuple(argument.type for argument in rule.args)
    if rule.fn in ("has", "missing"):
        asked = rule.args[0] if len(rule.args) == 1 else None
        return isinstance(asked, Var) and asked.name != "now" and rule.type is _BOOL
    if rule.fn == "list":
        return bool(types) and set(types) == {_ITEMS.get(rule.type)}
    return SIGNATURES.get((rule.fn, types)) is rule.type


def _unless(fine: bool, fault: str) -> Iterator[str]:  # noqa: FBT001 - what is asked
    if not fine:
        yield fault
