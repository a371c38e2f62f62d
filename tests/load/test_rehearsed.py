"""A new plan is ready before anybody decides by it, and making customers ready leaves no long search for garbage."""

import gc

import pytest

from tactful.catalog import Catalog
from tactful.engine import edge as edge_module
from tactful.engine import rehearsing, renewing

from .conftest import letters, policy


def walks_of_the_first_decision(opened, monkeypatch):
    """How often the first decision after an update goes through all treatments."""
    edge, walks = opened(policy("A"), 1), []
    edge.update(policy("B"))
    where = Catalog.where
    monkeypatch.setattr(Catalog, "where", lambda self, test: walks.append(1) or where(self, test))
    assert letters(edge.decide("home", "c0")) == {"B"}  # was not decided for before, and so is not made ready
    return len(walks)


def test_the_first_decision_goes_through_no_treatments(opened, monkeypatch):
    assert walks_of_the_first_decision(opened, monkeypatch) == 0


def test_without_a_rehearsal_it_would(opened, monkeypatch):
    monkeypatch.setattr(edge_module, "rehearse", lambda *_: None)
    assert walks_of_the_first_decision(opened, monkeypatch) > 0


def test_a_rehearsal_that_fails_refuses_no_update(opened, monkeypatch):
    def fails(*_):
        raise RuntimeError

    edge, decide = opened(policy("A")), rehearsing.middle.decide
    assert letters(edge.decide("home", "c0")) == {"A"}
    monkeypatch.setattr(rehearsing.middle, "decide", fails)
    edge.update(policy("B"))
    assert edge.status()["last_refused"] == ""
    monkeypatch.setattr(rehearsing.middle, "decide", decide)
    assert letters(edge.decide("home", "c0")) == {"B"}


def most_searched(opened, customers):
    """How many young objects are searched at once, at most, while an edge brings so many customers under a plan."""
    edge, found = opened(policy("A"), customers), [0]
    for number in range(customers):
        edge.decide("home", f"c{number}")
    seen = lambda phase, _: found.append(len(gc.get_objects(0))) if phase == "start" else None  # noqa: E731
    new = policy("B")
    gc.collect()
    gc.callbacks.append(seen)
    try:
        edge.update(new)
        gc.collect(0)
    finally:
        gc.callbacks.remove(seen)
    return max(found)


def searches_asked_for(opened, customers=60):
    """How often an update asks for a search for garbage by itself."""
    edge, found = opened(policy("A"), customers), []
    for number in range(customers):
        edge.decide("home", f"c{number}")
    new, seen = policy("B"), lambda phase, _: found.append(phase)
    gc.disable()
    gc.callbacks.append(seen)
    try:
        edge.update(new)
    finally:
        gc.callbacks.remove(seen)
        gc.enable()
    return found.count("start")


def test_where_one_search_goes_through_everything_none_is_asked_for(opened, monkeypatch):
    monkeypatch.setattr(renewing, "_HAS_YOUNG", False)
    assert searches_asked_for(opened) == 0
    monkeypatch.setattr(renewing, "_HAS_YOUNG", True)
    assert searches_asked_for(opened) > 0


@pytest.mark.skipif(not renewing._HAS_YOUNG, reason="without a global lock, Python has one generation")
def test_what_is_young_is_searched_before_it_is_much(opened, monkeypatch):
    few, many = most_searched(opened, 60), most_searched(opened, 480)
    assert many < 1.5 * few
    monkeypatch.setattr(renewing, "_TOGETHER", 1000)
    assert most_searched(opened, 480) > 1.5 * few
