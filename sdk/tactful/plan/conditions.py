"""From rules to Python code: trees of `ast` that never raise and never come from text. It evaluates nothing itself."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ..expr import Call, Const, Expr, Local, Quantifier, Var
from ..schema import ValueType
from . import syntax as py
from .crossings import crossing
from .operations import OPERATORS, limits_of, operation

__all__ = ["Emitter", "Names", "compile_function", "crossing"]

#: What can be known although a part is not; all other calls are unknown as soon as one argument is.
_LENIENT = frozenset({"&&", "||", "!", "?:", "missing"})
_QUANTIFIERS = {"exists": "exists", "all": "for_all", "exists_one": "exists_one"}


class Names(Protocol):
    """How the generated code reaches variables. `now` must never be None."""

    def load(self, var: Var) -> ast.expr:
        """Return code for the variable's value, or None where it is unknown."""
        ...

    def missing(self, var: Var) -> ast.expr:
        """Return code for `missing(var)`: True, False, or None where it is unknown."""
        ...


class Emitter:
    """
    Writes rules as code; one emitter for all the rules that stand in one function.

    Each rule has three total forms. `surely_true` and `surely_false` give code whose result is true (as `if` sees it)
    exactly if the rule surely is; both may be false. `value` gives the value itself, or None where it is unknown;
    `known` says whether it gives one.
    The code binds temporaries `_1`, `_2`, … in the function that it stands in, and is linear in the size of the rule.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._bound = 0
        self._locals: dict[str, str] = {}

    def surely_true(self, expr: Expr) -> ast.expr:
        """Return code that is true exactly if the rule surely holds."""
        return self._truth(expr, wanted=True)

    def surely_false(self, expr: Expr) -> ast.expr:
        """Return code that is true exactly if the rule surely fails."""
        return self._truth(expr, wanted=False)

    def known(self, expr: Expr) -> ast.expr:
        """Return code that is true exactly if the expression's value is known."""
        tests, _ = self._strict(expr)
        return py.all_(tests) if tests else py.constant(value=True)

    def value(self, expr: Expr) -> ast.expr:
        """Return code for the expression's value, or None where it is unknown."""
        match expr:
            case Var():
                return self._names.load(expr)
            case Call("!", (inner,)):
                name = self._fresh()
                unknown = py.is_(py.bind(name, self.value(inner)), None)
                return py.either(unknown, py.constant(None), py.not_(py.load(name)))
            case Call("&&" | "||" as fn):
                return self._joined(_flat(expr, fn), absorbing=fn == "||")
            case Call("?:", (test, yes, no)):
                name = self._fresh()
                first = py.bind(name, self.value(test))
                second = py.either(py.is_(py.load(name), literal=False), self.value(no), py.constant(None))
                return py.either(first, self.value(yes), second)
            case Call("missing", (Var() as var,)):
                return self._names.missing(var)
            case Quantifier(kind):
                return py.call(_QUANTIFIERS[kind], self.value(expr.over), self._each(expr, self.value))
        tests, result = self._strict(expr)
        return py.either(py.all_(tests), result, py.constant(None)) if tests else result

    def _truth(self, expr: Expr, *, wanted: bool) -> ast.expr:
        match expr:
            case Const(value=value):
                return py.constant(value is wanted)
            case Call("!", (inner,)):
                return self._truth(inner, wanted=not wanted)
            case Call("&&" | "||" as fn):
                parts = [self._truth(part, wanted=wanted) for part in _flat(expr, fn)]
                return py.all_(parts) if (fn == "&&") is wanted else py.any_(parts)
            case Call("?:", (test, yes, no)):
                name = self._fresh()
                first = py.bind(name, self.value(test))
                second = py.all_([py.is_(py.load(name), literal=False), self._truth(no, wanted=wanted)])
                return py.either(first, self._truth(yes, wanted=wanted), second)
            case Call("==" | "!=" as fn, (left, right)) if (fn == "==") is wanted:
                return self._equal(left, right)
            case Call("in", (Var() as item, Const(value=tuple() as items))) if wanted:
                # None is in no list of known values.
                return py.compare(self._names.load(item), ast.In(), py.constant(frozenset(items)))
            case Call("has") if not wanted:
                return py.constant(value=False)
            case Quantifier("exists" | "all" as kind):
                each = self._each(expr, self.surely_true if wanted else self.surely_false)
                return py.call("some" if (kind == "exists") is wanted else "every", self.value(expr.over), each)
            case Call(fn) if fn not in _LENIENT:
                tests, result = self._strict(expr)
                return py.all_([*tests, result if wanted else py.not_(result)])
        whole = self.value(expr)
        return whole if wanted else py.is_(whole, literal=False)

    def _equal(self, left: Expr, right: Expr) -> ast.expr:
        # None equals no known value, so that one side of the comparison needs no test of its own.
        if isinstance(left, Var) and left.type is not ValueType.NUMBERS:
            left, right = right, left
        if isinstance(right, Var) and right.type is not ValueType.NUMBERS:
            tests, known = self._strict(left)
            return py.all_([*tests, py.compare(self._names.load(right), ast.Eq(), known)])
        tests, result = self._strict(Call("==", (left, right), ValueType.BOOL))
        return py.all_([*tests, result])

    def _joined(self, parts: Sequence[Expr], *, absorbing: bool) -> ast.expr:
        names = [self._fresh() for _ in parts]
        values = [py.bind(name, self.value(part)) for name, part in zip(names, parts, strict=True)]
        absorbed = py.any_([py.is_(value, absorbing) for value in values])
        unknown = py.any_([py.is_(py.load(name), None) for name in names])
        rest = py.either(unknown, py.constant(None), py.constant(not absorbing))
        return py.either(absorbed, py.constant(absorbing), rest)

    def _each(self, quantifier: Quantifier, form: Callable[[Expr], ast.expr]) -> ast.expr:
        name, outer = self._fresh(), self._locals
        self._locals = {**outer, quantifier.local: name}
        body = form(quantifier.body)
        self._locals = outer
        return py.function_of(name, body)

    def _strict(self, expr: Expr) -> tuple[list[ast.expr], ast.expr]:
        """Return tests that hold exactly if the value is known, and the value, for use once and after them."""
        match expr:
            case Const(value=value):
                return [], py.constant(value)
            case Local(name):
                return [], py.load(self._locals[name])
            case Var("now"):
                return [], self._names.load(expr)
            case Call("has", (inner,)):
                return self._strict(inner)[0], py.constant(value=True)
            case Call("in", (item, Const(value=tuple() as items))):
                tests, known = self._strict(item)
                return tests, py.compare(known, ast.In(), py.constant(frozenset(items)))
            case Call(fn, args) if fn not in _LENIENT:
                tests, operands = [], []
                for arg in args:
                    more, operand = self._strict(arg)
                    tests += more
                    operands.append(operand)
                result = operation(expr, operands, self._fresh)
                return self._checked(expr, tests, result)
        name = self._fresh()
        return [py.is_known(py.bind(name, self.value(expr)))], py.load(name)

    def _checked(self, expr: Call, tests: list[ast.expr], result: ast.expr) -> tuple[list[ast.expr], ast.expr]:
        limits = limits_of(expr)
        if limits is None:
            return tests, result
        name = self._fresh()
        bound = py.bind(name, result)
        return [*tests, py.between(limits[0], bound, limits[1]) if limits else py.is_known(bound)], py.load(name)

    def _fresh(self) -> str:
        self._bound += 1
        return f"_{self._bound}"


