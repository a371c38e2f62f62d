"""Holdouts: who is in one stays, is a share, tells nothing of another holdout, and loosens no limit."""

import math

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tactful
from tactful import Registry, UsageError
from tactful.errors import ValueRefused
from tactful.holdouts import Holdout, bucket, key_of
from tactful.offers import Intent, OfferClass
from tactful.plan.contradictions import contradictions
from tactful.plan.plan import Plan

from .conftest import ANN, offer
from .test_decide import shown
from .test_limits_act import reasons

KEY = "000102030405060708090a0b0c0d0e0f"
CUSTOMERS = [f"customer-{number}" for number in range(20_000)]


def with_holdouts(policy, *holdouts, **values):
    values = {"holdout_key": KEY, "holdouts_max": 1.0, **values}
    return attrs.evolve(policy, holdouts=holdouts, values=attrs.evolve(policy.values, **values))


def open_(policy, clock):
    return tactful.open(policy, clock=clock, registry=Registry({}))


def members(holdout, key=KEY):
    return {customer for customer in CUSTOMERS if holdout.holds(key_of(key), customer)}


@pytest.mark.parametrize("share", [0.0, 0.01, 0.05, 0.2, 0.5, 1.0])
def test_a_holdout_takes_its_share(share):
    taken, count = len(members(Holdout("a", share))), len(CUSTOMERS)

    # Five standard deviations of the binomial distribution: a right draw misses them once in 1.7 million.
    assert abs(taken - share * count) <= 5 * math.sqrt(count * share * (1 - share))


@pytest.mark.parametrize("key", [KEY, "ffeeddccbbaa99887766554433221100"])
def test_two_holdouts_tell_nothing_of_each_other(key):
    one, other = members(Holdout("a", 0.3), key), members(Holdout("b", 0.4), key)
    count = len(CUSTOMERS)
    cells = [
        (len(one & other), len(one) * len(other)),
        (len(one - other), len(one) * (count - len(other))),
        (len(other - one), (count - len(one)) * len(other)),
        (count - len(one | other), (count - len(one)) * (count - len(other))),
    ]
    chi_square = sum((found - product / count) ** 2 / (product / count) for found, product in cells)

    assert chi_square < 10.83  # one degree of freedom: the 99.9th percentile


def test_the_test_of_independence_can_fail():
    same = members(Holdout("a", 0.3)) & members(Holdout("a", 0.4))

    assert same == members(Holdout("a", 0.3))  # what is drawn by one name alone depends on itself wholly


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_greater_share_lets_nobody_out(customer, one, other):
    low, high = sorted((one, other))
    key = key_of(KEY)

    assert Holdout("a", low).holds(key, customer) <= Holdout("a", high).holds(key, customer)


def test_the_draw_is_the_documented_one():
    """Another system finds the same customers: `printf 1:aann | b2sum -l 64` with the key, in any language."""
    import hashlib  # noqa: PLC0415 - what the other system has

    digest = hashlib.blake2b(b"1:aann", key=bytes.fromhex(KEY), digest_size=8).hexdigest()

    assert bucket(key_of(KEY), "a", "ann") == int(digest, 16)


def test_who_is_held_out_gets_none_of_it_and_the_reason_is_told(policy, clock):
    edge = open_(with_holdouts(policy, Holdout("wines", 1.0, topics=("wine",))), clock)
    decision = edge.decide("rows", "ann", profile=ANN)

    assert shown(decision) == ["thanks", "olives"]
    assert reasons(decision, "wine") == ["holdout.wines"]
    assert decision.limits() == {"holdout.wines": 1}


def test_by_tag_by_offer_and_wholly(policy, clock):
    tagged = attrs.evolve(policy, offers=(*policy.offers, offer("tagged", tags=("new",), value=9.0)))
    for holdout in (Holdout("a", 1.0, tags=("new",)), Holdout("b", 1.0, offers=("tagged",))):
        assert "tagged" not in shown(open_(with_holdouts(tagged, holdout), clock).decide("rows", "ann", profile=ANN))
        assert shown(open_(with_holdouts(tagged, holdout), clock).decide("rows", "ann", profile=ANN))
    assert shown(open_(with_holdouts(tagged, Holdout("c", 1.0)), clock).decide("rows", "ann", profile=ANN)) == []


@pytest.mark.parametrize(
    "exempt",
    [{"intent": Intent.HELP}, {"offer_class": OfferClass.MANDATORY}, {"offer_class": OfferClass.TRANSACTIONAL}],
)
def test_help_and_what_must_be_sent_is_never_held_out(policy, clock, exempt):
    more = attrs.evolve(policy, offers=(*policy.offers, offer("needed", tags=("new",), value=9.0, **exempt)))
    holdouts = Holdout("a", 1.0), Holdout("b", 1.0, tags=("new",)), Holdout("c", 1.0, offers=("needed",))

    assert shown(open_(with_holdouts(more, *holdouts), clock).decide("rows", "ann", profile=ANN)) == ["needed"]


