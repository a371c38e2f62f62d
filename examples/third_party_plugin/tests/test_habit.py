"""The enricher: what every enricher must hold, and its story."""

from typing import ClassVar

from tactful_habit import Habit, tactful_enrichers

import tactful
from tactful.authoring import compile_files
from tactful.testing.enrichers import EnricherConformance

SHOP = """
channels: {web: private}
placements: {home: {channel: web, slots: 2}}
topics: {food: {}}
purposes: {offers: {basis: consent, say: choose offers for you}}
profile:
  shop:
    all: {owner: shop, purpose: offers}
    visits: {type: int, say: how often you visit}
    habit: {type: text, source: derived, derived_from: visits, say: how often you visit}
offers:
  all: {intent: sell, purpose: offers, topic: food}
  loaf: {when: 'profile.habit == "often"', value: 2, treatments: A loaf on the house}
  olives: {treatments: Olives}
"""


class TestHabit(EnricherConformance):
    enricher = Habit
    settings = ({}, {"often": 3})
    policy = SHOP
    known: ClassVar = {"visits": 9}


def test_who_comes_often_gets_a_loaf():
    registry = tactful.Registry.of(type("plugin", (), {"tactful_enrichers": staticmethod(tactful_enrichers)}))
    shop = compile_files({"shop.yaml": (SHOP + "enrichers: {habit: {}}").encode()}, registry=registry)
    visits = {"ann": 12, "bob": 1}
    consents = {"offers": "explicit"}
    with tactful.open(
        shop, registry=registry, profiles=lambda who: {"visits": visits[who]}, consents=lambda _: consents
    ) as edge:
        for who, first in (("ann", "loaf"), ("bob", "olives")):
            edge.warm(who)
            assert edge.decide("home", who).picks[0].offer == first
