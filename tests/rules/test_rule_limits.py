"""What a rule may cost at most, and that code and Python's compiler bear what the limits let through."""

import ast
import sys

import pytest

from tactful.authoring.rules import RuleCompiler, RuleError, fold, steps
from tactful.expr import Call, Const, Var, conjunction, walk
from tactful.plan.conditions import Emitter
from tactful.schema import ValueType

VARIABLES = {
    "i": ValueType.INT,
    "s": ValueType.TEXT,
    "b": ValueType.BOOL,
    "xs": ValueType.INTS,
    "now": ValueType.TIME,
}


@pytest.fixture(scope="module")
def compiler():
    return RuleCompiler(VARIABLES)


LIMITS = {
    "characters": ("s == '" + "a" * 3993 + "'", "s == '" + "a" * 3994 + "'", "4,000 characters"),
    "parts": (" && ".join(["i == 1"] * 124), " && ".join(["i == 1"] * 126), "500 parts"),
    "depth of sums": ("+".join(["i"] * 31) + " == 1", "+".join(["i"] * 33) + " == 1", "deep"),
    "depth of choices": ("b ? i : " * 15 + "i", "b ? i : " * 32 + "i", "deep"),
    "depth of parentheses": ("(" * 31 + "b" + ")" * 31, "(" * 400 + "b" + ")" * 400, "deep"),
    "depth of negations": ("!(" * 15 + "b" + ")" * 15, "!(" * 34 + "b" + ")" * 34, "deep"),
    "texts": ("s == '" + "é" * 2048 + "'", "s == '" + "é" * 2049 + "'", "4096 bytes"),
    "lists": (f"i in {list(range(256))}", f"i in {list(range(257))}", "256 items"),
    "quantifiers": (
        "xs.exists(x, xs.all(y, x == y))",
        "xs.exists(x, xs.all(y, xs.exists(z, x == y)))",
        "at most 2 deep",
    ),
    "steps": (
        "xs.exists(x, xs.exists(y, x == y && y == 1))",
        "(xs + xs).exists(x, (xs + xs).exists(y, x == y && y == 1))",
        "1,000,000 steps",
    ),
}


@pytest.mark.parametrize(("within", "beyond", "words"), LIMITS.values(), ids=LIMITS)
def test_limits(compiler, rule, within, beyond, words):
    rule(compiler.compile(within, None)).value({})
    with pytest.raises(RuleError, match=words) as refused:
        compiler.compile(beyond, None)
    assert refused.value.code == "rule-limit"


def test_steps_bound_what_lists_can_cost(compiler):
    assert steps(compiler.translate("xs.exists(x, x == 1)")) == 1 + 256 * 3
    assert steps(compiler.translate("[1, 2].exists(x, (b ? xs : [1]).all(y, y == x))")) == 3 + 2 * (5 + 256 * 3) - 0


def test_a_long_conjunction_is_no_deep_one(rule):
    equal = tuple(Call("==", (Var("i", ValueType.INT), Const(ValueType.INT, 1)), ValueType.BOOL) for _ in range(500))
    form = rule(conjunction(equal))
    assert (form.truth({"i": 1}), form.truth({"i": 2}), form.truth({})) == (True, False, None)
    assert (form.value({"i": 1}), form.value({"i": 2}), form.value({})) == (True, False, None)


def test_deep_rules_compile_deep_in_the_stack(compiler, rule):
    sources = ["b ? i : " * 15 + "i", "+".join(["i"] * 31), "-(" * 15 + "i" + ")" * 15]
    trees = [compiler.translate(source) for source in sources]

    def down(frames):
        return [rule(tree).value({"i": 0, "b": False}) for tree in trees] if frames == 0 else down(frames - 1)

    assert down(sys.getrecursionlimit() // 2) == [0, 0, 0]


class Counting:
    def load(self, var):
        return ast.Name(var.name, ast.Load())

    missing = load


@pytest.mark.parametrize("form", ["surely_true", "surely_false", "value"])
@pytest.mark.parametrize("nested", ["({0}) ? b : ({1})", "({0}) == ({1})", "({0}) && !({1})", "({0}) || ({1}) ? b : b"])
def test_code_grows_as_the_rule_does(compiler, form, nested):
    def size(depth):
        source = "b"
        for _ in range(depth):
            source = nested.format(source, "b")
        tree = compiler.translate(source)
        code = getattr(Emitter(Counting()), form)(tree)
        return sum(1 for _ in ast.walk(code)) / sum(1 for _ in walk(tree))

    assert size(12) < 2 * size(3)


def test_constant_parts_are_computed_but_errors_are_kept(compiler):
    assert fold(compiler.translate("60 * 24 + -(1)")) == Const(ValueType.INT, 1439)
    assert fold(compiler.translate("[1, 1 + 1]")) == Const(ValueType.INTS, (1, 2))
    assert fold(compiler.translate("1 / 0")) == compiler.translate("1 / 0")
    assert fold(compiler.translate("0.0 / 0.0")) == compiler.translate("0.0 / 0.0")
