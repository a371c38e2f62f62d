"""Consents or contacts that a caller brings count without a profile too: no page passes over a no that it heard."""

import pytest
from tests.differential.mutating import Mutant, mutated

from tactful import Always, Cap, Contact, MemoryStore, Rolling, Snapshot
from tactful.clock import DAY_US

from .conftest import NOON_US

ANN = "ann"
NO = {"*": "withdrawn"}


@pytest.fixture
def store(clock):
    kept = MemoryStore(clock=clock)
    kept.put_profile(Snapshot(ANN, NOON_US, {}))
    return kept


@pytest.fixture
def edge(open_edge, store):
    return open_edge(store=store)


def shown(edge, who, **brought):
    return [pick.offer for pick in edge.decide("hero", who, **brought).picks]


def test_a_no_that_is_brought_counts_for_whom_is_here(edge):
    edge.warm(ANN)
    assert shown(edge, ANN) == ["olives"]
    assert shown(edge, ANN, consents=NO) == []
    assert shown(edge, ANN, consents={"offers": "explicit"}) == ["olives"]
    assert edge.decide("hero", ANN, consents=NO).careful == ()


def test_a_no_that_is_brought_counts_for_a_visitor_and_for_whom_is_not_here(edge):
    assert shown(edge, None, consents=NO) == []
    assert shown(edge, {"card": "0"}, consents=NO) == []
    stranger = edge.decide("hero", "bob", consents=NO)
    assert (stranger.picks, stranger.careful) == ((), ("no profile is on record",))
    assert shown(edge, None, consents={"offers": "explicit"}) == ["olives"]


def test_a_word_that_is_not_understood_is_a_no(edge):
    decision = edge.decide("hero", None, consents={"*": "perhaps"})
    assert (decision.picks, decision.careful) == ((), ("consent to * is not understood: refused",))


def test_contacts_that_are_brought_count_for_whom_is_here(open_edge, store):
    edge = open_edge(lambda c: Always(Cap(c.topic("food"), 1, Rolling(86_400)), "", id="cap"), store=store)
    edge.warm(ANN)
    before = (Contact("1", ANN, "shown", NOON_US - 60_000_000, topic="food", offer="olives"),)
    assert shown(edge, ANN, contacts=before) == []
    assert shown(edge, ANN, contacts=()) == ["olives"]
    old = (Contact("1", ANN, "shown", NOON_US - 2 * DAY_US, topic="food", offer="olives"),)
    assert shown(edge, ANN, contacts=old) == ["olives"]


def test_an_edge_that_looks_at_profiles_alone_would_pass_over_a_no(edge):
    deaf = Mutant("engine.arrive", "if brought is not NOTHING_BROUGHT:", "if brought.profile is not None:")
    with mutated(deaf):
        assert shown(edge, None, consents=NO) == ["olives"]
