"""What the linter thinks about rules: those that nothing can meet, and those that read more than they need.

It tells what it can prove: of tests that are joined by `&&`, and of one variable each.
"""

from collections.abc import Iterator, Mapping, Sequence

import attrs

from ..expr import Call, Expr, Var, conjuncts, negate, reads, text, walk
from ..familiarity import Familiarity
from ..labels import Labeller
from ..offers import Intent, Offer
from ..policy import Policy
from ..schema import ValueType
from .findings import Finding
from .value_sets import ValueSet, let_through


@attrs.frozen(eq=False)
class _Part:
    """
    A test that must be surely true.

    Attributes:
        test: The test.
        stands: What the author wrote, if it stands in the rule itself and not in a segment that it reads.
    """

    test: Expr
    stands: Expr | None


def rules_found(policy: Policy) -> Iterator[Finding]:
    """Yield what is odd about the rules of segments and offers."""
    segments = {f"segment.{segment.name}": segment.when for segment in policy.segments}
    absent = {f"profile.{a.name}" for a in policy.attributes if a.absent is not None}
    labeller = Labeller(policy)
    coarse = {
        name: frozenset(conjuncts(rule))
        for name, rule in segments.items()
        if labeller.evidence([Var(name, ValueType.BOOL)]).familiarity is Familiarity.SEGMENT
    }
    for segment in policy.segments:
        yield from _rule(f"segment {segment.name}", segment.when, (), segments, absent)
    for offer in policy.offers:
        about = f"offer {offer.id}"
        yield from _rule(about, offer.when, offer.unless, segments, absent)
        yield from _exact(about, offer, coarse)
        yield from _sold_to_the_unknown(about, offer)


def _rule(
    about: str, when: Expr, unless: Sequence[Expr], segments: Mapping[str, Expr], absent: set[str]
) -> Iterator[Finding]:
    parts = [*_parts(when, segments), *(p for clause in unless for p in _negated_parts(clause))]
    if (reason := _contradiction(parts)) is not None:
        yield Finding("rule-never", about, reason, "correct the rule, or delete it")
        return
    yield from _spare(about, parts)
    for part in parts:
        match part.stands:
            case Call("missing", (Var(name),)) if name in absent:
                reason = f"{text(part.stands)} is never true, as {name} has a value where none is on record"
                yield Finding("missing-never", about, reason, "compare it with that value, or leave out `absent:`")


def _parts(rule: Expr, segments: Mapping[str, Expr]) -> Iterator[_Part]:
    """Yield the tests of a rule, with those of the segments that it reads."""
    for part in conjuncts(rule):
        yield _Part(part, part)
        inside = [part]
        seen: set[str] = set()
        while inside:
            one = inside.pop()
            if isinstance(one, Var) and one.name in segments and one.name not in seen:
                seen.add(one.name)
                inside += conjuncts(segments[one.name])
            elif one is not part:
                yield _Part(one, None)


def _negated_parts(clause: Expr) -> Iterator[_Part]:
    """Yield what must be surely true so that a clause of `unless` is surely false."""
    if isinstance(clause, Call) and clause.fn == "||":
        for arg in clause.args:
            yield from _negated_parts(arg)
    elif isinstance(clause, Call) and clause.fn == "!":
        yield from (_Part(part, part) for part in conjuncts(clause.args[0]))
    else:
        yield _Part(negate(clause), clause)


def _contradiction(parts: Sequence[_Part]) -> str | None:
    """Return why the tests cannot all be true; None if that cannot be proved."""
    tests = {part.test for part in parts}
    sets: dict[str, ValueSet] = {}
    missing = {name for test in tests for name in (reads(test) if _fn(test) == "missing" else ())}
    for part in parts:
        test = part.test
        if negate(test) in tests and negate(test) != test:
            return f"nobody can meet both {text(test)} and {text(negate(test))}"
        if _fn(negate(test)) == "has":
            return f"{text(test)} is never true: what is not known is unknown"
        found = let_through(test)
        if found is None:
            continue
        name = found[0].name.replace("protective.", "profile.", 1)
        if name in missing:
            return f"nobody can meet both missing({name}) and {text(test)}"
        before, sets[name] = sets.get(name, ValueSet()), sets.get(name, ValueSet()) & found[1]
        if sets[name].is_empty():
            return (
                f"no value of {name} meets {text(test)} and the rest" if before != ValueSet() else f"{text(test)} fails"
            )
    return None


def _fn(expr: Expr) -> str:
    return expr.fn if isinstance(expr, Call) else ""


def _spare(about: str, parts: Sequence[_Part]) -> Iterator[Finding]:
    """Yield tests that the other tests imply, the later one of two that imply each other."""
    left = list(parts)
    for part in reversed(parts):
        others = [one for one in left if one is not part]
        if part.stands is not None and _implied(part.test, others):
            left.remove(part)
            reason = f"{text(part.stands)} changes nothing, as the rest says so already"
            yield Finding("rule-spare", about, reason, "leave it out: what is not read need not be known")


def _implied(test: Expr, others: Sequence[_Part]) -> bool:
    if any(other.test == test for other in others):
        return True
    match test:
        case Call("has", (Var(name),)):
            return any((t := let_through(other.test)) is not None and t[0].name == name for other in others)
    if (found := let_through(test)) is None:
        return False
    var, wanted = found
    surely = {var.name, var.name.replace("protective.", "profile.", 1)}
    known: ValueSet | None = None
    for other in others:
        one = let_through(other.test)
        if one is not None and one[0].name in surely:
            known = one[1] if known is None else known & one[1]
    return known is not None and known <= wanted


def _exact(about: str, offer: Offer, coarse: Mapping[str, frozenset[Expr]]) -> Iterator[Finding]:
    """Yield rules that spell out the rule of a segment, and so stand on more than they need."""
    mine = frozenset(conjuncts(offer.when))
    for name, rule in sorted(coarse.items()):
        if rule and rule <= mine and any(r.startswith("profile.") for part in rule for r in reads(part)):
            spelt = " && ".join(sorted(map(text, rule)))
            reason = f"it reads exact values: {spelt} is what {name} says"
            yield Finding("rule-exact", about, reason, f"write {name}, which makes its basis less familiar")


def _sold_to_the_unknown(about: str, offer: Offer) -> Iterator[Finding]:
    """Yield offers that pick those of whom something is not known, and ask nothing."""
    for node in walk(offer.when):
        match node:
            case Call("missing", (Var(name),)) if offer.intent is Intent.SELL:
                reason = f"it sells to those of whom {name} is not known, and asks nothing"
                yield Finding("missing-idle", about, reason, "ask with an offer that informs, or leave out `missing`")
