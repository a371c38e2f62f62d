"""When a rule that reads `now` can change its truth. It compares no times itself: it gives expressions of moments."""

from collections.abc import Iterable
from typing import Final

import attrs

from ..expr import Call, Const, Expr, Var, reads
from ..schema import ValueType
from .operators import DURATION_MAX_US, TIME_MAX_US, TIME_MIN_US

_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
_MOMENTS: Final = frozenset({ValueType.TIME, ValueType.DURATION})
_BOUNDS: Final = {
    ValueType.TIME: (Const(ValueType.TIME, TIME_MIN_US), Const(ValueType.TIME, TIME_MAX_US)),
    ValueType.DURATION: (Const(ValueType.DURATION, -DURATION_MAX_US), Const(ValueType.DURATION, DURATION_MAX_US)),
}


@attrs.frozen
class _Affine:
    """`times_now * now` plus the terms, each with its sign."""

    times_now: int
    terms: tuple[tuple[int, Expr], ...]

    def minus(self, other: "_Affine") -> "_Affine":
        return self.plus(_Affine(-other.times_now, tuple((-sign, term) for sign, term in other.terms)))

    def plus(self, other: "_Affine") -> "_Affine":
        return _Affine(self.times_now + other.times_now, self.terms + other.terms)


def crossing(expr: Expr) -> list[Expr] | None:
    """
    Return the moments at which the truth of an expression can change with `now`, everything else being equal.

    It can change at such a moment or one microsecond after it, and at no other time. A moment whose value is unknown
    never comes.

    Returns:
        Expressions of type TIME that do not read `now`; None if the changes of the truth are not so simple:
        `now` in a quantifier, in a part of the calendar such as `now.getHours()`, or on both sides.
    """
    moments: dict[Expr, None] = {}
    return list(moments) if _collect(expr, moments) else None


def _collect(expr: Expr, moments: dict[Expr, None]) -> bool:
    if "now" not in reads(expr):
        return True
    match expr:
        case Call(fn, (left, right)) if fn in _COMPARISONS and left.type in _MOMENTS:
            sides = _affine(left, moments), _affine(right, moments)
            return sides[0] is not None and sides[1] is not None and _solve(sides[0].minus(sides[1]), moments)
        case Call(_, args):
            return all(_collect(arg, moments) for arg in args)
        case _:
            return False


def _affine(expr: Expr, moments: dict[Expr, None]) -> _Affine | None:
    match expr:
        case Var("now"):
            return _Affine(1, ())
        case _ if "now" not in reads(expr):
            return _Affine(0, ((1, expr),))
        case Call("+" | "-" as fn, (left, right)):
            first, second = _affine(left, moments), _affine(right, moments)
            if first is None or second is None:
                return None
            whole = first.plus(second) if fn == "+" else first.minus(second)
            # Where the result leaves its range it becomes unknown: that too is a change.
            edges = (_Affine(0, ((1, bound),)) for bound in _BOUNDS[expr.type])
            return whole if all(_solve(whole.minus(edge), moments) for edge in edges) else None
        case _:
            return None


def _solve(affine: _Affine, moments: dict[Expr, None]) -> bool:
    """Add the moment at which the sum is zero; say whether there is at most one."""
    if affine.times_now == 0:
        return True
    if abs(affine.times_now) > 1:
        return False
    moment = _sum((-affine.times_now * sign, term) for sign, term in affine.terms)
    # The clock shows no moment before 1970 and none after the calendar's end.
    if not isinstance(moment, Const) or (isinstance(moment.value, int) and 0 <= moment.value <= TIME_MAX_US):
        moments[moment] = None
    return True


def _sum(terms: Iterable[tuple[int, Expr]]) -> Expr:
    # Inside it counts in plain microseconds (INT), where no sum of times overflows; only the whole has a time's range.
    fixed_us = 0
    parts: list[tuple[int, Expr]] = []
    for sign, term in terms:
        if isinstance(term, Const) and isinstance(term.value, int):
            fixed_us += sign * term.value
        else:
            parts.append((sign, term))
    parts.sort(key=lambda part: -part[0])
    if not parts:
        return Const(ValueType.TIME, fixed_us)
    if fixed_us or parts[0][0] < 0:
        parts.insert(0, (1, Const(ValueType.INT, fixed_us)))
    whole = parts[0][1]
    for sign, term in parts[1:]:
        whole = Call("+" if sign > 0 else "-", (whole, term), ValueType.INT)
    return Call(whole.fn, whole.args, ValueType.TIME) if isinstance(whole, Call) and len(parts) > 1 else whole
