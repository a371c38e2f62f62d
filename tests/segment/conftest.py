"""A shoe shop that hears Segment's events, and a server on loopback that real clients send to."""

import base64
import contextlib
import gzip
import json
import threading
import time

import pytest
import uvicorn
from starlette.testclient import TestClient

import tactful
from tactful.authoring import compile_files
from tactful_adapters.segment import SegmentApp

KEY = "WK"
SHOP = """
channels: {web: private}
placements: {home: {channel: web, fallback: {title: Welcome}}}
topics: {shoes: {}}
purposes:
  offers: {basis: consent, say: choose offers for you}
  partners: {basis: consent, under: offers, partner: Cobbler}
  service: contract
identifiers: {cookie: device, household: household}
profile:
  shop:
    all: {owner: crm, purpose: offers}
    shoe_size: {type: int, say: your shoe size}
    first_name: {type: text, source: stated, say: your name}
    town: text
    plan: text
  more: {newsletter: {type: bool, purpose: service}}
offers:
  all: {intent: sell, topic: shoes, purpose: offers}
  fitting: {when: profile.shoe_size == 43, value: 3, treatments: Shoes in your size}
  plain: {treatments: New shoes}
"""
EVENTS = """
events:
  anonymous_id: cookie
  group_id: household
  consent:
    Advertising: {purpose: offers, yes: explicit}
    Functional: offers
    Partners: {purpose: [partners], yes: implied}
  identify:
    firstName: first_name
    shoe.size: {attribute: shoe_size, source: stated, confidence: 90%}
    newsletter: newsletter
  group: {plan: plan}
  track:
    Size Chosen: {properties: {size: shoe_size}}
    Order Completed: {counts_as: purchase, topic: shoes, properties: {size: shoe_size}}
    Offer Clicked: {counts_as: click, decision: token}
    Complaint: {counts_as: complaint, purpose: service}
  page:
    Home: {counts_as: visit}
  screen:
    Kiosk: {counts_as: visit, properties: {town: town}}
"""
YES = {"consent": {"categoryPreferences": {"Advertising": True}}}
NO = {"consent": {"categoryPreferences": {"Advertising": False}}}


@pytest.fixture
def policy_of():
    """What makes the shop's policy, with another section `events` if one is given."""

    def policy(events=EVENTS):
        return compile_files({"policy.yaml": SHOP.encode(), "events.yaml": events.encode()})

    return policy


@pytest.fixture
def edge(tmp_path, policy_of):
    with tactful.open(policy_of(), store=f"sqlite:///{tmp_path / 'edge.db'}") as opened:
        yield opened


@pytest.fixture
def app(edge):
    return SegmentApp(edge, [KEY, "another"])


@pytest.fixture
def post(app):
    """What sends a body, or raw bytes, to a path, and returns the answer."""

    def send(path, body, *, key=KEY, packed=False, **headers):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        told = {
            "content-type": "application/json",
            "authorization": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}",
        }
        told |= {"content-encoding": "gzip"} if packed else {}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in told.items() if value}
        return TestClient(app).post(path, content=gzip.compress(raw) if packed else raw, headers=sent)

    return send


@pytest.fixture
def known(edge):
    """The values on record of a customer, by attribute."""

    def values(customer):
        found = edge._store.profile(customer)
        return {} if found is None else {name: one.value for name, one in found.attributes.items()}

    return values


@pytest.fixture
def contacts(edge):
    """The contacts on record of a customer, but for receipts, oldest first."""

    def found(customer):
        return [one.event for one in edge._store.contacts(customer, 0) if one.event != "heard"]

    return found


@contextlib.contextmanager
def served(app):
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def address(app):
    with served(app) as found:
        yield found
