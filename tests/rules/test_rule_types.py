"""Rules that are called well typed cannot raise; those that the compiler makes all are, and others are found out."""

import attrs
import pytest

from tactful.expr import Call, Const, Expr, Local, Quantifier, Var, replace, walk
from tactful.plan.rule_types import SIGNATURES, faults
from tactful.schema import ValueType

from .test_rules_against_google import BOOL, INT, LISTS, NOW, SCALARS, TEXT, TIME, VARIABLES, Writer, data, seeded

KNOWN = {**VARIABLES, "now": TIME}
TYPES = (*SCALARS, *LISTS.values())


def wrong(rule, type_=None):
    return list(faults(rule, KNOWN, lambda found: type_ in (None, found)))


def test_what_the_compiler_makes_is_well_typed(compiler):
    used = set()
    for seed in range(2000):
        random = seeded(seed)
        type_ = random.choice(TYPES)
        rule = Writer(random).expr(type_, random.randrange(1, 5))
        assert wrong(rule, type_) == []
        used |= {(node.fn, tuple(arg.type for arg in node.args)) for node in walk(rule) if isinstance(node, Call)}
    compiled = [compiler.translate(source) for source in SOURCES]
    assert [wrong(rule, BOOL) for rule in compiled] == [[]] * len(SOURCES)
    assert SIGNATURES.keys() <= used  # none is allowed that no rule needs


SOURCES = (
    "profile.text0 in ['a', 'b'] || profile.ints0 == []",
    "[] == profile.ints0 && profile.texts0.exists(t, t in [])",
    "profile.numbers0.all(n, n > 1.0) ? has(profile.bool0) : missing(profile.bool1)",
    "profile.time0.getHours('Europe/Berlin') > 3 && now - profile.time1 > duration('90d')",
    "profile.texts0.exists(t, profile.texts1.exists(u, u == t && size(t) > 2))",
    "string(profile.int0) == profile.text0 && double(profile.int0) > 0.5 && int(profile.time0) > 0",
)


@pytest.fixture(scope="module")
def compiler():
    from tactful.authoring.rules import RuleCompiler  # noqa: PLC0415 - needs the extra

    return RuleCompiler(KNOWN)


def altered(random, rule):
    """A rule with one of its nodes made another: of another type, with other arguments, or another function."""
    nodes = list(walk(rule))
    chosen = random.choice(nodes)

    def change(node):
        return other(random, node) if node is chosen else None

    return replace(rule, change)


def other(random, node):
    match node, random.randrange(4):
        case Call(fn, args), 0:
            return Call(random.choice([name for name, _ in SIGNATURES]), args, node.type)
        case Call(fn, args), 1:
            return Call(fn, args[1:] if random.random() < 0.5 else (*args, *args[:1]), node.type)
        case Quantifier(), 0 | 1:
            return attrs.evolve(node, kind=random.choice(["exists", "all", "none"]), local="elsewhere")
        case _, 2:
            return attrs.evolve(node, type=random.choice(TYPES)) if not isinstance(node, Const) else node
    type_ = random.choice(TYPES)
    return random.choice([Var("profile.int0", type_), Local("v0", type_), Writer(random).leaf(type_)])


def raises(rule, form, random):
    """Say whether a rule cannot be compiled, or raises for some of many customers."""
    try:
        compiled = form(rule)
        for _ in range(8):
            known, lacking = data(random, share=0.95)
            compiled.value(known, lacking, NOW)
            if rule.type is BOOL:
                compiled.truth(known, lacking, NOW)
    except Exception:  # noqa: BLE001 - that is the question
        return True
    return False


def test_a_rule_without_faults_never_raises(rule):
    counts = {"fine": 0, "found out": 0, "found out, and raises": 0}
    for seed in range(6000):
        random = seeded(seed)
        tree = altered(random, Writer(random).expr(BOOL, random.randrange(1, 5)))
        fails = raises(tree, rule, random)
        if wrong(tree, BOOL):
            counts["found out, and raises" if fails else "found out"] += 1
        else:
            assert not fails, tree
            counts["fine"] += 1
    print(counts)  # noqa: T201 - the figures
    assert counts["fine"] > 300
    assert counts["found out, and raises"] > 300


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (Var("profile.int9", INT), "no variable profile.int9 of type int is there"),
        (Var("profile.int0", TEXT), "no variable profile.int0 of type text is there"),
        (Local("tag", TEXT), "nothing binds tag as text"),
        (Call("startsWith", (Var("profile.int0", INT),) * 2, BOOL), "startsWith of int, int makes no sense"),
        (Call("now", (), TIME), "now of  makes no sense"),
        (Call(">", (Var("profile.int0", INT), Const(INT, None)), BOOL), "a literal without a value makes no sense"),
        (Call("has", (Var("now", TIME),), BOOL), "has of time makes no sense"),
        (Call("list", (), ValueType.TEXTS), "list of  makes no sense"),
        (
            Quantifier("exists", "t", Var("profile.text0", TEXT), Const(BOOL, value=True)),
            "exists of text makes no sense",
        ),
        (Call("!", (Const(BOOL, value=True),), INT), "! of bool makes no sense"),
    ],
)
def test_faults_are_told_in_words(rule: Expr, fault):
    assert wrong(rule) == [fault]


def test_the_whole_has_the_type_that_is_wanted():
    assert wrong(Var("profile.int0", INT), BOOL) == ["a rule of type int does not belong there"]


def test_a_variable_is_bound_inside_its_quantifier_alone():
    tags = Var("profile.texts0", ValueType.TEXTS)
    tag = Call("==", (Local("tag", TEXT), Const(TEXT, "jazz")), BOOL)
    inside = Quantifier("exists", "tag", tags, tag)

    assert wrong(inside, BOOL) == []
    assert wrong(Call("&&", (inside, tag), BOOL), BOOL) == ["nothing binds tag as text"]
