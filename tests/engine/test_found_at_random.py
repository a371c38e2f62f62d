"""What random cases against the reference engine have found, each once more by hand."""

from threading import Event

import attrs
import pytest

import tactful
from tactful import Always, AtMost, Cap, Contact, Familiarity, Hide, Rolling, When, Withhold
from tactful.clock import DAY_US
from tactful.expr import Call, Var, negate
from tactful.policy import Boost, PluginUse, Ranking, Segment
from tactful.schema import Attribute, ValueType

from .conftest import ANN, at_least, is_, offer, treatment
from .test_decide import shown
from .test_limits_act import reasons


def nothing_known(_customer):
    return {}


def test_recording_again_does_not_move_an_exposure(open_edge, clock):
    edge = open_edge(lambda c: Always(Cap(c.all, 1, Rolling(3600)), "", id="cap"))
    decision = edge.decide("hero", "ann")
    assert edge.record(decision) is True
    clock.pass_s(3000)
    assert edge.record(decision) is False

    clock.pass_s(600)
    assert shown(edge.decide("hero", "ann")) == ["olives"]


def test_an_exposure_that_another_process_recorded_outlives_the_room_taken_here(open_edge, clock):
    store = tactful.MemoryStore(clock=clock)
    rule = lambda c: Always(Cap(c.all, 1, Rolling(86_400)), "", id="cap")  # noqa: E731 - shorter so
    here, elsewhere = (open_edge(rule, store=store, profiles=nothing_known) for _ in range(2))
    here.warm("ann")
    elsewhere.record(here.decide("hero", "ann").token)
    here.warm("ann")
    clock.pass_s(1801)

    assert shown(here.decide("hero", "ann")) == []


def test_a_contact_that_a_caller_brings_twice_counts_once(open_edge, clock):
    edge = open_edge(lambda c: Always(Cap(c.all, 2, Rolling(3600), of="all"), "", id="cap"))
    once = Contact("1", "ann", "shown", clock.now_us)

    assert shown(edge.decide("hero", "ann", profile={}, contacts=[once, once])) == ["olives"]
    assert shown(edge.decide("hero", "ann", profile={}, contacts=[once, attrs.evolve(once, id="2")])) == []


def test_a_cap_that_looks_back_further_than_what_was_fetched_is_reached(open_edge, policy, clock):
    day = lambda c: Always(Cap(c.all, 1, Rolling(86_400 * c.policy.values.min_segment)), "", id="cap")  # noqa: E731 - shorter so
    ledger = tactful.MemoryStore(clock=clock)
    ledger.record([Contact("1", "ann", "shown", clock.now_us - 10 * DAY_US, offer="wine")])
    values = [attrs.evolve(policy.values, min_segment=days) for days in (1, 30)]
    short, long = (attrs.evolve(policy, values=one, guardrails=(PluginUse("house"),)) for one in values)
    may_fetch = Event()
    edge = open_edge(day, changed=short, store=ledger, profiles=lambda one: may_fetch.wait(5) and nothing_known(one))
    may_fetch.set()
    edge.warm("ann")
    assert shown(edge.decide("hero", "ann", preview=True)) == ["olives"]

    may_fetch.clear()  # an update has customers fetched in the background
    edge.update(long)
    decision = edge.decide("hero", "ann", preview=True)
    assert (shown(decision), decision.careful) == ([], ("contacts not here: warm",))
    assert "house.cap" in reasons(decision, "olives")
    may_fetch.set()
    edge.warm("ann")
    assert shown(edge.decide("hero", "ann", preview=True)) == ["olives"]


def test_boosts_and_texts_read_the_channel(open_edge, policy):
    boosts = (Boost(is_("channel.name", "email"), 9.0, offers=("olives",)),)
    told = treatment("told", "by ", Var("channel.name", ValueType.TEXT), ", ", Var("channel.privacy", ValueType.TEXT))
    offers = (*policy.offers, offer("by", told, value=2.0))
    edge = open_edge(changed=attrs.evolve(policy, offers=offers, ranking=Ranking(boosts=boosts)))

    assert shown(edge.decide("letter")) == ["ticket", "olives"]
    assert edge.decide("rows").picks[0].content == {"title": "by web, semi-private"}


def test_rules_ask_whether_channels_and_segments_are_known(open_edge, policy):
    channel, segment = Var("channel.name", ValueType.TEXT), Var("segment.regulars", ValueType.BOOL)
    rules = {
        "has_channel": Call("has", (channel,), ValueType.BOOL),
        "has_segment": Call("has", (segment,), ValueType.BOOL),
        "lacks_channel": negate(Call("missing", (channel,), ValueType.BOOL)),
        "lacks_segment": negate(Call("missing", (segment,), ValueType.BOOL)),
    }
    offers = tuple(offer(name, when=rule) for name, rule in rules.items())
    placements = (attrs.evolve(policy.placements[1], slots=9, per_topic=None),)
    edge = open_edge(changed=attrs.evolve(policy, offers=offers, placements=placements))

    assert sorted(shown(edge.decide("rows", "ann", profile={"visits": 1}))) == sorted(rules)
    assert sorted(shown(edge.decide("rows", "ann", profile={}))) == ["has_channel", "lacks_channel"]


