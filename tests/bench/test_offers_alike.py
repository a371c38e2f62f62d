"""What a decision does, as the offers grow that ask the moment or are counted for everyone: counted, never timed."""

import importlib.util
import itertools
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

import tactful
from tactful.authoring import compile_files
from tactful.clock import DAY_US
from tactful.consent import Consent, Consents, ConsentState, How
from tactful.memory import MemoryStore
from tactful.plan import index
from tactful.plan.requirements import requirements_of
from tactful.profile import Observation, Snapshot
from tactful.schema import Source

_spec = importlib.util.spec_from_file_location("counting", Path(__file__).with_name("counting.py"))
counting = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(counting)

NOW_US = 20_500 * DAY_US + DAY_US // 2
#: A rule of each kind asks the moment, or something of the profile; with its offer's number, no two are the same.
ASKED = {
    "the hour": "context.hour > {few} || profile.visits > {many}",
    "the weekday": 'now.getDayOfWeek("Europe/Berlin") in [0, {few}] || profile.visits > {many}',
    "what is in the basket": '"k{many}" in context.basket || profile.visits > {many}',
    "what is in it, one by one": 'context.basket.exists(item, item == "k{many}")',
    "both, nested": "(context.hour > {few} && profile.visits > {many}) || profile.visits < 0 - {many}",
}
POLICY = """
values: {{dial: balanced, zone: UTC}}
channels: {{web: private}}
placements: {{home: {{channel: web, slots: 3}}}}
topics: {{food: {{}}}}
purposes: {{offers: {{basis: consent, say: choose offers for you}}}}
context: {{hour: int, basket: list of text}}
profile:
  known:
    all: {{owner: crm, purpose: offers, source: observed}}
    visits: {{type: int, say: how often you visit}}
{more}
offers:
  all: {{intent: sell, purpose: offers, topic: food}}
"""
CAP = "caps: {{of_topics: {{of: topic, per: {per}, count: 100000, within: 7d}}}}"


def policy_of(offers, rule="", more=""):
    lines = [POLICY.format(more=more)]
    for number in range(offers):
        when = f"when: '{rule.format(few=number % 7, many=number)}', " if rule else ""
        lines.append(f"  o{number}: {{{when}value: {1 + number % 97}, treatments: [Offer {number}]}}\n")
    return compile_files({"policy.yaml": "".join(lines).encode()})


def opened(policy):
    store = MemoryStore(clock=lambda: NOW_US)
    agreed = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOW_US - DAY_US)
    seen = Observation(50, Source.OBSERVED, NOW_US - DAY_US)
    known = [Snapshot(f"c{number}", NOW_US, {"visits": seen}) for number in range(10)]
    consents = {one.customer: Consents((agreed,), NOW_US) for one in known}
    store.put_many(known, consents, ())
    return tactful.open(policy, store=store, clock=lambda: NOW_US)


def counted(policy):
    with closing(opened(policy)) as edge:
        hours = itertools.count()

        def decide():  # in another moment each time, as what filled a page is kept until one of them is
            for number in range(10):
                context = {"hour": next(hours) % 24, "basket": ["k3", "k11", "none"]}
                yield partial(edge.decide, "home", f"c{number}", context)

        return counting.counts_of(decide)


@pytest.mark.parametrize("asked", ASKED)
def test_ten_times_the_offers_that_ask_the_moment_make_a_decision_little_longer(asked):
    few, many = (counted(policy_of(offers, ASKED[asked])) for offers in (100, 400))

    assert many.instructions < 1.25 * few.instructions
    assert many.c_calls < 1.25 * few.c_calls


def test_without_looking_at_rules_in_halves_it_would_be_much_longer(monkeypatch):
    monkeypatch.setattr(index, "halved", lambda *_: None)
    few, many = (counted(policy_of(offers, ASKED["the hour"])) for offers in (100, 400))

    assert many.instructions > 1.5 * few.instructions


def test_a_budget_that_is_far_costs_less_than_two_thirds_of_a_decision_more():
    own, everyone = (counted(policy_of(100, more=CAP.format(per=per))) for per in ("customer", "everyone"))

    assert everyone.instructions < 1.65 * own.instructions


def test_offers_that_ask_one_hour_are_one_requirement_whatever_else_will_do():
    policy = policy_of(50, ASKED["the hour"])
    with closing(opened(policy)) as edge:
        found = index.indexed(
            edge.plan.slots, requirements_of(edge.plan.catalog, edge.plan.slots.purposes), edge.plan.everything
        )

    assert (len(found.lookups), len(found.eithers), found.left) == (0, 1, ())
