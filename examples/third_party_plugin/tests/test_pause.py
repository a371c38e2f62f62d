"""The pause: its story, its counter-story, and what every guardrail must hold."""

import pytest
from tactful_pause import Pause

from tactful.testing.guardrails import GuardrailConformance

SHOP = """
channels: {web: private}
placements: {home: {channel: web, slots: 3}}
topics: {gambling: {}, lottery: {under: gambling}, food: {}}
purposes: {offers: consent}
profile:
  wishes:
    paused: {type: bool, purpose: offers, absent: false, protect: true, say: that you asked for a pause}
offers:
  all: {intent: sell, purpose: offers}
  ticket: {topic: lottery, value: 2, treatments: A ticket for Saturday}
  olives: {topic: food, treatments: Olives half price}
"""


class TestPause(GuardrailConformance):
    guardrail = Pause
    settings = ({}, {"topic": "lottery"}, {"topic": "food"})
    policy = SHOP


@pytest.fixture
def edge(tactful_edge):
    return tactful_edge(SHOP + "guardrails: {pause: {}}", Pause)


def test_who_asked_for_a_pause_is_offered_no_ticket(edge, tactful_shows):
    assert tactful_shows(edge, "home", {"paused": True}) == ["olives"]


def test_who_did_not_is_offered_one(edge, tactful_shows):
    assert tactful_shows(edge, "home", {"paused": False}) == ["ticket", "olives"]


def test_of_whom_nothing_is_known_is_not_pressed(edge):
    assert [pick.offer for pick in edge.decide("home", "a stranger").picks] == ["olives"]
