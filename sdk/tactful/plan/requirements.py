"""What each treatment needs to be shown: conjuncts of rules, and values for its text. Each is there once.

Rules are split at their top-level `&&`; the same conjunct under the same purpose is one requirement of all the
treatments that need it.
"""

from collections.abc import Iterator
from typing import Literal

import attrs

from ..catalog import Catalog, Entry
from ..expr import Call, Const, Expr, Var, conjuncts, negate, reads, replace, text
from ..labels import circular
from ..pieces import in_pieces
from ..policy import Policy
from ..schema import ValueType

#: `when` must be surely true, `unless` surely false, `content` known.
Kind = Literal["when", "unless", "content"]


@attrs.frozen(eq=False)
class Requirement:
    """
    Something that treatments need.

    Attributes:
        id: `when:…`, `unless:…` or `content:…` with the rule's text.
        kind: What must hold of the expression.
        purpose: Index of the purpose under whose view it is read.
        expr: The expression, with segments replaced by their rules.
        bits: The treatments that need it.
    """

    id: str
    kind: Kind
    purpose: int
    expr: Expr
    bits: int


def requirements_of(catalog: Catalog, purposes: tuple[str, ...]) -> tuple[Requirement, ...]:
    """Return the requirements of a catalog's treatments, in the order in which they are first needed."""
    inline = Inliner(catalog.policy)
    bits: dict[tuple[Kind, int, Expr], int] = {}
    for entry in in_pieces(catalog.entries):
        purpose = purposes.index(entry.offer.purpose)
        for kind, expr in _needs(entry):
            key = (kind, purpose, expr)
            bits[key] = bits.get(key, 0) | 1 << entry.index
    return tuple(
        Requirement(f"{kind}:{text(expr)}", kind, purpose, inline(expr), needed)
        for (kind, purpose, expr), needed in in_pieces(bits.items())
    )


def _needs(entry: Entry) -> Iterator[tuple[Kind, Expr]]:
    for conjunct in conjuncts(entry.offer.when):
        yield "when", conjunct
    for clause in entry.offer.unless:
        yield "unless", clause
    for _, fields in entry.treatment.content:
        for field in fields:
            for part in field.parts:
                if not isinstance(part, str | Const):
                    yield "content", part


class Inliner:
    """Replaces segments by their rules, all the way down."""

    def __init__(self, policy: Policy) -> None:
        rules = {f"segment.{segment.name}": segment.when for segment in policy.segments}
        # A circle is refused when a policy is checked; here it must only end: what is in it is unknown.
        round_ = circular({name: reads(rule) for name, rule in rules.items()})
        self._rules = {name: rule for name, rule in rules.items() if name not in round_}
        self._inlined: dict[str, Expr] = {}

    def __call__(self, expr: Expr) -> Expr:
        """Return the expression without segments; one that does not exist, or is made of itself, is unknown."""
        if not any(name.startswith("segment.") for name in reads(expr)):
            return expr
        return replace(expr, self._change)

    def _change(self, node: Expr) -> Expr | None:
        match node:
            case Var(name) if name in self._rules:
                return self._inline(name)
            case Call("missing", (Var(name),)) if name in self._rules:  # a rule is never missing, only unknown
                return negate(Call("has", (self._inline(name),), ValueType.BOOL))
        return None

    def _inline(self, name: str) -> Expr:
        if name not in self._inlined:
            self._inlined[name] = self(self._rules[name])
        return self._inlined[name]


@attrs.frozen
class ContextTest:
    """That one context attribute equals one of some values."""

    attribute: str
    values: tuple[str | int | bool, ...]


def names_channel(expr: Expr) -> bool:
    """Return whether an expression reads the channel that is decided for."""
    return any(name.startswith("channel.") for name in reads(expr))


def context_test(expr: Expr) -> ContextTest | None:
    """Return an expression as an equality or membership test on the context, if it is one."""
    values: tuple[object, ...]
    match expr:
        case Call("==", (Var(name), Const(type_, value)) | (Const(type_, value), Var(name))):
            values = (value,)
        case Call("in", (Var(name, type=type_), Const(_, tuple(items)))):
            values = items
        case Call("in", (Var(name, type=type_), Call("list", parts))) if all(isinstance(i, Const) for i in parts):
            values = tuple(item.value for item in parts if isinstance(item, Const))
        case Var(name, type=type_):
            values = (True,)
        case _:
            return None
    simple = type_ in (ValueType.TEXT, ValueType.INT, ValueType.BOOL)
    if not (simple and name.startswith("context.")):
        return None
    return ContextTest(name.removeprefix("context."), tuple(v for v in values if isinstance(v, str | int)))
