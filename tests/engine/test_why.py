"""Why a customer sees something: only what is true of the customer, and what was used for it."""

import attrs
import pytest

from tactful.expr import Call, Var
from tactful.policy import Segment
from tactful.schema import ValueType

from .conftest import at_least, offer

BOOL = ValueType.BOOL


@pytest.fixture
def why(open_edge, policy):
    """What is said of the one offer that there is, with a rule and texts."""

    def of(when):
        segments = (*policy.segments, Segment("owners", at_least("profile.visits", 1000), "you own the shop", 800))
        changed = attrs.evolve(policy, offers=(offer("cake", when=when),), segments=segments)
        return open_edge(changed=changed).decide("hero", "ann", profile={"visits": 9}).why()

    return of


def test_of_two_groups_only_the_customers_own_is_named(why):
    either = Call("||", (Var("segment.owners", BOOL), Var("segment.regulars", BOOL)), BOOL)
    assert "you shop here often" in why(either)
    assert "you own the shop" not in why(either)


def test_who_is_not_in_a_group_is_told_that_something_was_used(why):
    told = why(Call("!", (Var("segment.owners", BOOL),), BOOL))
    assert "because of what we know of you" in told
    assert "you own the shop" not in told
