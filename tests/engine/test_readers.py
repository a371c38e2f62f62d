"""Who may read an attribute is kept in every decision, even under a policy that no check has seen."""

import attrs
import pytest

import tactful
from tactful import Registry
from tactful.expr import Var
from tactful.policy import Ranking, Segment
from tactful.schema import Attribute, ValueType

from .conftest import ANN, at_least, offer, treatment
from .test_decide import shown
from .test_limits_act import reasons

NAME = Var("profile.first_name", ValueType.TEXT)


def governed(policy, name, *offers, readers=("sales",), **more):
    """The policy with these offers, and an attribute that only some departments may read."""
    attributes = [
        attrs.evolve(one, owner="crm", readers=readers) if one.name == name else one for one in policy.attributes
    ]
    return attrs.evolve(policy, attributes=tuple(attributes), **{"offers": offers, **more})


def decided(policy, **profile):
    return tactful.open(policy, registry=Registry({})).decide("rows", "ann", profile={**ANN, **profile})


@pytest.mark.parametrize(("owner", "may"), [("sales", True), ("crm", True), ("garden", False), ("", False)])
def test_owner_and_readers_may_read_and_nobody_else(policy, owner, may):
    asks = offer("asks", when=at_least("profile.visits", 1), owner=owner)
    decision = decided(governed(policy, "visits", asks, offer("plain")), visits=9)

    assert ("asks" in shown(decision)) is may
    assert reasons(decision, "asks") == ([] if may else ["core.reader.visits"])
    assert "plain" in shown(decision)


def test_no_readers_means_all(policy):
    asks = offer("asks", when=at_least("profile.visits", 1), owner="garden")

    assert shown(decided(governed(policy, "visits", asks, readers=()), visits=9)) == ["asks"]


def test_a_text_is_withheld_alone(policy):
    named = offer("named", treatment("named", NAME, lift=2.0), treatment("plain", "hello"), owner="garden")
    decision = decided(governed(policy, "first_name", named), first_name="Ann")

    assert [(pick.offer, pick.treatment) for pick in decision.picks] == [("named", "plain")]
    assert "core.reader.first_name" in reasons(decision, "named")


def test_an_unless_reads_too(policy):
    asks = offer("asks", unless=(at_least("profile.visits", 100),), owner="garden")

    assert reasons(decided(governed(policy, "visits", asks), visits=9), "asks") == ["core.reader.visits"]


def test_segments_and_what_is_derived_read_too(policy):
    derived = Attribute("loyal", ValueType.INT, derived_from=("visits",))
    by_segment = offer("by_segment", when=Var("segment.often", ValueType.BOOL), owner="garden")
    by_derived = offer("by_derived", when=at_least("profile.loyal", 1), owner="garden")
    made = governed(policy, "visits", by_segment, by_derived)
    made = attrs.evolve(
        made,
        attributes=(*made.attributes, derived),
        segments=(*made.segments, Segment("often", at_least("profile.visits", 1))),
    )
    decision = decided(made, visits=9, loyal=2)

    assert shown(decision) == []
    assert [reasons(decision, name) for name in ("by_segment", "by_derived")] == [["core.reader.visits"]] * 2


def test_the_customers_affinity_reads_too(policy):
    made = governed(policy, "scores", offer("mine", owner="sales"), offer("theirs", owner="garden"))

    assert shown(decided(made)) == ["mine"]
    assert shown(decided(attrs.evolve(made, ranking=Ranking()))) == ["mine", "theirs"]
