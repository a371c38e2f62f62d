"""What a decision does while budgets of many offers are used up and room lapses all the time: counted, never timed."""

import importlib.util
from contextlib import closing
from functools import partial
from pathlib import Path

import attrs
import pytest

import tactful
from tactful.authoring import compile_files
from tactful.clock import DAY_US, SECOND_US
from tactful.consent import Consent, Consents, ConsentState, How
from tactful.engine.counted_budgets import BudgetsForEvidence
from tactful.engine.log import Log
from tactful.engine.options import Options
from tactful.engine.reached_budgets import ReachedBudgets
from tactful.memory import MemoryStore
from tactful.profile import Snapshot

_spec = importlib.util.spec_from_file_location("counting", Path(__file__).with_name("counting.py"))
counting = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(counting)

POLICY = """
values: {dial: balanced, zone: UTC, reserve: 1m}
channels: {web: private}
placements: {home: {channel: web, slots: 3}}
topics: {food: {}}
purposes: {offers: {basis: consent, say: choose offers for you}}
caps: {budget: {of: offer, per: everyone, count: 1, within: 30d}}
offers:
  all: {intent: sell, purpose: offers, topic: food}
"""


class Clock:
    """A clock that tells another moment each time, so that room lapses in every decision."""

    now_us, step_us = 20_500 * DAY_US, 0

    def __call__(self):
        self.now_us += self.step_us
        return self.now_us


def used_up(offers, **logged):
    """Return what a decision counts where all offers but a few have been shown, with none to confirm it."""
    lines = "".join(f"  o{number}: {{value: {1 + number % 97}, treatments: [Offer]}}\n" for number in range(offers))
    clock = Clock()
    store = MemoryStore(clock=clock)
    agreed = Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, clock.now_us - DAY_US),), clock.now_us)
    people = [Snapshot(f"c{number}", clock.now_us, {}) for number in range(10)]
    store.put_many(people, {one.customer: agreed for one in people}, ())
    policy = compile_files({"policy.yaml": (POLICY + lines).encode()})
    if logged:
        policy = attrs.evolve(policy, values=attrs.evolve(policy.values, evidence_s=30 * 86_400))
    options = Options(refresh_s=10**8)
    with closing(tactful.open(policy, store=store, clock=clock, options=options, **logged)) as edge:
        clock.step_us = 60 * SECOND_US * 2 // offers  # most offers are shown in the time for which room is kept
        for number in range(offers // 2):
            edge.decide("home", f"c{number % 10}")
        budgets = edge._tail.budgets_of(edge.plan)
        reached = [one for one in budgets.used(clock.now_us) if one[3] is not None]
        assert offers * 2 // 3 < len(reached) <= offers

        def decide():
            for one in people:
                yield partial(edge.decide, "home", one.customer)

        return counting.counts_of(decide)


def test_ten_times_the_offers_whose_budgets_are_used_up_make_a_decision_little_longer():
    few, many = used_up(100), used_up(1000)

    assert many.instructions < 1.5 * few.instructions
    assert many.c_calls < 1.5 * few.c_calls


def test_going_over_all_counts_it_would_be_many_times_as_long(monkeypatch):
    monkeypatch.setattr(ReachedBudgets, "note", lambda self, _: self._changed.update(self._counts.values()))
    few, many = used_up(100), used_up(1000)

    assert many.instructions > 3 * few.instructions


@pytest.fixture
def logged(monkeypatch):
    """A log that keeps evidence; its thread, which has its own time, stands still so that decisions alone count."""
    monkeypatch.setattr(Log, "_start", lambda self: None)
    return {"log": True, "evidence_key": b"k" * 32}


def test_nor_do_they_where_evidence_of_each_decision_is_kept(logged):
    few, many = used_up(100, **logged), used_up(1000, **logged)

    assert many.instructions < 1.5 * few.instructions
    assert many.c_calls < 1.5 * few.c_calls


def test_evidence_that_went_over_all_counts_would_be_many_times_as_long(monkeypatch, logged):
    at = BudgetsForEvidence.at

    def going_over_all(self, now_us):
        self._changed.update(dict.fromkeys(self._numbers))
        return at(self, now_us)

    monkeypatch.setattr(BudgetsForEvidence, "at", going_over_all)
    few, many = used_up(100, **logged), used_up(1000, **logged)

    assert many.instructions > 3 * few.instructions
