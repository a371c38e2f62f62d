"""The strategies for authors of plugins give what they say."""

from hypothesis import given, settings
from hypothesis import strategies as st

import tactful
from tactful.clock import DAY_US
from tactful.plan.plan import Plan
from tactful.testing import strategies


@st.composite
def situations(draw, *, wild):
    policy = draw(strategies.policies(wild=wild))
    now_us = draw(strategies.moments_us())
    return (
        policy,
        now_us,
        draw(strategies.snapshots(policy, now_us, wild=wild)),
        draw(strategies.consents(policy, now_us, wild=wild)),
        draw(strategies.contacts(policy, now_us, wild=wild)),
        draw(strategies.contexts(policy, wild=wild)),
    )


@settings(max_examples=40)
@given(st.booleans().flatmap(lambda wild: situations(wild=wild)))
def test_an_edge_decides_by_what_they_give(situation):
    policy, now_us, snapshot, consents, contacts, context = situation
    with tactful.open(policy, registry=tactful.Registry({}), clock=lambda: now_us) as edge:
        for placement in policy.placements:
            decision = edge.decide(
                placement.name, "ann", context, profile=snapshot or {}, consents=consents, contacts=contacts
            )
            known = {channel.name for channel in policy.channels}
            assert [one for one in decision.careful if "failed" in one] == [] or placement.channel not in known


@given(strategies.policies(offers_max=3))
def test_policies_are_as_large_as_asked_and_can_be_compiled(policy):
    plan = Plan.build(policy, tactful.Registry({}))

    assert 1 <= len(policy.offers) <= 3
    assert len(plan.offers) == len(policy.offers)
    assert policy.guardrails == ()


@given(strategies.policies(), strategies.moments_us())
def test_what_is_well_formed_names_only_what_there_is(policy, now_us):
    topics = {topic.name for topic in policy.topics}

    assert {offer.topic for offer in policy.offers} <= topics
    assert {placement.channel for placement in policy.placements} <= {channel.name for channel in policy.channels}
    assert abs(now_us - 20_000 * DAY_US) <= 30 * DAY_US