def _flat(expr: Expr, fn: str) -> list[Expr]:
    """Return the parts that `fn` joins, however the joints nest."""
    parts: list[Expr] = []
    stack = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, Call) and node.fn == fn:
            stack.extend(reversed(node.args))
        else:
            parts.append(node)
    return parts


def compile_function(
    name: str, args: Sequence[str], body: Sequence[ast.stmt], constants: Mapping[str, object]
) -> Callable[..., object]:
    """
    Return a function of the given statements.

    Args:
        name: What tracebacks and profiles call it.
        args: Names of its positional arguments.
        body: What it does; rules in it come from an `Emitter`.
        constants: What the other names in the body stand for. They may not start with an underscore and a digit, nor
            be the name of an operator of `operators`.
    """
    (function,) = py.parsed("def function(): pass")  # which fields the node has differs between versions of Python
    if not isinstance(function, ast.FunctionDef):
        raise TypeError("the skeleton is not a function")
    function.name = name
    function.args = ast.arguments([], [ast.arg(arg) for arg in args], None, [], [], None, [])
    function.body = list(body)
    scope: dict[str, object] = {**OPERATORS, **constants}
    module = ast.Module([function], [])
    py.locate(module)
    exec(py.compiled(module, f"<tactful {name}>"), scope)  # noqa: S102 - never from text
    # Taken out, so that a plan that nobody holds any more goes at once: no circle waits for the garbage collector.
    compiled: Callable[..., object] = scope.pop(name)  # type: ignore[assignment] # it was defined just now
    return compiled
