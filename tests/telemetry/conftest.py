"""A shop whose customer has canaries in every field, and an edge that tells of its decisions."""

import pytest

import tactful
from tactful import Consent, ConsentState, How, MemoryCentre, MemoryStore, Observation, Snapshot, Source, SyncOptions
from tactful.authoring import compile_files

NOW_US = 1_790_000_000_000_000
SHOP = b"""
name: corner shop
channels: {web: private}
placements: {home: {channel: web, slots: 2, fallback: {title: Welcome}}, side: web}
topics: {food: {}, wine: {}}
purposes: {offers: consent}
context: {page: text}
profile: {shop: {all: {owner: crm, purpose: offers, max_age: 90d}, first_name: text}}
offers:
  olives:
    intent: sell
    topic: food
    purpose: offers
    placements: [home]
    value: 2
    treatments: [Olives, {title: "{profile.first_name}, olives", lift: 9}]
  bread: {intent: sell, topic: food, placements: [home], treatments: Bread}
"""
WHO = "canary-customer"
CANARIES = ("canary-customer", "canary-name", "canary-page", "canary-card", "canary-placement")


@pytest.fixture(scope="session")
def policy():
    return compile_files({"policy.yaml": SHOP})


@pytest.fixture
def store():
    kept = MemoryStore(clock=lambda: NOW_US)
    kept.put_profile(Snapshot(WHO, NOW_US, {"first_name": Observation("canary-name", Source.STATED, NOW_US)}))
    kept.add_consent(WHO, Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOW_US))
    kept.link({"card": "canary-card"}, customer=WHO)
    return kept


@pytest.fixture
def open_edge(policy, store):
    opened = []

    def one(*telemetry, **more):
        edge = tactful.open(policy, store=store, clock=lambda: NOW_US, telemetry=telemetry, **more)
        opened.append(edge)
        return edge

    yield one
    for edge in opened:
        edge.close()


@pytest.fixture
def follow(open_edge):
    """An edge that follows a centre by hand."""
    return lambda *telemetry: open_edge(
        *telemetry, centre=MemoryCentre(clock=lambda: NOW_US), sync=SyncOptions(threads=False)
    )


def everything(edge):
    """All kinds of decisions: filled, empty, careful, failed, of a placement that is not there, and a preview."""
    edge.decide("home", {"card": "canary-card"}, {"page": "canary-page"})
    edge.decide(["side", "home"], WHO, {"page": "canary-page"})
    edge.decide("side", WHO)
    edge.decide("home", "canary-customer nobody", {"page": 7, "canary-page": 1})
    edge.decide("canary-placement", WHO)
    edge.decide(["home", "canary-placement"], WHO)
    edge.decide("home", WHO, refused=7)  # type: ignore[arg-type] # it fails
    edge.decide("home", WHO, preview=True)


#: Calls of `everything` that are told of.
TOLD = 7
