"""What is used up of budgets, kept for evidence as counts change, is what a loop over all says; mistakes are caught."""

import pytest
from hypothesis import given, settings
from tests.differential.mutating import Mutant, mutated
from tests.engine.test_used_up import LIVES, OFFERS, PLANS, START_US, events, happen, recorded

from tactful.clock import DAY_US
from tactful.engine import counted_budgets
from tactful.engine.budgets import Budgets


def looped(budgets, now_us):
    """What a loop over all counts says."""
    return [(cap.id, value, inside, frees_us) for cap, value, inside, frees_us in budgets.used(now_us)]


def said(kept):
    return [(one.cap, one.value, one.inside, one.frees_us) for one in kept.all() if one.value]


def same(plan, happened):
    """Return whether evidence says at each step what a loop says, and what it said before stays as it was."""
    budgets, now_us, before = Budgets(plan), START_US, []
    budgets.find()
    for number, (what, offer, channel, size) in enumerate(happened):
        now_us += size * 3_600_000_000 if what == "wait" else 1
        happen(budgets, number, what, OFFERS[offer], channel, size, now_us)
        if size % 3 == 0 and what != "wait":
            continue  # several things happen before anybody asks
        budgets.limited(channel, now_us)  # as a decision does before
        kept = budgets.counted(now_us)
        before.append((kept, looped(budgets, now_us)))
    return all(said(kept) == expected for kept, expected in before)


@settings(max_examples=200, deadline=None)
@given(events)
def test_evidence_has_of_each_budget_what_a_loop_over_all_counts_says(happened):
    assert same(*happened)


def test_a_cap_of_which_nothing_is_used_up_is_there_once_and_of_unknown_budgets_nothing_is():
    budgets = Budgets(PLANS[0])
    assert budgets.counted(START_US).all() == ()
    budgets.find()
    caps = [cap.id for cap in PLANS[0].caps if cap.cap.per == "everyone"]
    assert [(one.cap, one.value) for one in budgets.counted(START_US).all()] == [(cap, "") for cap in caps]
    budgets.add(recorded("r", "shown", OFFERS["a"], "web", START_US))
    found = budgets.counted(START_US).all()
    assert sorted({one.cap for one in found}) == sorted(caps)
    assert len(found) == len({(one.cap, one.value) for one in found})


def test_what_is_counted_before_evidence_is_first_asked_for_is_in_it():
    budgets = Budgets(PLANS[0])
    budgets.find()
    budgets.add(recorded("r", "shown", OFFERS["a"], "web", START_US))
    assert said(budgets.counted(START_US)) == looped(budgets, START_US) != []
    assert said(budgets.counted(START_US + 9 * DAY_US)) == looped(budgets, START_US + 9 * DAY_US)


MUTANTS = [
    ("counted_budgets", "self._changed[count] = None\n        for", "pass\n        for"),
    ("counted_budgets", "del self._due_us[count]", "pass"),
    ("counted_budgets", "one, *part[within + 1 :]", "one"),
    ("counted_budgets", "leaves_us < self._due_us.get(count, NEVER_US)", "count not in self._due_us"),
    ("budgets", "self._evidence.note(count)", "pass"),
]


def test_it_does_in_the_lives_by_which_mistakes_are_caught():
    assert all(same(*one) for one in LIVES)


def test_it_does_where_few_counts_make_several_parts(monkeypatch):
    monkeypatch.setattr(counted_budgets, "_PART", 2)
    assert all(same(*one) for one in LIVES)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1][:60]}")
def test_a_mutant_is_caught(mutant):
    module, right, wrong = mutant
    with mutated(Mutant(f"engine.{module}", right, wrong)):
        assert not all(same(*one) for one in LIVES), "nobody noticed"
