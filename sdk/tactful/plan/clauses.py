"""Rules as clauses: all of them must be met, and one part of each is enough. It evaluates nothing."""

import itertools

from ..expr import Call, Expr, negate

#: A rule that comes to more clauses than this is left whole.
_CLAUSES_MAX = 8
#: The parts of which one must surely be what the rule is wanted to be.
Clause = tuple[Expr, ...]


def clauses(expr: Expr, *, wanted: bool) -> tuple[Clause, ...]:
    """
    Return the clauses that all have a part which surely is what is wanted, exactly if the rule surely is.

    A conjunction surely holds if every part surely does, and a disjunction if one does: that is so with what is unknown
    too, for `&&` and `||` are surely true by nothing else. So one distributes over the other.

    Args:
        expr: The rule.
        wanted: Whether it is to be surely true, or surely false.
    """
    return _clauses(expr, wanted=wanted) or ((expr,),)


def _clauses(expr: Expr, *, wanted: bool) -> tuple[Clause, ...]:
    """Return the same; none where they would be too many."""
    every, some = ("&&", "||") if wanted else ("||", "&&")
    match expr:
        case Call("!", (inner,)):
            return tuple(tuple(map(negate, clause)) for clause in _clauses(inner, wanted=not wanted))
        case Call(fn, parts) if fn == every:
            inside = [_clauses(part, wanted=wanted) for part in parts]
            found = tuple(itertools.chain(*inside)) if all(inside) else ()
        case Call(fn, parts) if fn == some:
            found = ((),)
            for part in parts:
                met = _clauses(part, wanted=wanted)
                found = tuple((*one, *other) for one in found for other in met) if len(met) <= _CLAUSES_MAX else ()
        case _:
            return ((expr,),)
    return found if len(found) <= _CLAUSES_MAX else ()
