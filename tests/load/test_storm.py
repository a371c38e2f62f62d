"""Under load every decision is by one whole plan, caps hold, a no is a no; an engine with a mistake is found out."""

import itertools

import attrs
import pytest

from tactful.engine.count import Counters
from tactful.engine.edge import Edge
from tactful.engine.here import Here
from tactful.engine.snapshot import Snapshots

from .conftest import policy
from .storm import CUSTOMERS, DECISIONS, SWAPS, THREADS, Made, Storm, wrongs


@pytest.fixture
def storm(opened):
    edge = opened(policy("A"), customers=CUSTOMERS)
    for number in range(CUSTOMERS):
        edge.decide("home", f"c{number}", preview=True)
    return Storm(edge)


def test_nothing_goes_wrong(storm):
    assert wrongs(storm.blow()) == []
    assert len(storm.made) >= THREADS * DECISIONS
    assert len(storm.plans) == SWAPS + 1
    assert len({id(one.decision.plan) for one in storm.made}) > 1


def a_plan_of_before_now_and_then(monkeypatch):
    decide, number, first = Edge._decide, itertools.count(), []

    def mistaken(edge, *args, **kwargs):
        if not first:
            first.append(edge._plan)
        if next(number) % 50 < 49:
            return decide(edge, *args, **kwargs)
        now, edge._plan = edge._plan, first[0]
        try:
            return decide(edge, *args, **kwargs)
        finally:
            edge._plan = now

    monkeypatch.setattr(Edge, "_decide", mistaken)


def room_that_nobody_sees(monkeypatch):
    monkeypatch.setattr(Counters, "reserve", lambda *_: None)


def a_no_that_is_not_heard(monkeypatch):
    monkeypatch.setattr(Here, "withdraw", lambda *_: None)
    monkeypatch.setattr(Snapshots, "load", lambda *_: None)  # nor is it read again


def a_profile_that_stays(monkeypatch):
    monkeypatch.setattr(Edge, "warm", lambda *_: True)


def a_decision_that_fails(monkeypatch):
    decide, number = Edge._decide, itertools.count()

    def sometimes(*args, **kwargs):
        if next(number) % 50 == 49:
            raise KeyError
        return decide(*args, **kwargs)

    monkeypatch.setattr(Edge, "_decide", sometimes)


MISTAKES = {
    a_plan_of_before_now_and_then: "an old plan after an update had returned",
    room_that_nobody_sees: "more than 5 for c0",
    a_no_that_is_not_heard: "something was sold to one who had said no",
    a_profile_that_stays: "something was sold to one who had said no",
    a_decision_that_fails: "a decision failed",
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_an_engine_with_a_mistake_is_found_out(storm, monkeypatch, mistake):
    if mistake is not room_that_nobody_sees:  # else the caps are full long before
        storm.count = 100_000
        storm.edge.update(policy("A", count=storm.count))
        storm.plans[:] = [storm.edge.plan]
    mistake(monkeypatch)
    assert MISTAKES[mistake] in wrongs(storm.blow())


def test_a_decision_by_an_old_plan_and_one_by_two_plans_are_told_apart(storm):
    old = storm.edge.decide("home", "c0")
    assert old.picks
    storm.edge.update(policy("B"))
    storm.plans.append(storm.edge.plan)
    storm.made.append(Made("c0", old, 1, gone_before=False))
    assert wrongs(storm) == []
    storm.made[:] = [Made("c0", old, 2, gone_before=False)]
    assert wrongs(storm) == ["an old plan after an update had returned"]
    storm.made[:] = [Made("c0", Mixed(storm.edge.plan, old.picks, ()), 2, gone_before=False)]
    assert wrongs(storm) == ["what another plan shows"]


@attrs.frozen
class Mixed:
    """One plan's decision with the picks of another."""

    plan: object
    picks: object
    careful: tuple
