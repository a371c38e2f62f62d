"""How near a budget for everyone is to being used up: while it is far, no pick asks for it, and none passes it by."""

import pytest

import tactful
from tactful.authoring import compile_files
from tactful.clock import DAY_US
from tactful.consent import Consent, Consents, ConsentState, How
from tactful.engine.budgets import Budgets
from tactful.memory import MemoryStore
from tactful.profile import Snapshot

NOW_US = 20_000 * DAY_US
POLICY = """
values: {{dial: balanced, zone: UTC}}
channels: {{web: private}}
placements: {{home: {{channel: web, slots: 3}}}}
purposes: {{offers: {{basis: consent, say: choose offers for you}}}}
topics: {{food: {{}}, toys: {{}}}}
caps: {{budget: {cap}}}
offers:
  all: {{intent: sell, purpose: offers, topic: food}}
  a: {{value: 5, treatments: [A]}}
  b: {{value: 4, treatments: [B]}}
  c: {{value: 3, treatments: [C]}}
  d: {{value: 2, topic: toys, treatments: [D]}}
"""
SEVEN = "{of: topic, per: everyone, count: 7, within: 7d}"
#: What is clicked speaks against the cap; it leaves the window before what was shown after it.
WEIGHED = "{of: topic, per: everyone, count: 4, within: 7d, weights: {click: -2}}"


@pytest.fixture
def moment():
    return [NOW_US]


def opened(cap, moment):
    policy = compile_files({"policy.yaml": POLICY.format(cap=cap).encode()})
    store = MemoryStore(clock=lambda: moment[0])
    agreed = Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOW_US - DAY_US),), NOW_US)
    people = [Snapshot(f"c{number}", NOW_US, {}) for number in range(9)]
    store.put_many(people, {one.customer: agreed for one in people}, ())
    return tactful.open(policy, store=store, clock=lambda: moment[0])


def shown(edge, number):
    return "".join(pick.offer for pick in edge.decide("home", f"c{number}").picks)


def test_a_budget_is_used_up_to_the_last_and_no_further(moment):
    with opened(SEVEN, moment) as edge:
        assert [shown(edge, number) for number in range(4)] == ["abc", "abc", "ad", "d"]


def test_without_looking_how_near_it_is_it_would_be_passed(moment, monkeypatch):
    monkeypatch.setattr(Budgets, "_near", lambda *_: None)
    with opened(SEVEN, moment) as edge:
        assert [shown(edge, number) for number in range(4)] == ["abc", "abc", "abc", "d"]


def test_room_that_lapses_is_room_again_and_counted_again(moment):
    with opened(SEVEN, moment) as edge:
        assert [shown(edge, number) for number in range(3)] == ["abc", "abc", "ad"]
        moment[0] += DAY_US
        assert [shown(edge, number) for number in range(4)] == ["abc", "abc", "ad", "d"]


def test_a_budget_of_which_less_is_left_as_what_spoke_against_it_leaves_is_kept_all_the_same(moment):
    with opened(WEIGHED, moment) as edge:
        edge.observe("c8", "click", topic="food", offer="a")
        moment[0] += 4 * DAY_US
        decision = edge.decide("home", "c0")
        edge.record(decision, "shown")
        assert [pick.offer for pick in decision.picks] == ["a", "b", "c"]
        moment[0] += 4 * DAY_US
        assert shown(edge, 1) == "ad"


def test_what_a_budget_has_left_is_never_more_than_it_says(moment):
    with opened(SEVEN, moment) as edge:
        budgets = edge._tail.budgets_of(edge.plan)
        for number in range(9):
            food = next((count for (_, topic), count in budgets._counts.items() if topic == "food"), None)
            left = 7 - (0 if food is None else food.inside(moment[0]))
            assert budgets.nearest <= left or left <= 0
            shown(edge, number)
