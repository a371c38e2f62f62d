"""Rules by plain recursion over the tree, with unknown as a third value. It shares nothing with the compiled forms."""

from collections.abc import Mapping
from typing import Any, Protocol

from ..expr import Call, Const, Expr, Local, Quantifier, Var
from .cel_values import UNKNOWN, apply

__all__ = ["UNKNOWN", "Lookup", "evaluate"]

Locals = Mapping[str, Any]


class Lookup(Protocol):
    """What is known of the variables."""

    def value(self, name: str) -> Any:
        """Return the variable's value or UNKNOWN."""
        ...

    def missing(self, name: str) -> Any:
        """Return True if it may be seen and has no value, False if it has one, else UNKNOWN."""
        ...


def evaluate(expr: Expr, lookup: Lookup, local: Locals | None = None) -> Any:
    """
    Return what a rule comes to: a value or UNKNOWN.

    Args:
        expr: The rule.
        lookup: What is known of the variables.
        local: The variables of the quantifiers around it.
    """
    inside = local or {}
    match expr:
        case Const(_, value):
            return value
        case Var(name):
            return lookup.value(name)
        case Local(name):
            return inside[name]
        case Quantifier():
            return _quantified(expr, lookup, inside)
        case Call("has", (Var(name),)):
            return UNKNOWN if lookup.value(name) is UNKNOWN else True
        case Call("missing", (Var(name),)):
            return lookup.missing(name)
        case Call("&&" | "||" as fn, (left, right)):
            fold = both if fn == "&&" else either
            return fold(evaluate(left, lookup, inside), evaluate(right, lookup, inside))
        case Call("?:", (test, yes, no)):
            known = evaluate(test, lookup, inside)
            return UNKNOWN if known is UNKNOWN else evaluate(yes if known else no, lookup, inside)
        case Call(_, args):
            values = [evaluate(arg, lookup, inside) for arg in args]
            return UNKNOWN if any(value is UNKNOWN for value in values) else apply(expr, values)


def both(left: Any, right: Any) -> Any:
    """Return `left && right`: one that is surely false decides."""
    if left is False or right is False:
        return False
    return UNKNOWN if left is UNKNOWN or right is UNKNOWN else True


def either(left: Any, right: Any) -> Any:
    """Return `left || right`: one that is surely true decides."""
    if left is True or right is True:
        return True
    return UNKNOWN if left is UNKNOWN or right is UNKNOWN else False


def _quantified(expr: Quantifier, lookup: Lookup, local: Locals) -> Any:
    items = evaluate(expr.over, lookup, local)
    if items is UNKNOWN:
        return UNKNOWN
    answers = [evaluate(expr.body, lookup, {**local, expr.local: item}) for item in items]
    if expr.kind == "exists_one":
        return UNKNOWN if UNKNOWN in answers else answers.count(True) == 1
    fold, whole = (either, False) if expr.kind == "exists" else (both, True)
    for answer in answers:
        whole = fold(whole, answer)
    return whole
