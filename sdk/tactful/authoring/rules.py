"""Rules in CEL: from text to a checked, typed tree within the subset. It evaluates no rule but constant parts."""

import ast
import importlib
import math
from collections.abc import Mapping
from typing import Any, Final

from ..errors import ExtraMissing
from ..expr import Call, Const, Expr, Quantifier, Var
from ..plan.conditions import Emitter, compile_function
from ..schema import LIST_MAX_ITEMS, TEXT_MAX_CHARS, ValueType
from .rule_errors import RuleError, from_checker
from .rule_tree import CONTAINER, HAS, Translator

__all__ = ["RuleCompiler", "RuleError"]

CHARS_MAX: Final = 4_000
STEPS_MAX: Final = 1_000_000
_PRINTABLE: Final = frozenset(
    {ValueType.TEXT, ValueType.INT, ValueType.NUMBER, ValueType.BOOL, ValueType.TIME, ValueType.DURATION}
)
_FOLDED: Final = frozenset({"neg", "list", "int", "number", "text", "size", "+", "-", "*", "/", "%"})


class RuleCompiler:
    """
    Compiles rules over declared variables.

    >>> rules = RuleCompiler({"profile.visits": ValueType.INT})
    >>> rules.compile("profile.visits >= 6", ValueType.BOOL)  # doctest: +ELLIPSIS
    Call(fn='>=', args=(Var(name='profile.visits', ...
    >>> try:
    ...     rules.compile("profile.visit >= 6", ValueType.BOOL)
    ... except RuleError as error:
    ...     print(error)
    1:1: there is no variable 'profile.visit'; did you mean profile.visits?
    """

    def __init__(self, variables: Mapping[str, ValueType]) -> None:
        """
        Declare the variables.

        Args:
            variables: Their types by their dotted names. Scores can be ranked by, but no rule reads them.

        Raises:
            ExtraMissing: If the extra `author` is not installed.
        """
        self._variables = {name: type_ for name, type_ in variables.items() if type_ is not ValueType.SCORES}
        self._scores = variables.keys() - self._variables.keys()
        self._env = _environment(self._variables)

    def compile(self, text: str, expected: ValueType | None) -> Expr:
        """
        Return a rule as a tree, its constant parts computed.

        Args:
            text: The rule.
            expected: The type that it must have; None for any that can be printed.

        Raises:
            RuleError: If it cannot be used: with its place, what is wrong, and what would be right.
        """
        tree = fold(self.translate(text))
        wrong = tree.type not in _PRINTABLE if expected is None else tree.type is not expected
        if wrong:
            wanted = "something that can be printed" if expected is None else _SAID.get(expected, expected.value)
            hint = "compare it with something" if expected is ValueType.BOOL else ""
            raise RuleError(text, 0, f"this gives {tree.type.value}, and {wanted} is needed", hint, code="rule-type")
        if steps(tree) > STEPS_MAX:
            hint = "ask fewer lists within lists"
            raise RuleError(text, 0, f"the rule may take more than {STEPS_MAX:,} steps", hint, code="rule-limit")
        return tree

    def translate(self, text: str) -> Expr:
        """Return a rule as a tree, as it is written."""
        if len(text) > CHARS_MAX:
            hint = "split it into segments"
            raise RuleError(text, CHARS_MAX, f"a rule has at most {CHARS_MAX:,} characters", hint, code="rule-limit")
        try:
            checked = _checked(self._env.compile(text))
        except (RuntimeError, ValueError) as error:  # the checker raises bare errors; ValueError: a lone surrogate
            raise self._explained(text, str(error)) from None
        return Translator(text, checked, self._variables).tree()

    def _explained(self, text: str, report: str) -> RuleError:
        error = from_checker(text, report, self._variables.keys())
        for name in self._scores:
            if f"variable {name!r}" in error.message:
                hint = "the ranking reads it by itself"
                return RuleError(
                    text, error.offset, f"{name} holds scores, which rules cannot read", hint, code="rule-type"
                )
        return error


_SAID: Final = {ValueType.BOOL: "a condition (true or false)"}


def _environment(variables: Mapping[str, ValueType]) -> Any:
    cel = _library("cel_expr_python.cel")
    types = {
        ValueType.TEXT: cel.Type.STRING,
        ValueType.INT: cel.Type.INT,
        ValueType.NUMBER: cel.Type.DOUBLE,
        ValueType.BOOL: cel.Type.BOOL,
        ValueType.TIME: cel.Type.TIMESTAMP,
        ValueType.DURATION: cel.Type.DURATION,
        ValueType.TEXTS: cel.Type.List(cel.Type.STRING),
        ValueType.INTS: cel.Type.List(cel.Type.INT),
        ValueType.NUMBERS: cel.Type.List(cel.Type.DOUBLE),
    }
    questions = [
        cel.FunctionDecl(name, [cel.Overload(f"{name}_any", cel.Type.BOOL, [cel.Type.DYN])])
        for name in (HAS, "missing")
    ]
    return cel.NewEnv(
        config=cel.NewEnvConfigFromYaml("stdlib: {exclude_macros: [has]}"),
        container=CONTAINER,
        variables={name: types[type_] for name, type_ in variables.items()},
        functions=questions,
    )


def _checked(expression: Any) -> Any:
    envelope = _library("google.protobuf.any_pb2").Any()
    checked = _library("cel.expr.checked_pb2").CheckedExpr()
    envelope.ParseFromString(expression.serialize())
    checked.ParseFromString(envelope.value)
    return checked


def _library(name: str) -> Any:
    """Import what the edge does without."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ExtraMissing("reading rules", "author") from error


def steps(expr: Expr) -> int:
    """Return a bound of the steps that evaluating it takes, with every list at its longest."""
    match expr:
        case Call(_, args):
            return 1 + sum(steps(arg) for arg in args)
        case Quantifier(_, _, over, body):
            return steps(over) + _items(over) * steps(body)
        case _:
            return 1


def _items(expr: Expr) -> int:
    match expr:
        case Const(value=tuple() as items):
            return len(items)
        case Call("list", args):
            return len(args)
        case Call("?:", (_, yes, no)):
            return max(_items(yes), _items(no))
        case Call("+", args):
            return sum(_items(arg) for arg in args)
        case _:
            return LIST_MAX_ITEMS


def fold(expr: Expr) -> Expr:
    """
    Return the tree with its constant parts computed, but for what is unknown or has no literal.

    >>> from ..expr import text
    >>> text(fold(Call("*", (Const(ValueType.INT, 60), Const(ValueType.INT, 24)), ValueType.INT)))
    '1440'
    """
    match expr:
        case Quantifier(kind, local, over, body):
            return Quantifier(kind, local, fold(over), fold(body))
        case Call(fn, args):
            folded = Call(fn, tuple(fold(arg) for arg in args), expr.type)
            if fn not in _FOLDED or not all(isinstance(arg, Const) for arg in folded.args):
                return folded
            value: Any = compile_function("constant", (), [ast.Return(Emitter(_Nothing()).value(folded))], {})()
            return Const(expr.type, value) if _has_literal(value) else folded
        case _:
            return expr


def _has_literal(value: object) -> bool:
    match value:
        case float():
            return math.isfinite(value)
        case str():
            return len(value) <= TEXT_MAX_CHARS
        case tuple():
            return len(value) <= LIST_MAX_ITEMS and all(map(_has_literal, value))
    return value is not None


class _Nothing:
    """Constant parts read no variables."""

    def load(self, var: Var) -> ast.expr:
        raise LookupError(var.name)

    missing = load
