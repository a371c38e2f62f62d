"""The ranker: what every ranker must hold, and its story."""

from tactful_rainy import Rainy, tactful_rankers

import tactful
from tactful.authoring import compile_files
from tactful.testing.rankers import RankerConformance

SHOP = """
channels: {web: private}
placements: {home: {channel: web, slots: 3}}
topics: {indoors: {}, garden: {}}
context: {weather: text}
purposes: {offers: consent}
offers:
  all: {intent: sell, purpose: offers}
  grill: {topic: garden, value: 1.5, treatments: A grill}
  puzzle: {topic: indoors, treatments: A puzzle}
"""


class TestRainy(RankerConformance):
    ranker = Rainy
    settings = ({}, {"topic": "garden", "times": 0.5})
    policy = SHOP


def test_when_it_rains_the_puzzle_comes_first():
    registry = tactful.Registry.of(type("plugin", (), {"tactful_rankers": staticmethod(tactful_rankers)}))
    shop = compile_files({"shop.yaml": (SHOP + "rankers: {rainy: {}}").encode()}, registry=registry)
    with tactful.open(shop, registry=registry) as edge:
        for weather, first in (("rain", "puzzle"), ("sun", "grill")):
            assert edge.decide("home", "ann", {"weather": weather}).picks[0].offer == first
