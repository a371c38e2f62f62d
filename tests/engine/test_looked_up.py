"""Rules that the page or something known of the customer meets, and groups of offers, against what they say."""

import itertools

import attrs
import pytest

import tactful
from tactful.authoring import compile_files
from tactful.bench.shop import shop
from tactful.clock import DAY_US
from tactful.consent import Consent, Consents, ConsentState, How
from tactful.memory import MemoryStore
from tactful.plan.plan import Plan
from tactful.profile import Observation, Snapshot
from tactful.registry import Registry
from tactful.schema import Source

NOW_US = 20_000 * DAY_US
POLICY = """
name: looked-up
values: {dial: balanced, zone: UTC}
channels: {web: private}
placements: {home: {channel: web, slots: 9}}
purposes:
  offers: {basis: consent, say: choose offers for you}
  service: {basis: consent, say: look after what you bought}
context: {page: text, vip: bool}
topics: {food: {}, toys: {}}
ranking: {affinity: scores, boosts: [{times: 10, offers: [boosted], when: context.vip}]}
profile:
  known:
    all: {owner: crm, purpose: offers, source: observed}
    scores: scores
    visits: {type: int, say: how often you visit}
    came: {type: time, say: when you came}
offers:
  all: {intent: sell, purpose: offers, owner: marketing, topic: food, affinity: food}
  two: {when: '(context.page == "a" || profile.visits > 5) && (context.page == "b" || profile.visits < 9)', value: 3,
        treatments: [Two]}
  soon: {when: 'context.page == "a" || now - profile.came < duration("24h")', value: 2, treatments: [Soon]}
  either: {when: 'context.page == "a" || context.page == "b" || profile.visits > 7', value: 1, treatments: [Either]}
  plain: {value: 4, treatments: [Plain]}
  boosted: {value: 0.5, treatments: [Boosted]}
  help: {intent: help, value: 0.1, treatments: [Help]}
  toys: {topic: toys, affinity: toys, value: 2.5, treatments: [Toys]}
  bought: {purpose: service, value: 2, treatments: [Bought]}
"""


@pytest.fixture
def moment():
    return [NOW_US]


@pytest.fixture
def edge(moment):
    policy = compile_files({"policy.yaml": POLICY.encode()})
    with tactful.open(policy, clock=lambda: moment[0]) as made:
        yield made


def shown(edge, visits, page=None, *, scores=None, came_us=NOW_US - 2 * DAY_US, vip=False):
    def seen(value):
        return Observation(value, Source.OBSERVED, NOW_US - DAY_US)

    known = {"visits": seen(visits), "scores": seen(scores or {"food": 1.0, "toys": 1.0}), "came": seen(came_us)}
    agreed = (Consent(to, ConsentState.GIVEN, How.EXPLICIT, NOW_US - DAY_US) for to in ("offers", "service"))
    decision = edge.decide(
        "home",
        "c1",
        {"vip": vip} | ({"page": page} if page else {}),
        profile=Snapshot("c1", NOW_US, known),
        consents=Consents(tuple(agreed), NOW_US),
        contacts=(),
    )
    return [pick.offer for pick in decision.picks]


@pytest.mark.parametrize(("visits", "page"), list(itertools.product((3, 6, 8, 9), ("a", "b", "c", None))))
def test_either_the_page_or_the_profile_meets_a_rule_and_all_rules_count(edge, visits, page):
    there = shown(edge, visits, page)

    assert ("two" in there) == ((page == "a" or visits > 5) and (page == "b" or visits < 9))
    assert ("either" in there) == (page in ("a", "b") or visits > 7)
    assert ("soon" in there) == (page == "a")


def test_what_spares_the_page_ends_with_its_time(moment):
    store = MemoryStore(clock=lambda: moment[0])
    consents = Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOW_US - DAY_US),), NOW_US)
    came_us = NOW_US - DAY_US // 2
    snapshot = Snapshot("c1", NOW_US, {"came": Observation(came_us, Source.OBSERVED, came_us)})
    store.put_many([snapshot], {"c1": consents}, [])
    with tactful.open(compile_files({"policy.yaml": POLICY.encode()}), store=store, clock=lambda: moment[0]) as edge:
        edge.warm("c1")
        first = [pick.offer for pick in edge.decide("home", "c1").picks]
        moment[0] += DAY_US // 2 - 1
        last = [pick.offer for pick in edge.decide("home", "c1").picks]
        moment[0] += 1
        later = [pick.offer for pick in edge.decide("home", "c1").picks]

    assert ["soon" in there for there in (first, last, later)] == [True, True, False]


def test_groups_are_in_the_order_of_worth_after_help(edge):
    everything = shown(edge, 8, "b", scores={"food": 1.0, "toys": 1.0})
    assert everything == ["help", "plain", "two", "toys", "bought", "either", "boosted"]
    assert shown(edge, 8, "b", scores={"food": 0.1, "toys": 3.0})[:4] == ["help", "toys", "bought", "plain"]
    assert shown(edge, 8, "b", vip=True)[:3] == ["help", "boosted", "plain"]


def test_an_affinity_that_a_purpose_does_not_see_ranks_none_of_its_offers(edge):
    liked = shown(edge, 8, "b", scores={"food": 3.0, "toys": 1.0})
    assert liked.index("either") < liked.index("toys") < liked.index("bought")


def test_groups_take_no_more_memory_with_an_affinity_for_each_offer_than_with_one_for_all():
    def bits_of(offers, alike):
        policy = shop(offers, 0).policy
        each = (attrs.evolve(one, affinity=f"k{number // alike}") for number, one in enumerate(policy.offers))
        return [
            group.bits for group in Plan.build(attrs.evolve(policy, offers=tuple(each)), Registry.installed()).groups
        ]

    apart, pairs, far = bits_of(300, 1), bits_of(300, 2), bits_of(4000, 2)

    assert apart == [0] * 300
    assert any(pairs)
    assert far == [0] * 4000
