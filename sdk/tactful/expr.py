"""The rule language as a tree: what the bundle carries and the engines compile. It neither parses nor evaluates."""

import json
from collections.abc import Callable, Iterator

import attrs

from .clock import to_datetime
from .schema import Value, ValueType


@attrs.frozen(cache_hash=True)
class Const:
    """A literal. An empty list has the type of the list that it is compared with."""

    type: ValueType
    value: Value


@attrs.frozen(cache_hash=True)
class Var:
    """
    A variable, by its dotted name.

    `profile.x`, `protective.x` (the protective view, in guardrails and `unless:`), `direct.x`, `direct.x.at` (of the
    same, what was stated or observed for sure, and when; in guardrails), `segment.x`, `context.x`, `row.x` (gone after
    `each:`), `now`, `channel.name`, `channel.privacy`, `identity.kind`, `snapshot.at`, `consents.at`,
    `consent.<purpose>.given`, `.refused`, `.how`, `.at`.
    """

    name: str
    type: ValueType


@attrs.frozen(cache_hash=True)
class Local:
    """The variable of an enclosing `Quantifier`."""

    name: str
    type: ValueType


@attrs.frozen(cache_hash=True)
class Call:
    """
    An operator or function over arguments.

    `fn` is one of `&& || ! == != < <= > >= in ?: + - * / % neg size contains startsWith endsWith has missing
    int number text list` and the time functions of docs/rules.md; the types of `args` choose the overload.
    `has` and `missing` take one `Var`. `list` makes a list of its arguments.
    """

    fn: str
    args: "tuple[Expr, ...]"
    type: ValueType


@attrs.frozen(cache_hash=True)
class Quantifier:
    """`over.exists(local, body)`, `all` or `exists_one`."""

    kind: str
    local: str
    over: "Expr"
    body: "Expr"
    type: ValueType = ValueType.BOOL


Expr = Const | Var | Local | Call | Quantifier

TRUE = Const(ValueType.BOOL, True)  # noqa: FBT003 - the literal itself
FALSE = Const(ValueType.BOOL, False)  # noqa: FBT003 - the literal itself


def walk(expr: Expr) -> Iterator[Expr]:
    """Yield the tree's nodes, each before its parts."""
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Call):
            stack.extend(reversed(node.args))
        elif isinstance(node, Quantifier):
            stack.extend((node.body, node.over))


def reads(expr: Expr) -> frozenset[str]:
    """Return the names of the variables that the tree reads."""
    return frozenset(node.name for node in walk(expr) if isinstance(node, Var))


def conjuncts(expr: Expr) -> tuple[Expr, ...]:
    """Return the parts between the top-level `&&`, in order; `true` has none."""
    if isinstance(expr, Call) and expr.fn == "&&":
        return tuple(part for arg in expr.args for part in conjuncts(arg))
    return () if expr == TRUE else (expr,)


def disjuncts(expr: Expr) -> tuple[Expr, ...]:
    """Return the parts between the top-level `||`, in order."""
    if isinstance(expr, Call) and expr.fn == "||":
        return tuple(part for arg in expr.args for part in disjuncts(arg))
    return (expr,)


def disjunction(parts: tuple[Expr, ...]) -> Expr:
    """Return the parts joined by `||`; there is at least one."""
    whole = parts[0]
    for part in parts[1:]:
        whole = Call("||", (whole, part), ValueType.BOOL)
    return whole


def conjunction(parts: tuple[Expr, ...]) -> Expr:
    """Return the parts joined by `&&`; of none, `true`."""
    if not parts:
        return TRUE
    whole = parts[0]
    for part in parts[1:]:
        whole = Call("&&", (whole, part), ValueType.BOOL)
    return whole


def replace(expr: Expr, change: Callable[[Expr], Expr | None]) -> Expr:
    """Return the tree with each node for which `change` gives another one replaced by that one, outermost first."""
    if (other := change(expr)) is not None:
        return other
    if isinstance(expr, Call):
        return Call(expr.fn, tuple(replace(arg, change) for arg in expr.args), expr.type)
    if isinstance(expr, Quantifier):
        return attrs.evolve(expr, over=replace(expr.over, change), body=replace(expr.body, change))
    return expr


def negate(expr: Expr) -> Expr:
    """Return `!expr`, without a double negation."""
    if isinstance(expr, Call) and expr.fn == "!":
        return expr.args[0]
    return Call("!", (expr,), ValueType.BOOL)


def text(expr: Expr) -> str:
    """
    Return the tree as a person would write it.

    >>> text(Call(">=", (Var("profile.visits", ValueType.INT), Const(ValueType.INT, 6)), ValueType.BOOL))
    'profile.visits >= 6'
    """
    match expr:
        case Const(type_, value):
            return _literal(type_, value)
        case Var(name) | Local(name):
            return name
        case Quantifier(kind, local, over, body):
            return f"{_operand(over, _TIGHTEST)}.{kind}({local}, {text(body)})"
        case Call("!" | "neg" as fn, (arg,)):
            return f"{'!' if fn == '!' else '-'}{_operand(arg, _TIGHTEST)}"
        case Call("?:" as fn, (test, yes, no)):
            bind = _BINDING[fn] + 1
            return f"{_operand(test, bind)} ? {_operand(yes, bind)} : {_operand(no, bind)}"
        case Call("list", args):
            return f"[{', '.join(map(text, args))}]"
        case Call(fn, (left, right)) if fn in _BINDING:
            bind = _BINDING[fn]
            first, second = (bind + (bind == _BINDING["=="]), bind + (fn not in {"&&", "||"}))
            return f"{_operand(left, first)} {fn} {_operand(right, second)}"
        case Call(fn, args) if fn in _FUNCTIONS:
            return f"{_FUNCTIONS[fn]}({', '.join(map(text, args))})"
        case Call(fn, (target, *rest)):
            return f"{_operand(target, _TIGHTEST)}.{fn}({', '.join(map(text, rest))})"
        case _:
            raise TypeError(f"not an expression: {type(expr).__name__}")


#: How strongly an operator binds its operands.
_BINDING = {"?:": 1, "||": 2, "&&": 3, **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 4)}
_BINDING |= {"+": 5, "-": 5, "*": 6, "/": 6, "%": 6}
_TIGHTEST = 7
_FUNCTIONS = {"size": "size", "has": "has", "missing": "missing", "int": "int", "number": "double", "text": "string"}


def _operand(expr: Expr, bind: int) -> str:
    loose = isinstance(expr, Call) and _BINDING.get(expr.fn, _TIGHTEST) < bind
    negative = bind == _TIGHTEST and text(expr).startswith("-")
    return f"({text(expr)})" if loose or negative else text(expr)


def _literal(type_: ValueType, value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case tuple():
            return f"[{', '.join(_literal(_ITEM[type_], item) for item in value)}]"
    if type_ is ValueType.TIME and isinstance(value, int):
        return f'timestamp("{to_datetime(value).isoformat().replace("+00:00", "Z")}")'
    if type_ is ValueType.DURATION and isinstance(value, int):
        return f'duration("{_duration(value)}")'
    return repr(value)


def _duration(length_us: int) -> str:
    for unit, unit_us in (("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000)):
        if length_us % unit_us == 0:
            return f"{length_us // unit_us}{unit}"
    return f"{length_us}us"


_ITEM = {ValueType.TEXTS: ValueType.TEXT, ValueType.INTS: ValueType.INT, ValueType.NUMBERS: ValueType.NUMBER}
