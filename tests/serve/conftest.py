"""A shop's edge that is served: within the process, or on a free port of this machine for real clients."""

import threading
import time

import pytest
from starlette.testclient import TestClient

import tactful
from tactful.authoring import compile_files
from tactful.relay.devices import add_device
from tactful.serve.app import serve_app
from tactful.serve.guard import Guard
from tactful.serve.serving import guard_of, server

SHOP = """
channels:
  web: private
  phone: {privacy: private, escape: none}
placements:
  home: {channel: web, slots: 2, fallback: {title: Welcome}}
  call: {channel: phone, fallback: {title: Ask what you can do}}
identifiers: {card: person}
context: {page: text, visits: int}
topics: {shoes: {}}
purposes:
  offers: {basis: consent, say: choose offers for you}
profile:
  shop:
    all: {owner: crm, purpose: offers, source: stated}
    first_name: {type: text, say: your name}
    shoe_size: {type: int, say: your shoe size}
    expecting: {type: bool, say: what you told us of your family}
offers:
  all: {intent: sell, topic: shoes, purpose: offers}
  fitting:
    when: profile.shoe_size == 43
    value: 3
    placements: [home]
    treatments: [Shoes, {title: "Shoes for {profile.first_name}", lift: 2}]
  deli: {when: 'context.page == "deli"', value: 2, placements: [home], treatments: Olives & bread}
  boots:
    when: profile.shoe_size == 43
    value: 1
    placements: [call]
    treatments: [Boots, {title: "Boots for {profile.first_name}", lift: 2}]
caps: {once: {count: 1, within: 7d}}
"""
POLICY = compile_files({"policy.yaml": SHOP.encode()})


@pytest.fixture
def edge():
    """An edge whose store knows Ann, who agreed, and Bob, who did not."""
    with tactful.open(POLICY) as opened:
        now_us = tactful.wall_clock()
        for who in ("ann", "bob"):
            values = {"first_name": who.title(), "shoe_size": 43, "expecting": True}
            known = {name: tactful.Observation(value, tactful.Source.STATED, now_us) for name, value in values.items()}
            opened._store.put_profile(tactful.Snapshot(who, now_us, known))
        opened.opt_in("ann", "offers")
        opened._store.link({"card": "4711"}, customer="ann")
        yield opened


@pytest.fixture
def client_of(edge):
    """What makes a client of the application, within the process; it calls the server localhost."""

    def client(guard=Guard(), **more):  # noqa: B008 - frozen
        return TestClient(serve_app(edge, guard=guard, **more), base_url="http://localhost:8788")

    return client


@pytest.fixture
def client(client_of):
    return client_of()


@pytest.fixture
def devices(tmp_path):
    """The file of those who may ask, and the token of one."""
    path = tmp_path / "devices.json"
    return path, add_device(path, "screen-1")


@pytest.fixture
def address(edge):
    """Where the edge is served, on loopback."""
    served = server(edge, guard_of("127.0.0.1"), port=0)
    thread = threading.Thread(target=served.run, daemon=True)
    thread.start()
    while not served.started:
        assert thread.is_alive()
        time.sleep(0.005)
    yield f"http://127.0.0.1:{served.servers[0].sockets[0].getsockname()[1]}"
    served.should_exit = True
    thread.join(10)
    assert not thread.is_alive()