@pytest.mark.parametrize("who", [None, {"cookie": "7"}, {"household": "9"}])
def test_only_a_person_is_held_out(policy, clock, who):
    kinds = (("cookie", "device"), ("household", "household"), ("card", "person"))
    edge = open_(attrs.evolve(with_holdouts(policy, Holdout("a", 1.0)), identifiers=kinds), clock)

    assert shown(edge.decide("rows", who, profile={})) == ["olives"]
    assert shown(edge.decide("rows", {"card": "7"}, profile={})) == []


def test_unrelated_changes_of_the_policy_move_nobody(policy, clock):
    """Stays through other holdouts, shares of others, offers, names, and a new epoch."""
    holdout = Holdout("a", 0.5)
    before = open_(with_holdouts(policy, holdout), clock)
    changed = attrs.evolve(
        with_holdouts(policy, Holdout("z", 0.0), Holdout("b", 0.0, tags=("x",)), holdout, exposure_margin=0.5),
        name="renamed",
        offers=policy.offers[::-1],
    )
    after = open_(changed, clock)
    for customer in CUSTOMERS[:200]:
        held = shown(before.decide("rows", customer)) == []
        assert held == (shown(after.decide("rows", customer)) == [])
        assert held == holdout.holds(key_of(KEY), customer)


def test_the_control_a_changed_key_or_name_moves_many():
    moved = members(Holdout("a", 0.5)) ^ members(Holdout("b", 0.5))
    assert len(moved) > 0.45 * len(CUSTOMERS)
    assert len(members(Holdout("a", 0.5)) ^ members(Holdout("a", 0.5), "ff" * 16)) > 0.45 * len(CUSTOMERS)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["wine", "food", "garden"]), max_size=2), st.floats(0, 1), st.sampled_from(CUSTOMERS))
def test_no_holdout_loosens_a_limit(topics, share, customer):
    """All that is allowed with a holdout is allowed without it, by construction: it is one more limit."""
    policy = small()
    plain = Plan(policy, ())
    held = Plan(with_holdouts(policy, Holdout("a", share, topics=tuple(topics))), ())
    added = [bound for bound in held.bounds if bound.id not in {one.id for one in plain.bounds}]

    assert [bound.id for bound in added] == ["holdout.a"]
    assert len(held.bounds) == len(plain.bounds) + 1
    assert added[0].allow & ~plain.everything == 0
    one = tactful.open(policy, registry=Registry({})).decide("rows", customer)
    other = tactful.open(held.policy, registry=Registry({})).decide("rows", customer)
    assert shown(one) == ["food", "garden", "wine"]
    assert set(shown(other)) <= set(shown(one))


def small():
    from tactful.offers import Channel, Placement, Privacy  # noqa: PLC0415 - made here alone
    from tactful.policy import Policy, Values  # noqa: PLC0415 - likewise
    from tactful.topics import Topic  # noqa: PLC0415 - likewise

    return Policy(
        name="small",
        values=Values(),
        channels=(Channel("web", Privacy.PRIVATE),),
        placements=(Placement("rows", "web", 9),),
        topics=tuple(map(Topic, ("food", "wine", "garden"))),
        purposes=(tactful.Purpose("offers", tactful.LegalBasis.CONTRACT),),
        attributes=(),
        offers=tuple(offer(name, topic=name) for name in ("food", "wine", "garden")),
    )


def test_a_policy_that_contradicts_itself_is_told(policy):
    def told(*holdouts, **values):
        return list(contradictions(with_holdouts(policy, *holdouts, **values)))

    assert told(Holdout("a", 0.1)) == []
    assert told(Holdout("a", 0.1), holdout_key="") == [
        "the key of holdouts is 32 hex digits; `openssl rand -hex 16` makes one"
    ]
    assert told(Holdout("a", 1.5))[0] == "share of holdout a is not from 0 to 1"
    assert told(Holdout("a", 0.15), Holdout("b", 0.1), holdouts_max=0.2) == [
        "the holdouts' shares is not from 0 to 0.2"
    ]
    assert told(Holdout("a", 0.1), Holdout("a", 0.1)) == ["holdouts: 'a' is there twice"]
    assert told(Holdout("a", 0.1, topics=("none",))) == ["holdout a: there is no 'none' among the topics"]


@pytest.mark.parametrize(("share", "held"), [(math.nan, False), (math.inf, True), (-1.0, False), (7.0, True)])
def test_a_share_that_is_none_breaks_nothing(policy, clock, share, held):
    """No check has seen such a policy; its decisions must be made all the same."""
    edge = open_(with_holdouts(policy, Holdout("a", share)), clock)

    assert (shown(edge.decide("rows", "ann", profile=ANN)) == []) is held


def test_a_policy_whose_key_is_none_is_not_opened(policy):
    with pytest.raises(ValueRefused, match="32 hex digits"):
        tactful.open(with_holdouts(policy, Holdout("a", 0.1), holdout_key="secret"), registry=Registry({}))
    assert not issubclass(ValueRefused, UsageError)
