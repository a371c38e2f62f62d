"""The best groups are found by two ways at once, and are those that a look at all of them finds."""

from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.differential.mutating import Mutant, mutated

from tactful.authoring import compile_files
from tactful.engine import heads as stage
from tactful.engine.rank import Factors
from tactful.plan import groups
from tactful.plan.plan import Plan
from tactful.registry import Registry
from tactful.testing.differential.run import run

OFFERS, KEYS = 1200, 600
#: From here on offers have an affinity of their own, and those that would be like them stay alone too.
ALONE = 1100
POLICY = """
values: {dial: balanced, zone: UTC}
channels: {web: private}
placements: {home: {channel: web, slots: 3}}
topics: {food: {}}
purposes: {offers: {basis: consent, say: choose offers for you}, care: {basis: contract, say: serve you}}
context: {rain: bool}
profile:
  known:
    all: {owner: crm, purpose: [offers, care], source: observed}
    scores: scores
ranking:
  affinity: scores
  absent: 0.5
  ceiling: 4
  boosts: [{when: context.rain, times: 1.5, tags: [wet]}, {when: context.rain == false, times: 0.3, tags: [dry]}]
offers:
  all: {topic: food}
"""
SCORE = st.floats(0, 9) | st.sampled_from([0.0, 0.5, 1.0, 4.0, 4.5])


def _plan():
    lines = [POLICY]
    for number in range(OFFERS):
        intent, purpose = ("help", "sell", "sell", "inform")[number % 4], ("offers", "care")[number % 3 == 0]
        tag, key = ("wet", "dry", "both")[number % 3], number * 7 % KEYS if number < ALONE else number
        kind, rest = f"intent: {intent}, purpose: {purpose}", f"tags: [{tag}], affinity: k{key}"
        treatments = "[One, {title: Two, lift: 1.1}]" if number % 5 == 0 else "[One]"
        lines.append(f"  o{number}: {{{kind}, {rest}, value: {number % 23}, treatments: {treatments}}}\n")
    return Plan.build(compile_files({"policy.yaml": "".join(lines).encode()}), Registry.installed())


PLAN = _plan()


@pytest.fixture(autouse=True, scope="module")
def _many_are_looked_up():
    """Let both ways be gone soon: there are few groups here."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stage, "_STEP", 8)
        patched.setattr(stage, "_SCORES_A_GROUP", 10_000)
        yield


def _by_a_look_at_all(plan, allow, factors):
    found = []
    for group in plan.groups:
        for bits, blind in ((group.bits & ~factors.blind, False), (group.bits & factors.blind, True)):
            if allow & bits:
                found.append(stage.head_of(plan.offer_at, allow & bits, bits, factors.of(group.first, blind=blind)))
        if not group.bits and allow & group.first.bits:
            found.append(stage.head_of(plan.offer_at, allow & group.first.bits, 0, factors.of(group.first)))
    return sorted(found)


@st.composite
def customers(draw):
    """What is allowed, what no affinity ranks, which boosts hold, and the scores under each purpose."""
    keys = draw(st.sampled_from([0, 1, 30, OFFERS]))
    random = Random(draw(st.integers(0, 2**32)))  # noqa: S311 - nothing secret; hundreds of draws would be slow
    spread = draw(st.sampled_from(["flat", "skewed", "even"]))
    alike = draw(SCORE)
    scores = {
        f"k{number}": {"flat": alike, "skewed": 9 / (place + 1), "even": random.uniform(0, 6)}[spread]
        for place, number in enumerate(random.sample(range(OFFERS), keys))
    }
    some = st.sampled_from([PLAN.everything, 0, random.getrandbits(PLAN.everything.bit_length()) & PLAN.everything])
    views = draw(st.sampled_from([(scores, scores), (scores, None), (None, scores), (None, None)]))
    views = (*views, *(views[0] for _ in PLAN.slots.purposes[2:]))
    blind = draw(st.sampled_from([0, 0, PLAN.everything, PLAN.everything // 3, 5]))
    return draw(some), Factors(PLAN, views, blind, draw(st.integers(0, 3)))


def _agree(allow, factors):
    assert list(stage.heads(PLAN, allow, factors)) == _by_a_look_at_all(PLAN, allow, factors)


@settings(max_examples=150)
@given(customers())
def test_the_groups_come_as_a_look_at_all_of_them_puts_them(customer):
    _agree(*customer)


def test_the_offers_are_so_many_that_groups_are_looked_up_by_affinity():
    assert {one.helps for one in PLAN.grouped if one.of_affinity} == {False}
    assert {one.helps for one in PLAN.grouped} == {True, False}


MISTAKES = [
    Mutant("engine.heads", "while heap and heap[0][:3] < limit:", "while heap:", 0),
    Mutant("engine.heads", "max(floor, min(score, factors.ranking.ceiling))", "floor", 0),
    Mutant(
        "engine.heads", "if group.first.offer.affinity not in done]\n            if place", "]\n            if place", 0
    ),
    Mutant("engine.heads", "if group.first.index >= begin]", "]", 0),
    Mutant("engine.heads", "least = max(floor, above * share)", "least = above * share + 1", 0),
    Mutant("engine.heads", "factors.boosted(floor))", "0.0)", 0),
    Mutant("engine.heads", "(bits or first.bits)", "bits", 0),
    Mutant("engine.heads", "(not first.helps, -base * factor,", "(not first.helps, -first.base * factor,", 0),
    Mutant("engine.heads", "if bits and unliked != bits:", "if False:", 0),
    Mutant("engine.rank", "affinity *= max(times, 1.0)", "pass", 0),
    Mutant("engine.rank", "if not self.blind and all(", "if all(", 0),
    Mutant("engine.rank", "tops = [max(scores.values())", "tops = [min(scores.values())", 0),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_a_mistake_in_the_order_is_seen(mistake):
    look = settings(max_examples=200, database=None, derandomize=True, phases=[Phase.generate])(
        given(customers())(lambda customer: _agree(*customer))
    )
    with mutated(mistake), pytest.raises(AssertionError):
        look()


def test_few_groups_are_looked_at_where_many_are_alike_in_worth_or_in_affinity():
    flat = dict.fromkeys((f"k{number}" for number in range(OFFERS)), 2.0)
    skewed = {key: 4 / (place + 1) for place, key in enumerate(flat)}
    rest, looked = PLAN.grouped[-1], []
    for scores in (flat, skewed):
        factors = Factors(PLAN, (scores,) * len(PLAN.slots.purposes), 0, 0)
        sixth = [head for head in stage.heads(PLAN, PLAN.everything, factors) if head[0] is not rest.helps][5]
        seen = 0
        for some, limit in stage._looks(rest, factors):
            seen += len(some)
            if sixth[:3] < limit:
                break
        looked.append(seen)

    assert max(looked) < len(rest.groups) / 3


def test_the_engine_decides_as_the_reference_where_groups_are_looked_up_by_affinity(monkeypatch):
    monkeypatch.setattr(groups, "_FEW", 1)
    monkeypatch.setattr(stage, "_STEP", 1)

    assert not run(1000).differences