def test_a_guardrail_sees_nothing_of_the_profile_even_if_its_condition_asks(open_edge, policy):
    changed = attrs.evolve(policy, conditions=(("visits", at_least("profile.visits", 1)),))
    edge = open_edge(lambda c: When("visits", Withhold(c.topic("wine")), "", id="dry"), changed=changed)

    for profile in (ANN, {**ANN, "visits": 0}):
        decision = edge.decide("rows", "ann", profile=profile)
        assert decision.careful == ()
        assert reasons(decision, "wine") == ["house.dry"]


def test_an_attribute_that_cannot_rank_is_hidden_all_the_same(open_edge, policy):
    changed = attrs.evolve(policy, ranking=Ranking("tier"))
    edge = open_edge(Always(Hide(("tier",)), "", id="h"), changed=changed)

    assert reasons(edge.decide("rows", "ann", profile=ANN), "wine") == ['when:profile.tier == "gold"']


def test_segments_that_go_round_are_unknown_wherever_one_begins(open_edge, policy):
    a, b = Var("segment.a", ValueType.BOOL), Var("segment.b", ValueType.BOOL)
    visits = at_least("profile.visits", 1)
    segments = (
        Segment("a", Call("||", (b, visits), ValueType.BOOL), size=800),
        Segment("b", Call("||", (a, is_("profile.tier", "gold")), ValueType.BOOL), size=800),
    )
    for first, second in ((a, b), (b, a)):
        offers = (offer("first", when=first, value=9.0), offer("second", when=second))
        decision = open_edge(changed=attrs.evolve(policy, segments=segments, offers=offers)).decide(
            "rows", "ann", profile=ANN
        )
        labels = [entry.labels for entry in decision._moment.plan.catalog.entries]

        assert shown(decision) == []
        assert {one.evidence for one in labels} == {frozenset({"visits", "tier"})}
        assert {one.basis for one in labels} == {Familiarity.PERSONAL}


def test_what_is_taken_out_again_names_the_share_that_did_not_hold(open_edge, policy):
    placements = (attrs.evolve(policy.placements[1], slots=4, per_topic=None),)
    changed = attrs.evolve(policy, placements=placements)
    edge = open_edge(lambda c: Always(AtMost(c.topic("food"), share=0.5), "", id="half"), changed=changed)
    decision = edge.decide("rows")

    assert shown(decision) == []
    assert "quota:house.half" in reasons(decision, "olives")


def test_a_cap_by_owner_has_nothing_to_say_of_what_has_no_owner(open_edge):
    edge = open_edge(lambda c: Always(Cap(c.all, 1, Rolling(3600), of="owner"), "", id="cap"), profiles=nothing_known)
    decision = edge.decide("hero", "ann", profile={})

    assert decision.careful == ("contacts not here: warm",)
    assert shown(decision) == ["olives"]


EXCLUDED = Attribute("excluded", ValueType.BOOL, absent=False, protect=True)


def while_not_excluded(catalog):
    return When("protective.excluded", Withhold(catalog.topic("wine")), "", id="pause")


@pytest.mark.parametrize("as_snapshot", [True, False])
def test_a_value_that_does_not_fit_is_unknown_and_not_what_others_have(open_edge, policy, clock, as_snapshot):
    excluded = Var("protective.excluded", ValueType.BOOL)
    visits = Attribute("visits", ValueType.INT, absent=0)
    attributes = (*(one for one in policy.attributes if one.name != "visits"), visits, EXCLUDED)
    few = offer("few", when=negate(at_least("profile.visits", 3)))
    changed = attrs.evolve(
        policy, attributes=attributes, offers=(*policy.offers, few), conditions=(("protective.excluded", excluded),)
    )

    def source(customer):
        plain = {"tier": "gold", **({} if customer == "ann" else {"excluded": "yes", "visits": "many"})}
        seen = {name: tactful.Observation(value, tactful.Source.STATED, clock.now_us) for name, value in plain.items()}
        return tactful.Snapshot(customer, clock.now_us, seen) if as_snapshot else plain

    edge = open_edge(while_not_excluded, changed=changed, profiles=source)
    for customer in ("ann", "bob"):
        edge.warm(customer)

    assert {"wine", "few"} <= set(shown(edge.decide("rows", "ann")))
    bob = edge.decide("rows", "bob")
    assert bob.careful == ()
    assert (reasons(bob, "wine"), reasons(bob, "few")) == (["house.pause"], ["when:!(profile.visits >= 3)"])


def test_a_new_policy_reads_what_was_fetched_by_its_own_schema(open_edge, policy):
    known = attrs.evolve(
        policy,
        attributes=(*policy.attributes, EXCLUDED),
        conditions=(("protective.excluded", Var("protective.excluded", ValueType.BOOL)),),
        guardrails=(PluginUse("house"),),
    )
    edge = open_edge(while_not_excluded, profiles=lambda customer: {"tier": "gold", "excluded": customer == "bob"})
    for customer in ("ann", "bob"):
        edge.warm(customer)

    edge.update(known)
    assert "wine" in shown(edge.decide("rows", "ann"))
    assert "wine" not in shown(edge.decide("rows", "bob"))
