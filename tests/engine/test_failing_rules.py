"""A rule that raises, which no compiler makes, costs the decision and nothing else: the page gets its fallback."""

import attrs
import pytest

from tactful.expr import Call, Const, Var
from tactful.policy import Boost, Ranking
from tactful.schema import ValueType

RAISES = Call(
    "startsWith",
    (Call("int", (Var("now", ValueType.TIME),), ValueType.INT), Const(ValueType.TEXT, "1")),
    ValueType.BOOL,
)


@pytest.mark.parametrize("where", ["a boost", "an offer", "an `unless:`"])
def test_the_fallback_is_shown_without_evaluating_anything(open_edge, policy, where, caplog):
    first = policy.offers[0]
    changed = {
        "a boost": {"ranking": Ranking(boosts=(Boost(RAISES, 2.0),))},
        "an offer": {"offers": (attrs.evolve(first, when=RAISES), *policy.offers[1:])},
        "an `unless:`": {"offers": (attrs.evolve(first, unless=(RAISES,)), *policy.offers[1:])},
    }[where]
    edge = open_edge(changed=attrs.evolve(policy, **changed))
    decision = edge.decide("hero", "ann", profile={"visits": 9})

    assert decision.content == {"title": "Welcome"}
    assert decision.careful == ("it failed: AttributeError; the fallback is shown",)
    assert "AttributeError" in caplog.text
    assert decision.picks == ()
    assert decision.token


def test_without_such_a_rule_something_is_shown(open_edge):
    assert open_edge().decide("hero", "ann", profile={"visits": 9}).picks
