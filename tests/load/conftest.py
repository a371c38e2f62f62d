"""A shop whose two policies tell by what they show which of them decided, and a customer who may be sold to."""

import pytest

import tactful
from tactful.authoring import compile_files
from tactful.consent import Consent, Consents, ConsentState, How

NOW_US = 1_770_000_000_000_000
COUNT = 5
POLICY = """
name: shop
values: {{dial: bold, zone: UTC}}
identifiers: {{card: person}}
channels: {{web: private}}
placements: {{home: {{channel: web, slots: 2, fallback: {{title: Welcome}}}}}}
purposes: {{offers: {{basis: consent, say: choose offers for you}}}}
topics: {{food: {{}}}}
context: {{page: text}}
profile:
  known:
    all: {{owner: crm, purpose: offers, max_age: 90d, source: observed}}
    visits: {{type: int, say: how often you came}}
    house: {{type: text, say: where you live}}
caps:
  most: {{of: all, count: {count}, within: 7d, per: {per}}}
guardrails: {{comfort: off}}
offers:
  all: {{intent: sell, purpose: offers, owner: marketing, topic: food, when: profile.visits >= 1}}
  one: {{treatments: "{letter} one"}}
  two: {{treatments: "{letter} two"}}
"""


def policy(letter, per="customer", count=COUNT):
    return compile_files({"policy.yaml": POLICY.format(letter=letter, per=per, count=count).encode()})


def known(customer, visits=3):
    seen = tactful.Observation(visits, tactful.Source.OBSERVED, NOW_US - 60_000_000)
    return tactful.Snapshot(customer, NOW_US - 60_000_000, {"visits": seen})


def agreed(at_us=NOW_US - 60_000_000):
    return Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, at_us),), at_us)


def letters(decision):
    """The first letters of what a decision shows: which policy wrote it."""
    return {pick.content["title"][0] for pick in decision.picks}


@pytest.fixture
def opened():
    """Opens edges over a store of their own, with so many customers, on one moment; closes them."""
    edges = []

    def open_(first, customers=1, **options):
        store = tactful.MemoryStore(kinds={"card": "person"}, clock=lambda: NOW_US)
        ids = [f"c{number}" for number in range(customers)]
        store.put_many([known(id_) for id_ in ids], dict.fromkeys(ids, agreed()), [])
        edges.append(tactful.open(first, store=store, clock=lambda: NOW_US, **options))
        return edges[-1]

    yield open_
    for edge in edges:
        edge.close()
