"""Rules that the moment meets or something known of the customer, against the reference engine."""

import itertools

import pytest

import tactful
from tactful.authoring import compile_files
from tactful.clock import DAY_US
from tactful.consent import Consent, Consents, ConsentState, How
from tactful.memory import MemoryStore
from tactful.plan import either
from tactful.plan.clauses import clauses
from tactful.profile import Identity, Observation, Snapshot
from tactful.registry import Registry
from tactful.schema import Source
from tactful.testing.reference import Reference, Situation

NOW_US = 20_000 * DAY_US + 9 * 3600 * 1_000_000
POLICY = """
values: {dial: balanced, zone: UTC}
channels: {web: private, kiosk: exposed}
placements: {home: {channel: web, slots: 30}, screen: {channel: kiosk, slots: 30}}
purposes:
  offers: {basis: consent, say: choose offers for you}
  service: {basis: consent, say: look after what you bought}
context: {hour: int, basket: list of text, seats: list of int, rain: bool, page: text}
topics: {food: {}}
profile:
  known:
    all: {owner: crm, source: observed}
    visits: {type: int, purpose: offers, say: how often you visit}
    spent: {type: int, purpose: [offers, service], say: what you spent}
segments: {often: {when: profile.visits > 3 && context.hour > 8, say: you come often, size: 900}}
offers:
  all: {intent: sell, purpose: offers, owner: marketing, topic: food}
  hour: {when: context.hour > 8 || profile.visits > 5, treatments: [A]}
  same: {when: context.hour > 8 || profile.visits > 2, treatments: [A]}
  other: {when: context.hour > 8 || profile.spent > 5, purpose: service, treatments: [A]}
  unseen: {when: context.hour > 8 || profile.visits > 5, purpose: service, treatments: [A]}
  two: {when: (context.hour > 8 || profile.visits > 5) && (context.hour < 12 || profile.visits < 9), treatments: [A]}
  nested: {when: (context.hour > 8 && profile.visits > 5) || (context.rain && profile.visits > 2), treatments: [A]}
  turned: {when: "!(context.hour > 8 && profile.visits > 5)", treatments: [A]}
  deep: {when: "!(context.rain && !(context.hour > 8 || profile.visits > 5))", treatments: [A]}
  spared: {unless: context.hour > 8 && profile.visits > 5, treatments: [A]}
  spared_of_two: {unless: [context.hour > 8 || profile.visits > 5, context.rain], treatments: [A]}
  spared_of_items: {unless: '"a" in context.basket', treatments: [A]}
  item: {when: '"a" in context.basket', treatments: [A]}
  item_or: {when: '"b" in context.basket || profile.visits > 5', treatments: [A]}
  either_item: {when: '"a" in context.basket || "b" in context.basket || profile.visits > 5', treatments: [A]}
  each: {when: 'context.basket.exists(one, one == "a") && context.seats.exists(one, 2 == one)', treatments: [A]}
  seat: {when: 2 in context.seats || profile.spent > 5, treatments: [A]}
  segment: {when: segment.often || profile.spent > 7, treatments: [A]}
  weekday: {when: 'now.getDayOfWeek("Europe/Berlin") in [0, 1] || profile.visits > 5', treatments: [A]}
  late: {when: 'now.getHours() >= 9 && now.getHours("Asia/Tokyo") < 19 && profile.visits > 2', treatments: [A]}
  page: {when: context.page == "a" || context.hour > 8, treatments: [A]}
  mixed: {when: (context.page == "a" || profile.visits > 5) && context.hour > 8, treatments: ["At {context.hour}"]}
"""
VISITS = (None, 1, 3, 7, 9)
CONTEXTS = (
    *({"hour": hour, "rain": rain} for hour in (7, 10, 14) for rain in (True, False)),
    *({"basket": basket, "seats": seats} for basket in ([], ["a"], ["b", "c"]) for seats in ([], [2], [1, 3])),
    {},
    {"page": "a"},
    {"page": "a", "hour": 10},
)


@pytest.fixture(scope="module")
def engines():
    policy = compile_files({"policy.yaml": POLICY.encode()})
    with tactful.open(policy, store=MemoryStore(clock=lambda: NOW_US), clock=lambda: NOW_US) as edge:
        rules = [Registry.installed().rules(use, edge.plan.catalog) for use in edge.plan.policy.guardrails]
        yield edge, Reference(edge.plan.policy, rules)


def differing(edge, reference, place):
    """The offers that one engine shows and the other does not; and those that the reference shows, and to whom."""
    seen_us = NOW_US - DAY_US
    agreed = tuple(Consent(to, ConsentState.GIVEN, How.EXPLICIT, seen_us) for to in ("offers", "service"))
    consents, found, shown = Consents(agreed, NOW_US), set(), set()
    for visits, spent, context in itertools.product(VISITS, (None, 8), CONTEXTS):
        told = {"visits": visits, "spent": spent}
        known = {
            name: Observation(value, Source.OBSERVED, seen_us) for name, value in told.items() if value is not None
        }
        snapshot = Snapshot("c1", NOW_US, known)
        situation = Situation(Identity("c1"), snapshot, consents, (), (), context, NOW_US)
        decision = edge.decide(place, "c1", context, profile=snapshot, consents=consents, contacts=())
        right = {one.offer for one in reference.decide([place], situation).picks}
        found |= {one.offer for one in decision.picks} ^ right
        shown |= right
    return found, shown


@pytest.mark.parametrize("place", ["home", "screen"])
def test_both_engines_say_the_same_whatever_the_moment_and_the_profile_say(engines, place):
    found, shown = differing(*engines, place)

    assert found == set()
    assert place != "home" or shown == {offer.id for offer in engines[0].plan.policy.offers}


def in_one_layer(layers, one):
    """A mistake: two tests of one treatment are taken for tests of two."""
    layers[:] = layers or [either.Layer()]
    layers[0].bits |= one.moment.bits
    layers[0].halves.append(one)


@pytest.mark.parametrize(
    ("name", "mistake", "wrong"),
    [("_looking_up", lambda *_: lambda *_: (0, 0, 0), "item"), ("_lay", in_one_layer, "two")],
)
def test_a_mistake_is_seen(engines, monkeypatch, name, mistake, wrong):
    monkeypatch.setattr(either, name, mistake)
    with tactful.open(engines[0].plan.policy, store=MemoryStore(clock=lambda: NOW_US), clock=lambda: NOW_US) as edge:
        found, _ = differing(edge, engines[1], "home")

    assert wrong in found


def test_a_rule_of_very_many_clauses_stays_whole(engines):
    edge, _ = engines
    nested = next(offer.when for offer in edge.plan.policy.offers if offer.id == "nested")
    pairs = clauses(nested, wanted=True)
    many = nested
    for _ in range(3):
        many = type(nested)("||", (many, nested), nested.type)

    assert len(pairs) == 4
    assert clauses(many, wanted=True) == ((many,),)
