"""Rules as code, in both of their ways: through the two truths and through the value."""

import ast

import attrs
import pytest

from tactful.expr import Expr, Var
from tactful.plan.conditions import Emitter, compile_function
from tactful.schema import ValueType


@attrs.frozen
class ByName:
    """Variables of a mapping `known`, and answers of `missing()` in a mapping `lacking`; `now` is always known."""

    def load(self, var: Var) -> ast.expr:
        return ast.Name("now", ast.Load()) if var.name == "now" else self._get("known", var)

    def missing(self, var: Var) -> ast.expr:
        return self._get("lacking", var)

    def _get(self, mapping: str, var: Var) -> ast.expr:
        return ast.Call(ast.Attribute(ast.Name(mapping, ast.Load()), "get", ast.Load()), [ast.Constant(var.name)], [])


class Rule:
    """A rule whose three forms can be asked."""

    def __init__(self, expr: Expr, *, emitter=Emitter, operators=None):
        forms = emitter(ByName())
        three = [forms.surely_true(expr), forms.surely_false(expr), forms.value(expr)]
        answer = ast.Return(ast.Tuple(three if expr.type is ValueType.BOOL else three[2:], ast.Load()))
        self._ask = compile_function("rule", ("known", "lacking", "now"), [answer], operators or {})

    def value(self, known=None, lacking=None, now=0):
        """Return the value by its own form."""
        return self._ask(known or {}, lacking or {}, now)[-1]

    def truth(self, known=None, lacking=None, now=0):
        """Return True, False or None by the two truths."""
        true, false, _ = self._ask(known or {}, lacking or {}, now)
        assert not (true and false)
        return True if true else False if false else None


@pytest.fixture(scope="session")
def rule():
    return Rule
