"""What random cases against the reference engine have found, each once more by hand."""

import attrs

import tactful
from tactful import Always, Cap, Contact, Rolling
from tactful.clock import DAY_US
from tactful.policy import PluginUse

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
    edge = open_edge(day, changed=short, store=ledger, profiles=nothing_known)
    edge.warm("ann")
    assert shown(edge.decide("hero", "ann", preview=True)) == ["olives"]

    edge.update(long)
    decision = edge.decide("hero", "ann", preview=True)
    assert (shown(decision), decision.careful) == ([], ("contacts not here: warm",))
    assert "house.cap" in reasons(decision, "olives")
    edge.warm("ann")
    assert shown(edge.decide("hero", "ann", preview=True)) == ["olives"]
