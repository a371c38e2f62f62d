"""Short names for the `ast` nodes that generated code is made of. It knows nothing of rules."""

import ast
import os
from collections.abc import Iterator, Sequence
from threading import RLock
from types import CodeType

from ..pieces import in_pieces

#: CPython counts the depth of trees that it makes or reads in one place for all threads, until 3.12.1 (its gh-106905):
#: of two at a time, one could fail.
_turn = RLock()


def parsed(code: str) -> list[ast.stmt]:
    """Return the statements of some code."""
    with _turn:
        return ast.parse(code).body


def parsed_expression(code: str) -> ast.expr:
    """Return the expression of some code."""
    with _turn:
        return ast.parse(code, mode="eval").body


def compiled(module: ast.Module, name: str) -> CodeType:
    """Return the code of a module."""
    with _turn:
        return compile(module, name, "exec")


def _in_child() -> None:
    global _turn  # noqa: PLW0603 - who held it in the parent is not in the child
    _turn = RLock()


os.register_at_fork(after_in_child=_in_child)


def constant(value: object) -> ast.expr:
    """Return a literal: a text, number, truth, None, or a tuple or frozenset of these."""
    return ast.Constant(value)  # type: ignore[arg-type, unused-ignore] # the compiler takes tuples and frozensets


def load(name: str) -> ast.expr:
    """Return `name`."""
    return ast.Name(name, ast.Load())


def bind(name: str, value: ast.expr) -> ast.expr:
    """Return `(name := value)`."""
    return ast.NamedExpr(ast.Name(name, ast.Store()), value)


def call(function: str, *args: ast.expr) -> ast.expr:
    """Return `function(*args)`."""
    return ast.Call(load(function), list(args), [])


def method(target: ast.expr, name: str, *args: ast.expr) -> ast.expr:
    """Return `target.name(*args)`."""
    return ast.Call(ast.Attribute(target, name, ast.Load()), list(args), [])


def compare(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
    """Return `left operator right`."""
    return ast.Compare(left, [operator], [right])


def between(low: object, value: ast.expr, high: object) -> ast.expr:
    """Return `low <= value <= high`."""
    return ast.Compare(constant(low), [ast.LtE(), ast.LtE()], [value, constant(high)])


def is_(value: ast.expr, literal: bool | None) -> ast.expr:  # noqa: FBT001 - it is the value
    """Return `value is literal`, worked out where the value is a literal too."""
    if isinstance(value, ast.Constant):
        return constant(value.value is literal)
    return compare(value, ast.Is(), constant(literal))


def is_known(value: ast.expr) -> ast.expr:
    """Return `value is not None`, worked out where the value is a literal."""
    if isinstance(value, ast.Constant):
        return constant(value.value is not None)
    return compare(value, ast.IsNot(), constant(None))


def not_(value: ast.expr) -> ast.expr:
    """Return `not value`."""
    return ast.UnaryOp(ast.Not(), value)


def all_(parts: Sequence[ast.expr]) -> ast.expr:
    """Return the parts joined by `and`."""
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), list(parts))


def any_(parts: Sequence[ast.expr]) -> ast.expr:
    """Return the parts joined by `or`."""
    return parts[0] if len(parts) == 1 else ast.BoolOp(ast.Or(), list(parts))


def either(test: ast.expr, yes: ast.expr, no: ast.expr) -> ast.expr:
    """Return `yes if test else no`."""
    return ast.IfExp(test, yes, no)


def function_of(name: str, body: ast.expr) -> ast.expr:
    """Return `lambda name: body`."""
    return ast.Lambda(ast.arguments([], [ast.arg(name)], None, [], [], None, []), body)


def locate(tree: ast.AST) -> None:
    """Give every node the place that the compiler insists on, several times faster than `ast.fix_missing_locations`."""
    for node in in_pieces(_nodes(tree)):
        node.lineno = 1  # type: ignore[attr-defined]
        node.col_offset = 0  # type: ignore[attr-defined]


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all below it."""
    stack = [tree]
    while stack:
        node = stack.pop()
        for part in node.__dict__.values():
            if isinstance(part, ast.AST):
                stack.append(part)
            elif isinstance(part, list):
                stack.extend(item for item in part if isinstance(item, ast.AST))
        yield node
