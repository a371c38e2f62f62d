"""What limits keep from rules and texts is told: to the engineer by attribute, to the customer in the limit's words."""

import pytest

from tactful import Always, Hide, Observation, Require, Source, Withhold

from .conftest import ANN
from .test_decide import shown


def hidden(decision):
    return [(one.attribute, one.purposes, one.reason.id) for one in decision.explain().hidden]


@pytest.fixture
def unsure(clock):
    return {"tier": Observation("gold", Source.MODELLED, clock.now_us, 0.4), "visits": 8}


def test_a_hidden_value_is_told_with_its_reason(open_edge):
    edge = open_edge(Always(Hide(("tier", "scores"), ("offers",)), "not for us", id="h", say="We kept your tier out."))
    decision = edge.decide("rows", "ann", profile=ANN)

    assert "wine" not in shown(decision)
    assert hidden(decision) == [("tier", ("offers",), "house.h")]  # of the scores nothing is on record
    assert "~ profile.tier for offers\n    house.h: not for us" in str(decision.explain())
    assert "We kept your tier out." in decision.why()


def test_a_value_that_does_not_meet_a_requirement_is_told_and_others_are_not(open_edge, unsure):
    rule = Always(Require(("tier", "visits"), confidence=0.5), "not sure enough", id="sure", say="We guess nothing.")
    edge = open_edge(rule)
    decision = edge.decide("rows", "ann", profile=unsure)

    assert hidden(decision) == [("tier", (), "house.sure")]
    assert "We guess nothing." in decision.why()
    sure = edge.decide("rows", "ann", profile=ANN)
    assert hidden(sure) == []
    assert "We guess nothing." not in sure.why()


def test_a_schema_s_own_age_is_no_limit_s_doing(open_edge, clock):
    old = {"tier": Observation("gold", Source.OBSERVED, clock.now_us - 40 * 86_400_000_000)}
    edge = open_edge(Always(Require(("tier",), confidence=0.5), "", id="sure"))

    assert hidden(edge.decide("rows", "ann", profile=old)) == []


def test_nothing_is_hidden_of_a_visitor(open_edge):
    edge = open_edge(Always(Hide(("tier",)), "", id="h", say="We kept your tier out."))
    decision = edge.decide("rows")

    assert hidden(decision) == []
    assert "We kept" not in decision.why()


def test_an_explanation_holds_no_value(open_edge):
    edge = open_edge(Always(Hide(("first_name",)), "", id="h"))
    told = edge.decide("rows", "c1", profile={**ANN, "first_name": "Canary"}).explain()

    assert "profile.first_name" in str(told)
    assert "Canary" not in str(told) + repr(told)


def test_what_is_kept_away_in_silence_gives_no_other_limit_its_words(open_edge):
    loud = [lambda c: Always(Withhold(c.topic("wine")), "", id="loud", say="Wine is for others.")]
    silent = [*loud, lambda c: Always(Withhold(c.topic("wine")), "", id="silent")]

    assert "Wine is for others." in open_edge(*loud).decide("rows", "ann", profile=ANN).why()
    told = open_edge(*silent).decide("rows", "ann", profile=ANN)
    assert "Wine is for others." not in told.why()
    assert told.limits() == {"house.loud": 1, "house.silent": 1}
