"""Many conditions in one generated function: one call, no frame per rule. It decides nothing by itself."""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, starmap
from typing import Final, cast

import attrs

from ..clock import NEVER_US
from ..expr import Expr, reads
from ..pieces import in_pieces
from ..policy import Boost
from . import conditions
from .bounds import Bound
from .requirements import Requirement
from .slots import Slots
from .syntax import constant, load, parsed

#: What a fused function returns: the treatments allowed, flags that are set, and until when that holds.
Truth = tuple[int, int, int]
#: `(views, seen, q, k, c, now) -> Truth`
Fused = Callable[..., Truth]

#: So many tests are compiled at once: a millisecond. With fewer, a customer's first decision calls more functions.
_PIECE: Final = 64
_ARGUMENTS = ["v", "n", "q", "k", "c", "now"]


@attrs.frozen(eq=False)
class Guarded:
    """A test with what follows when it does not let off: the treatments that are barred, and flags to set."""

    test: ast.expr
    barred: int = 0
    flags: int = 0
    crossings: tuple[Expr, ...] = ()
    purpose: int | None = None


def holds(requirement: Requirement, emitter: conditions.Emitter) -> ast.expr:
    """Return the code that is true if a requirement is met."""
    if requirement.kind == "when":
        return emitter.surely_true(requirement.expr)
    if requirement.kind == "unless":
        return emitter.surely_false(requirement.expr)
    return emitter.known(requirement.expr)


def is_momentary(expr: Expr) -> bool:
    """Return whether a truth depends on the moment: on the context, or on `now` in a way that cannot be foretold."""
    names = reads(expr)
    if any(name.startswith("context.") for name in names):
        return True
    return "now" in names and conditions.crossing(expr) is None


def is_foreseen(expr: Expr) -> bool:
    """Return whether it can be told until when a truth stays as it is in the same context."""
    return "now" not in reads(expr) or conditions.crossing(expr) is not None


def foreseen(requirements: Sequence[Requirement], boosts: Iterable[Boost]) -> bool:
    """Return whether that can be told of all requirements, and of boosts, which are evaluated each by itself."""
    if any("now" in reads(one.when) for one in boosts):
        return False
    return all(is_foreseen(one.expr) for one in in_pieces(requirements))


def crossings_of(expr: Expr) -> tuple[Expr, ...]:
    """Return when a truth changes in the same context, as far as that is foreseen: expressions without `now`."""
    return tuple(conditions.crossing(expr) or ()) if "now" in reads(expr) else ()


def fuse_requirements(slots: Slots, requirements: Sequence[Requirement], everything: int) -> Fused:
    """Return a function that gives the treatments whose requirements among these are all met."""
    emitters: dict[int, conditions.Emitter] = {}

    def test(one: Requirement) -> Guarded:
        emitter = emitters.setdefault(one.purpose, conditions.Emitter(slots.names(one.purpose)))
        return Guarded(holds(one, emitter), one.bits, 0, crossings_of(one.expr), one.purpose)

    return _compile(slots, map(test, in_pieces(requirements)), everything)


def fuse_bounds(slots: Slots, bounds: Sequence[tuple[Bound, int]], everything: int) -> Fused:
    """Return a function that gives what the bounds (each with the flags that it sets) allow, and the flags."""
    emitter = conditions.Emitter(slots.names())

    def test(bound: Bound, flags: int) -> Guarded:
        crossings = crossings_of(bound.condition)
        return Guarded(emitter.surely_false(bound.condition), everything & ~bound.allow, flags, crossings)

    return _compile(slots, starmap(test, in_pieces(bounds)), everything)


def _compile(slots: Slots, tests: Iterator[Guarded], everything: int) -> Fused:
    """
    Return one function for all tests.

    Many are made, compiled and let go in pieces: neither the compiler nor who frees memory lets anybody else run.
    """
    parts: list[Fused] = []
    while piece := tuple(islice(tests, _PIECE)):
        parts.append(_compile_piece(slots, piece, everything))
    if not parts:
        return _compile_piece(slots, (), everything)
    return parts[0] if len(parts) == 1 else _in_turn(tuple(parts), everything)


def _in_turn(parts: Sequence[Fused], everything: int) -> Fused:
    """Return a function that gives what all parts allow, the flags of all, and for how long all of that holds."""

    def met(v: object, n: object, q: object, k: object, c: object, now: int) -> Truth:
        allow, flags, until = everything, 0, NEVER_US
        for part in parts:
            m, f, u = part(v, n, q, k, c, now)
            allow &= m
            flags |= f
            until = min(until, u)
        return allow, flags, until

    return met


def _compile_piece(slots: Slots, tests: Sequence[Guarded], everything: int) -> Fused:
    body: list[ast.stmt] = [*parsed(f"b = f = 0; u = {NEVER_US}")]
    for test in in_pieces(tests):
        effects = list(_effects(test))
        body.append(ast.If(ast.UnaryOp(ast.Not(), test.test), effects or [ast.Pass()], []))
        emitter = conditions.Emitter(slots.names(test.purpose))
        for crossing in test.crossings:
            body += _until(emitter.value(crossing))
    allowed = ast.BinOp(constant(everything), ast.BitXor(), load("b"))
    body.append(ast.Return(ast.Tuple([allowed, load("f"), load("u")], ast.Load())))
    return cast("Fused", conditions.compile_function("fused", _ARGUMENTS, [*_unpack(slots, body), *body], {}))


def _unpack(slots: Slots, body: Iterable[ast.AST]) -> Iterable[ast.stmt]:
    """Yield the code that puts the views that a body reads into local variables."""
    used = {node.id for part in in_pieces(body) for node in ast.walk(part) if isinstance(node, ast.Name)}
    for index in range(len(slots.purposes)):
        for local, whole in ((f"p{index}", "v"), (f"n{index}", "n")):
            if local in used:
                yield from parsed(f"{local} = {whole}[{index}]")


def _effects(test: Guarded) -> Iterable[ast.stmt]:
    """Yield what a test does; sets come in as they are, so that there is no second one, nor digits to be read."""
    for name, bits in (("b", test.barred), ("f", test.flags)):
        if bits:
            yield ast.AugAssign(ast.Name(name, ast.Store()), ast.BitOr(), constant(bits))


def _until(moment: ast.expr) -> list[ast.stmt]:
    """Return the code that ends the holding time at a moment, or one microsecond after it when it is now."""
    lines = parsed("if t is not None:\n    if now < t < u: u = t\n    elif now == t < u: u = t + 1")
    return [ast.Assign([ast.Name("t", ast.Store())], moment), *lines]


def single(
    slots: Slots, test: Callable[[conditions.Emitter], ast.expr], purpose: int | None = None
) -> Callable[..., object]:
    """Return one condition as a function of its own, with the same arguments; without a purpose it sees no profile."""
    code = test(conditions.Emitter(slots.names(purpose)))
    body: list[ast.stmt] = [*_unpack(slots, [code]), ast.Return(code)]
    return conditions.compile_function("single", _ARGUMENTS, body, {})


def both(one: Fused | None, other: Fused | None) -> Fused | None:
    """Return a function that gives what both allow, for as long as both hold."""
    if one is None or other is None:
        return one or other
    first, second = one, other

    def met(v: object, n: object, q: object, k: object, c: object, now: int) -> tuple[int, int, int]:
        m1, f1, u1 = first(v, n, q, k, c, now)
        m2, f2, u2 = second(v, n, q, k, c, now)
        return m1 & m2, f1 | f2, min(u1, u2)

    return met
