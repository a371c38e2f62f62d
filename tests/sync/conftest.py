"""A small shop, its centre, and edges that follow it; all clocks stand where a test puts them."""

import pytest

import tactful
from tactful import Consent, Consents, ConsentState, How, MemoryCentre, MemoryStore, Observation, Snapshot, Source
from tactful.authoring import compile_files
from tactful.clock import DAY_US
from tactful.sync.options import SyncOptions

NOON_US = 20_000 * DAY_US
FRESH_S = 3600
SHOP = f"""
channels: {{web: private, email: private}}
placements: {{page: web}}
topics: {{food: {{}}}}
purposes: {{offers: consent, news: legitimate-interest}}
guardrails: {{breaking_bonds: {{fresh_for: {FRESH_S}s}}}}
profile:
  shop:
    all: {{owner: crm, purpose: offers, source: observed, max_age: 3650d}}
    first_name: text
offers:
  olives:
    intent: sell
    topic: food
    purpose: offers
    treatments:
      - title: Olives
      - title: "{{profile.first_name}}, your olives"
        lift: 9
"""
BY_HAND = SyncOptions(threads=False)


class FakeClock:
    """A clock that tells the moment that a test sets."""

    def __init__(self):
        self.now_us = NOON_US

    def __call__(self):
        return self.now_us

    def pass_s(self, seconds):
        self.now_us += int(seconds * 1_000_000)


@pytest.fixture(scope="session")
def policy():
    return compile_files({"policy.yaml": SHOP.encode()})


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def centre(clock):
    return MemoryCentre(clock=clock)


@pytest.fixture
def open_edge(policy, clock, centre):
    """Open edges with stores of their own on one centre; all are closed afterwards."""
    opened = []

    def one(store=None, *, at=None, sync=BY_HAND, how=clock):
        kept = store or MemoryStore(clock=clock)
        edge = tactful.open(policy, store=kept, centre=at or centre, sync=sync, clock=how)
        opened.append(edge)
        return edge

    yield one
    for edge in opened:
        edge.close()


def ada(at_us=NOON_US, name="Ada", customer="ada"):
    return Snapshot(customer, at_us, {"first_name": Observation(name, Source.OBSERVED, at_us=at_us)})


def yes(at_us=NOON_US, purpose="offers", how=How.EXPLICIT, channel=None):
    return Consent(purpose, ConsentState.GIVEN, how, at_us, channel=channel)


def no(at_us=NOON_US, purpose="offers", channel=None):
    return Consent(purpose, ConsentState.WITHDRAWN, How.EXPLICIT, at_us, channel=channel)


def known(*records, at_us=NOON_US):
    return Consents(records, at_us)


def title(edge, who="ada"):
    """What a customer sees, once the edge had the time to fetch the customer."""
    edge.decide("page", who, preview=True)
    edge.warm(who)
    return at_once(edge, who).get("title")


def at_once(edge, who="ada"):
    """What a customer sees now; nothing is taken up by looking."""
    return edge.decide("page", who, preview=True).content or {}


NAMED, PLAIN = "Ada, your olives", "Olives"
