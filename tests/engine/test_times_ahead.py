"""Times ahead of our clock: somebody's clock was set back, and nothing tells how old things are."""

import attrs
import pytest

import tactful
from tactful import Always, Cap, Consents, Contact, Observation, Rolling, Snapshot, Source, Unless, Withhold
from tactful.clock import DAY_US, SECOND_US, SKEW_US
from tactful.expr import Call, Const, Var
from tactful.schema import ValueType

from .test_decide import shown
from .test_limits_act import reasons

AHEAD_US = SKEW_US + 1


def younger_than_a_day(name):
    age = Call("-", (Var("now", ValueType.TIME), Var(name, ValueType.TIME)), ValueType.DURATION)
    return Call("<", (age, Const(ValueType.DURATION, DAY_US)), ValueType.BOOL)


@pytest.mark.parametrize("name", ["snapshot.at", "consents.at"])
def test_the_age_of_what_comes_from_a_time_to_come_is_unknown_until_that_time(open_edge, policy, clock, name):
    changed = attrs.evolve(policy, conditions=(("young", younger_than_a_day(name)),))
    edge = open_edge(lambda c: Unless("young", Withhold(c.all), "", id="old"), changed=changed)
    made_us = clock.now_us + AHEAD_US

    def decide():
        return edge.decide(
            "hero", "ann", profile=Snapshot("ann", made_us, {}), consents=Consents((), made_us), view="one"
        )

    assert shown(decide()) == []
    assert "house.old" in reasons(decide(), "olives")
    clock.now_us += 1  # now it is ahead by no more than clocks differ
    assert shown(edge.decide("hero", "ann", profile=Snapshot("ann", made_us, {}), consents=Consents((), made_us)))


def test_a_customer_that_is_here_is_looked_at_anew_when_its_times_can_be_trusted(open_edge, clock):
    store = tactful.MemoryStore()
    store.put_profile(Snapshot("ann", clock.now_us + AHEAD_US, {"visits": Observation(8, Source.OBSERVED, 0)}))
    edge = open_edge(store=store)

    assert "thanks" not in shown(edge.decide("rows", "ann"))
    clock.now_us += 1
    assert "thanks" in shown(edge.decide("rows", "ann"))


def test_a_value_that_ages_and_comes_from_a_time_to_come_does_not_exist(open_edge, clock):
    edge = open_edge()  # `tier` lasts for 30 days, `visits` for ever

    def decide(at_us):
        profile = {
            "tier": Observation("gold", Source.OBSERVED, at_us),
            "visits": Observation(8, Source.OBSERVED, at_us),
        }
        return shown(edge.decide("rows", "ann", profile=profile))

    assert "wine" in decide(clock.now_us + SKEW_US)
    assert "wine" not in decide(clock.now_us + AHEAD_US)
    assert "thanks" in decide(clock.now_us + AHEAD_US)


def test_a_contact_ahead_of_our_clock_counts_from_now_on(open_edge, clock):
    edge = open_edge(lambda c: Always(Cap(c.all, 1, Rolling(3600)), "", id="cap"))
    for ahead_us in (1, AHEAD_US):
        contacts = [Contact("x", "ann", "shown", clock.now_us + ahead_us, "food", "olives")]
        assert shown(edge.decide("hero", "ann", contacts=contacts, profile={})) == []


def test_a_clock_that_is_set_back_takes_no_exposure_back(open_edge, clock):
    edge = open_edge(lambda c: Always(Cap(c.all, 1, Rolling(3600)), "", id="cap"))

    clock.pass_s(1800)
    assert edge.record(edge.decide("hero", "ann"))
    clock.now_us -= 1800 * SECOND_US
    assert shown(edge.decide("hero", "ann")) == []
