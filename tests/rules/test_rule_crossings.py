"""Between the moments that `crossing` gives, no truth changes, however the clock runs."""

from random import Random

import pytest

from tactful.authoring.rules import RuleCompiler
from tactful.expr import text
from tactful.plan.conditions import crossing
from tactful.plan.operators import DURATION_MAX_US, TIME_MAX_US, TIME_MIN_US
from tactful.schema import ValueType

VARIABLES = {
    **{f"t{i}": ValueType.TIME for i in range(3)},
    **{f"d{i}": ValueType.DURATION for i in range(3)},
    "b": ValueType.BOOL,
    "now": ValueType.TIME,
}
NOW = 1_790_000_000_000_000
DAY = 86_400_000_000


@pytest.fixture(scope="module")
def compiler():
    return RuleCompiler(VARIABLES)


EDGES = tuple(str(edge) for edge in (TIME_MIN_US, TIME_MAX_US, -DURATION_MAX_US, DURATION_MAX_US))


def seeded(seed):
    return Random(seed)  # noqa: S311 - the same cases each time


def moment(random, depth):
    if depth == 0 or random.random() < 0.4:
        return random.choice(["now", "now", "t0", "t1", "t2", 'timestamp("2026-09-22T00:00:00Z")'])
    left, right = moment(random, depth - 1), length(random, depth - 1)
    return random.choice([f"({left} + {right})", f"({left} - {right})", f"({right} + {left})"])


def length(random, depth):
    if depth == 0 or random.random() < 0.4:
        return random.choice(["d0", "d1", "d2", 'duration("1d")', 'duration("36h")'])
    if random.random() < 0.6:
        return f"({moment(random, depth - 1)} - {moment(random, depth - 1)})"
    return f"({length(random, depth - 1)} {random.choice('+-')} {length(random, depth - 1)})"


def condition(random, depth):
    pick = random.randrange(6) if depth else 5
    if pick < 2:
        return f"({condition(random, depth - 1)} {random.choice(['&&', '||', '=='])} {condition(random, depth - 1)})"
    if pick == 2:
        return f"!{condition(random, depth - 1)}"
    if pick == 3:
        return f"(b ? {condition(random, depth - 1)} : {condition(random, depth - 1)})"
    operator, kind = random.choice(["<", "<=", ">", ">=", "==", "!="]), random.choice([moment, length])
    return f"({kind(random, 2)} {operator} {kind(random, 2)})"


def data(random):
    known = {f"t{i}": NOW + random.randrange(-4, 5) * DAY for i in range(3)}
    known |= {f"d{i}": random.randrange(-3, 4) * DAY for i in range(3)} | {"b": random.random() < 0.5}
    if random.random() < 0.2:
        known["t0"] = random.choice([0, TIME_MAX_US, NOW - DURATION_MAX_US + DAY])
        known["d0"] = random.choice([DURATION_MAX_US, TIME_MAX_US - NOW - DAY])
    return {name: value for name, value in known.items() if random.random() < 0.9}


def stretches(rule, moments, known):
    """The stretches of time in which the truth must stay, and the moments between them, which belong to none."""
    crossed = sorted({at for one in moments if (at := rule(one).value(known)) is not None and at >= 0})
    starts = [0, *(at + 1 for at in crossed)]
    ends = [*(at - 1 for at in crossed), TIME_MAX_US]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if start <= end]


def restless(random, rule, tree, moments, known):
    """Return a stretch in which the truth changes, or None."""
    form = rule(tree)
    for start, end in stretches(rule, moments, known):
        edges = {start, end, *(at for at in range(NOW - 9 * DAY, NOW + 9 * DAY, DAY // 2) if start <= at <= end)}
        probes = edges | {random.randint(start, end) for _ in range(5)}
        if len({form.value(known, {}, at) for at in probes}) > 1:
            return start, end
    return None


def test_no_truth_changes_between_its_moments(rule, compiler):
    random, followed, given_up = seeded(3), 0, 0
    for _ in range(600):
        tree = compiler.translate(condition(random, 3))
        moments = crossing(tree)
        if moments is None:
            given_up += 1
            continue
        followed += bool(moments)
        for _ in range(3):
            known = data(random)
            assert restless(random, rule, tree, moments, known) is None, (text(tree), known)
    assert followed > 100
    assert given_up > 20


def test_a_moment_left_out_is_noticed(rule, compiler):
    random, noticed = seeded(3), 0
    for _ in range(100):
        tree = compiler.translate(condition(random, 2))
        moments = crossing(tree)
        if moments:
            noticed += restless(random, rule, tree, moments[1:], data(random)) is not None
    assert noticed > 5


@pytest.mark.parametrize(
    ("source", "moments"),
    [
        ("now >= t0", ["t0"]),
        ("t0 > now - d0", ["t0 + d0"]),
        ('now < timestamp("2026-01-01T00:00:00Z") && now > t0', ['timestamp("2026-01-01T00:00:00Z")', "t0"]),
        ("b ? now < t0 : t0 < t1", ["t0"]),
        ("(now < t0) == b", ["t0"]),
        ("now - now < d0", []),
        ("t0 < t1", []),
    ],
)
def test_the_moments_of_simple_rules(compiler, source, moments):
    given = [text(one) for one in crossing(compiler.translate(source))]
    # Besides, a sum becomes unknown where it leaves the calendar.
    assert [one for one in given if not one.startswith(EDGES)] == moments


@pytest.mark.parametrize(
    "source",
    [
        "now.getHours() < 5",
        "int(now) < 5",
        "now - t0 < t1 - now",
        "(b ? now : t0) < t1",
        "[1, 2].exists(i, i == 1 && now < t0)",
        'b && now.getDayOfWeek("Europe/Berlin") == 0',
    ],
)
def test_what_changes_otherwise_has_no_moments(compiler, source):
    assert crossing(compiler.translate(source)) is None
