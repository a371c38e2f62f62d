"""What is in hand under strict caps is the same as sets and one by one; a mistake in the sets is caught."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.differential.mutating import Mutant, mutated

from tactful.authoring import compile_files
from tactful.clock import NEVER_US
from tactful.engine.counted import StrictThen
from tactful.engine.limited import without_room
from tactful.engine.strict import Strict
from tactful.evidence import RoomInHand
from tactful.plan.plan import Plan
from tactful.registry import Registry

HEAD = b"""
channels: {web: private}
placements: {rows: {channel: web, slots: 3}}
topics: {food: {}, drink: {}}
purposes: {offers: consent}
profile: {shop: {all: {owner: crm, purpose: offers}, name: {type: text, say: your name}}}
offers:
  all: {intent: sell, topic: food, purpose: offers}
  bread: {treatments: [Bread]}
  olives: {treatments: [Olives, {title: "{profile.name}'s olives"}]}
  wine: {topic: drink, treatments: [Wine, {title: "Wine for {profile.name}"}]}
  water: {topic: drink, treatments: [Water]}
caps:
  each: {of: offer, count: 4, within: 1d, strict: true, exempt: []}
  softer: {of: offer, count: 2, within: 1d, strict: true, then: downgrade, exempt: []}
  topics: {of: topic, count: 3, within: 1d, strict: true, exempt: []}
"""
OFFERS = ("bread", "olives", "wine", "water")
TOPICS = ("food", "drink")


@pytest.fixture(scope="module")
def plan():
    return made()


def made():
    return Plan.build(compile_files({"policy.yaml": HEAD}), Registry.installed())


def nobody(*_):
    """Hear of nothing that is asked of the centre."""


def strict_caps(plan):
    return [cap for cap in plan.caps if cap.cap.strict]


def strict_of(plan):
    return Strict(plan, "customer", "ann", None, nobody)


keys = st.one_of(
    st.tuples(st.sampled_from(("each", "softer")), st.sampled_from(OFFERS)),
    st.tuples(st.just("topics"), st.sampled_from(TOPICS)),
)
events = st.lists(
    st.one_of(
        st.tuples(st.just("put"), keys, st.integers(1, 4)),
        st.tuples(st.just("take"), keys, st.just(1)),
        st.tuples(st.just("wait"), st.none(), st.integers(1, 30)),
        st.tuples(st.just("all"), st.none(), st.just(0)),
    ),
    max_size=25,
)


def follow(plan, happened):
    """Follow what happened in the sets, and in plain lists beside them; return both at the end, and the moment."""
    strict, plain, now_us = strict_of(plan), {}, 0
    caps = {cap.id.partition(".")[2]: cap for cap in strict_caps(plan)}
    for number, (what, key, count) in enumerate(happened):
        if what == "wait":
            now_us += count
        elif what == "all":
            strict._held.give_back()
            plain = {}
        else:
            at = (caps[key[0]].number, key[1])
            strict._held.lapse(now_us)
            plain = {one: [until for until in untils if until > now_us] for one, untils in plain.items()}
            if what == "put":
                strict._held.put(at, now_us + 20, [f"{number}.{one}" for one in range(count)])
                plain.setdefault(at, []).extend([now_us + 20] * count)
            else:
                unit = strict._held.take(at)
                assert (unit is not None) == bool(plain.get(at))
                plain[at] = plain.get(at, [])[1:]
    return strict, {one: len([until for until in untils if until > now_us]) for one, untils in plain.items()}, now_us


def same(plan, happened):
    """Return whether what is withheld and asked for, and what is there, is what a loop over all values says."""
    strict, plain, now_us = follow(plan, happened)
    limited = strict.limited("web", now_us)
    without = [
        without_room(cap, reach)
        for cap in strict_caps(plan)
        for value, reach in cap.reached.items()
        if not plain.get((cap.number, value))
    ]
    lacking = [
        (cap.id, value)
        for cap in strict_caps(plan)
        for value in cap.reached
        if 2 * plain.get((cap.number, value), 0) < min(3 if cap.fills else 1, cap.cap.count)
    ]
    in_hand = [(cap, value, count) for cap, value, count in strict.in_hand(now_us)]
    then = StrictThen(plan, "customer", [RoomInHand(cap.id, value, "customer", count) for cap, value, count in in_hand])
    kept = then.limited("web", now_us)
    return (
        all_of(limited.acting) == all_of(kept.acting) == all_of(without)
        and {one.id for one in limited.acting} == {one.id for one in without}
        and [(ask.cap, ask.value) for ask in strict.lacking(now_us, "web")] == lacking
        and {(cap.number, value): count for cap, value, count in in_hand}
        == {one: count for one, count in plain.items() if count}
        and now_us < limited.until_us <= NEVER_US
    )


def all_of(found):
    """Return what each cap withholds and blinds."""
    sets = {}
    for one in found:
        withheld, blind = sets.get(one.id, (0, 0))
        sets[one.id] = (withheld | one.withheld, blind | one.blind)
    return sets


@settings(max_examples=300, deadline=None)
@given(events)
def test_sets_say_what_a_loop_over_all_values_says(happened):
    assert same(PLAN, happened)


def test_it_holds_until_the_first_unit_lapses(plan):
    strict = strict_of(plan)
    for number, value in [(cap.number, value) for cap in strict_caps(plan) for value in cap.reached]:
        strict._held.put((number, value), 50 + number, ["unit"])
    assert strict.limited("web", 0).acting == ()
    first = strict_caps(plan)[0]
    assert strict.limited("web", 0).until_us == 50 + first.number
    assert [one.id for one in strict.limited("web", 50 + first.number).acting] == [f"{first.id}.strict"]


PLAN = made()
LIVES = [
    [("put", ("each", "olives"), 1), ("wait", None, 25)],
    [("put", ("each", "olives"), 1), ("put", ("softer", "wine"), 1), ("take", ("each", "olives"), 1)],
    [("put", ("each", "wine"), 2), ("wait", None, 10), ("put", ("each", "wine"), 1), ("wait", None, 12)],
    [("put", ("topics", "food"), 1), ("put", ("topics", "drink"), 3)],
    [("put", ("each", "bread"), 2), ("all", None, 0)],
]
MUTANTS = [
    ("in_hand", "_with(self._some[number], bits, bool(held))", "self._some[number] | bits"),
    ("in_hand", "cap.wholly.blind & ~some", "cap.wholly.blind"),
    ("in_hand", "cap.wholly.withheld & ~some", "cap.wholly.withheld"),
    ("in_hand", "2 * len(held) >= self._targets[number]", "False"),
    ("in_hand", "while held and held[0][0] <= now_us:", "while False:"),
    ("in_hand", "self._held, self._ends = {}, []\n        self._some", "self._held, self._ends = {}, []\n        _ "),
    ("counted", "reduce(or_, bits, 0)", "0"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1]}")
def test_a_mutant_is_caught(mutant):
    assert all(same(PLAN, life) for life in LIVES)
    module, right, wrong = mutant
    with mutated(Mutant(f"engine.{module}", right, wrong)):
        assert not all(noticed(life) for life in LIVES), "nobody noticed"


def noticed(life):
    try:
        return same(PLAN, life)
    except (IndexError, AssertionError):
        return False
