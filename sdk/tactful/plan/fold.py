"""Folds what is constant on one channel out of a condition. It keeps the condition's three-valued meaning."""

from ..expr import FALSE, TRUE, Call, Const, Expr, Quantifier, Var, negate
from ..offers import Channel
from ..schema import ValueType


def on_channel(expr: Expr, channel: Channel) -> Expr:
    """Return a condition with `channel.name` and `channel.privacy` replaced by a channel's, and folded."""
    constants: dict[str, Const] = {
        "channel.name": Const(ValueType.TEXT, channel.name),
        "channel.privacy": Const(ValueType.TEXT, privacy_name(channel)),
    }
    return _fold(expr, constants)


def privacy_name(channel: Channel) -> str:
    """Return the privacy of a channel as rules name it."""
    return channel.privacy.name.lower().replace("_", "-")


def _fold(expr: Expr, constants: dict[str, Const]) -> Expr:
    if isinstance(expr, Var):
        return constants.get(expr.name, expr)
    if isinstance(expr, Quantifier):
        return Quantifier(expr.kind, expr.local, _fold(expr.over, constants), _fold(expr.body, constants), expr.type)
    if not isinstance(expr, Call):
        return expr
    args = tuple(_fold(arg, constants) for arg in expr.args)
    return _simplify(Call(expr.fn, args, expr.type))


def _simplify(call: Call) -> Expr:
    match call:
        case Call("==" | "!=" as fn, (Const(_, left), Const(_, right))):
            return TRUE if (left == right) is (fn == "==") else FALSE
        case Call("in", (Const(_, item), Const(_, tuple(items)))):
            return TRUE if item in items else FALSE
        case Call("in", (Const(_, item), Call("list", items))) if all(isinstance(i, Const) for i in items):
            return TRUE if any(isinstance(i, Const) and i.value == item for i in items) else FALSE
        case Call("has" | "missing" as fn, (Const(),)):
            return TRUE if fn == "has" else FALSE
        case Call("!", (inner,)) if inner in (TRUE, FALSE):
            return FALSE if inner == TRUE else TRUE
        case Call("!", (inner,)):
            return negate(inner)
        case Call("&&", (left, right)):
            return _join(call, left, right, ends=FALSE, drops=TRUE)
        case Call("||", (left, right)):
            return _join(call, left, right, ends=TRUE, drops=FALSE)
        case Call("?:", (test, yes, no)) if test in (TRUE, FALSE):
            return yes if test == TRUE else no
    return call


def _join(call: Call, left: Expr, right: Expr, *, ends: Expr, drops: Expr) -> Expr:
    if ends in (left, right):
        return ends
    if left == drops:
        return right
    return left if right == drops else call
