"""What values of one variable a test lets through, as a set: an interval, or a list, less some values.

It proves that tests contradict or imply one another. What it does not know, it says nothing about.
"""

from typing import Any, Final

import attrs

from ..expr import Call, Const, Expr, Var
from ..schema import ValueType

_SWAPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_NEGATED: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_LISTS: Final = frozenset({ValueType.TEXTS, ValueType.INTS, ValueType.NUMBERS})


@attrs.frozen
class ValueSet:
    """
    A set of values of one type.

    Attributes:
        low: None of it is below; None means no bound.
        high: None of it is above; None means no bound.
        low_open: Whether `low` itself is out.
        high_open: Whether `high` itself is out.
        among: All of it is among these; None means any value.
        but: None of these is in it.
    """

    low: Any = None
    high: Any = None
    low_open: bool = False
    high_open: bool = False
    among: frozenset[Any] | None = None
    but: frozenset[Any] = frozenset()

    def __and__(self, other: "ValueSet") -> "ValueSet":
        low, low_open = _tighter((self.low, self.low_open), (other.low, other.low_open), 1)
        high, high_open = _tighter((self.high, self.high_open), (other.high, other.high_open), -1)
        listed = [one.among for one in (self, other) if one.among is not None]
        among = frozenset.intersection(*listed) if listed else None
        return ValueSet(low, high, low_open, high_open, among, self.but | other.but)

    def __contains__(self, value: object) -> bool:
        return (
            (self.among is None or value in self.among)
            and value not in self.but
            and (self.low is None or value > self.low or (value == self.low and not self.low_open))
            and (self.high is None or value < self.high or (value == self.high and not self.high_open))
        )

    def __le__(self, other: "ValueSet") -> bool:
        """Return whether all of it is surely in the other."""
        if self.is_empty():
            return True
        if (few := self._few()) is not None:
            return all(value in other for value in few)
        return (
            other.among is None
            and not any(value in self for value in other.but)
            and _tighter((self.low, self.low_open), (other.low, other.low_open), 1) == (self.low, self.low_open)
            and _tighter((self.high, self.high_open), (other.high, other.high_open), -1) == (self.high, self.high_open)
        )

    def is_empty(self) -> bool:
        """Return whether surely no value is in it."""
        if (few := self._few()) is not None:
            return not few
        if self.low is None or self.high is None:
            return False
        return bool(self.low > self.high or (self.low == self.high and (self.low_open or self.high_open)))

    def _few(self) -> frozenset[Any] | None:
        """Return its values, where they can be listed."""
        if self.among is not None:
            return frozenset(value for value in self.among if value in self)
        if self.low is not None and self.low == self.high:
            return frozenset({self.low} if self.low in self else ())
        return None


def _tighter(one: tuple[Any, bool], other: tuple[Any, bool], side: int) -> tuple[Any, bool]:
    """Return the bound that lets less through; `side` is 1 for lower bounds and -1 for upper ones."""
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    if one[0] == other[0]:
        return one[0], one[1] or other[1]
    return one if (one[0] > other[0]) == (side > 0) else other


def let_through(expr: Expr) -> tuple[Var, ValueSet] | None:
    """Return the variable that a test is about and the values that make it surely true; None for any other test."""
    match expr:
        case Call("!", (inner,)):
            return _negated(inner)
        case Var(type=ValueType.BOOL):
            return expr, ValueSet(among=frozenset({True}))
        case Call("in", (Var() as var, Const(type=kind, value=values))) if kind in _LISTS:
            return var, ValueSet(among=_items(values))
        case Call("in", (Var() as var, Call("list", parts))) if all(isinstance(part, Const) for part in parts):
            return var, ValueSet(among=frozenset(part.value for part in parts if isinstance(part, Const)))
    return _compared(expr, negated=False)


def _negated(inner: Expr) -> tuple[Var, ValueSet] | None:
    if isinstance(inner, Call) and inner.fn in _NEGATED:
        return _compared(inner, negated=True)
    found = let_through(inner)
    if found is None or found[1].among is None:
        return None
    var, values = found
    if var.type is ValueType.BOOL:
        return var, ValueSet(among=frozenset({True, False}) - (values.among or frozenset()))
    return var, ValueSet(but=values.among or frozenset())


def _compared(expr: Expr, *, negated: bool) -> tuple[Var, ValueSet] | None:
    match expr:
        case Call(fn, (Var() as var, Const(value=value))) if fn in _SWAPPED:
            pass
        case Call(fn, (Const(value=value), Var() as var)) if fn in _SWAPPED:
            fn = _SWAPPED[fn]
        case _:
            return None
    if var.type in _LISTS or isinstance(value, tuple):
        return None
    return var, _set(_NEGATED[fn] if negated else fn, value, var.type)


def _set(fn: str, value: Any, type_: ValueType) -> ValueSet:
    whole = type_ in {ValueType.INT, ValueType.TIME, ValueType.DURATION} and isinstance(value, int)
    match fn:
        case "==":
            return ValueSet(among=frozenset({value}))
        case "!=":
            if type_ is ValueType.BOOL:
                return ValueSet(among=frozenset({not value}))
            return ValueSet(but=frozenset({value}))
        case "<":
            return ValueSet(high=value - 1) if whole else ValueSet(high=value, high_open=True)
        case "<=":
            return ValueSet(high=value)
        case ">":
            return ValueSet(low=value + 1) if whole else ValueSet(low=value, low_open=True)
    return ValueSet(low=value)


def _items(values: object) -> frozenset[Any]:
    return frozenset(values) if isinstance(values, tuple) else frozenset()
