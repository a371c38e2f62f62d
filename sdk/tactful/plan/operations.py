"""How each operator of rules looks as code when its arguments are known. What is unknown is the business of others."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ..clock import SECOND_US
from ..expr import Call, Var
from ..schema import INT64_MAX, ValueType
from . import operators
from . import syntax as py

#: The functions that the code calls, by the name under which it does.
OPERATORS: Final[Mapping[str, Callable[..., object]]] = {
    "len": len,
    "quotient": operators.quotient,
    "remainder": operators.remainder,
    "ratio": operators.ratio,
    "to_int": operators.to_int,
    "to_number": operators.to_number,
    "to_text": operators.to_text,
    "same_numbers": operators.same_numbers,
    "some": operators.some,
    "every": operators.every,
    "exists": operators.exists,
    "for_all": operators.for_all,
    "exists_one": operators.exists_one,
    "time_part": operators.time_part,
    "now_part": operators.now_part,
    "duration_part": operators.duration_part,
}
_COMPARISONS: Final[Mapping[str, Callable[[], ast.cmpop]]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
    "in": ast.In,
}
_ARITHMETIC: Final[Mapping[str, Callable[[], ast.operator]]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult}
_RANGES: Final = {
    ValueType.INT: (-INT64_MAX - 1, INT64_MAX),
    ValueType.TIME: (operators.TIME_MIN_US, operators.TIME_MAX_US),
    ValueType.DURATION: (-operators.DURATION_MAX_US, operators.DURATION_MAX_US),
}


def limits_of(expr: Call) -> tuple[int, int] | tuple[()] | None:
    """
    Return how the result of an operation on known values can be unknown.

    Returns:
        None: it never is. Empty: it is where the code gives None. Otherwise the range outside which it is.
    """
    from_type = expr.args[0].type if expr.args else None
    match expr.fn:
        case "+" | "-" | "*" | "neg":
            return _RANGES.get(expr.type)
        case "/" | "%":
            return () if expr.type is ValueType.INT else None
        case "int":
            return () if from_type in {ValueType.TEXT, ValueType.NUMBER} else None
        case "number":
            return () if from_type is ValueType.TEXT else None
        case fn if fn in operators.TIME_PARTS:
            return () if from_type is ValueType.TIME else None
    return None


def operation(expr: Call, operands: Sequence[ast.expr], fresh: Callable[[], str]) -> ast.expr:
    """
    Return the code of an operator.

    Args:
        expr: The operator with its typed arguments.
        operands: The code of the arguments; each is used once.
        fresh: Gives the name of a new temporary.
    """
    if expr.fn in _COMPARISONS:
        return _compared(expr, operands[0], operands[1], fresh)
    match expr.fn, operands:
        case "+" | "-" | "*" as fn, (left, right):
            return ast.BinOp(left, _ARITHMETIC[fn](), right)
        case "/", (left, right):
            return py.call("quotient" if expr.type is ValueType.INT else "ratio", left, right)
        case "%", (left, right):
            return py.call("remainder", left, right)
        case "neg", (value,):
            return ast.UnaryOp(ast.USub(), value)
        case "list", _:
            return ast.Tuple(list(operands), ast.Load())
        case "size", (value,):
            return py.call("len", value)
        case "contains", (value, part):
            return py.compare(part, ast.In(), value)
        case "startsWith" | "endsWith" as fn, (value, part):
            return py.method(value, fn.lower(), part)
    return _converted(expr, operands)


def _compared(expr: Call, left: ast.expr, right: ast.expr, fresh: Callable[[], str]) -> ast.expr:
    compared = expr.args[0].type
    if compared is ValueType.NUMBERS and expr.fn != "in":
        same = py.call("same_numbers", left, right)
        return same if expr.fn == "==" else py.not_(same)
    if compared is ValueType.NUMBER and expr.fn == "in":
        # Python finds not-a-number in a list by its identity; yet it equals nothing.
        name = fresh()
        is_number = py.compare(py.bind(name, left), ast.Eq(), py.load(name))
        return py.all_([is_number, py.compare(py.load(name), ast.In(), right)])
    return py.compare(left, _COMPARISONS[expr.fn](), right)


def _converted(expr: Call, operands: Sequence[ast.expr]) -> ast.expr:
    from_type = expr.args[0].type
    match expr.fn, operands:
        case "int" | "number" | "text", (value,) if from_type is expr.type:
            return value
        case "int", (value,) if from_type is ValueType.TIME:
            return ast.BinOp(value, ast.FloorDiv(), py.constant(SECOND_US))
        case "int" | "number" | "text", (value,):
            return py.call(f"to_{expr.fn}", value)
        case part, (value, *zone) if part in operators.TIME_PARTS:
            if from_type is ValueType.DURATION:
                return py.call("duration_part", value, py.constant(part))
            function = "now_part" if expr.args[0] == Var("now", ValueType.TIME) else "time_part"
            return py.call(function, value, py.constant(part), *(zone or [py.constant("UTC")]))
    raise ValueError(f"rules have no operator {expr.fn!r} for {from_type}")
