"""Relays on free ports of this machine, each before a centre of its own; all are stopped when a test is over."""

import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tactful import Consent, Consents, ConsentState, How, MemoryCentre
from tactful.authoring import compile_files
from tactful.bundle import make_keys
from tactful.relay.client import RelayCentre
from tactful.relay.devices import DevicesFile, add_device
from tactful.relay.relaying import Relay, RelayOptions
from tactful.relay.serving import server

PRIVATE, PUBLIC = make_keys()
SHOP = """
channels: {web: private}
placements: {page: web}
topics: {food: {}}
purposes: {offers: consent}
profile:
  shop:
    all: {owner: crm, purpose: offers, source: observed, max_age: 3650d}
    first_name: text
offers:
  olives:
    intent: sell
    topic: food
    purpose: offers
    treatments:
      - title: Olives
      - title: "{profile.first_name}, your olives"
        lift: 9
"""
#: Nothing waits for long in a test.
QUICK = RelayOptions(rate_per_s=100_000, burst=100_000, poll_s=0.05, heartbeat_s=0.05)


class Served:
    """A relay that is served."""

    def __init__(self, where, centre, *, tenant="shop", private_key=PRIVATE, options=QUICK, bundle=None, tls=None):
        where.mkdir(exist_ok=True)
        self.where, self.tenant, self.centre = where, tenant, centre
        self.devices = where / "devices.json"
        self.token = add_device(self.devices, "kiosk-1")
        (where / "relay.public").write_text(PUBLIC + "\n", encoding="utf-8")
        (where / "kiosk-1.token").write_text(self.token + "\n", encoding="utf-8")
        centres = centre if isinstance(centre, tuple) else (centre,) * 3
        self.relay = Relay(
            centres,
            tenant=tenant,
            private_key=private_key,
            devices=DevicesFile(self.devices),
            bundle=bundle,
            options=options,
        )
        self._tls = tls is not None
        self._server = server(self.relay, port=0, tls=tls)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        until = time.monotonic() + 20
        while not self._server.started and time.monotonic() < until:
            time.sleep(0.005)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    @property
    def base(self):
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def url(self, *, port=None, **more):
        given = {"tenant": self.tenant, "key": self.where / "relay.public", "token": self.where / "kiosk-1.token"}
        query = urlencode({name: str(one) for name, one in (given | more).items() if one is not None})
        scheme = "relay+https" if self._tls else "relay+http"
        return f"{scheme}://127.0.0.1:{port or self.port}/?{query}"

    def stop(self):
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()


@pytest.fixture(scope="session")
def policy():
    return compile_files({"policy.yaml": SHOP.encode()})


@pytest.fixture
def serve(tmp_path):
    """Serve a centre; whatever is asked for is stopped at the end."""
    served, number = [], iter(range(1000))

    def start(centre, **options):
        one = Served(Path(tmp_path) / f"relay-{next(number)}", centre, **options)
        served.append(one)
        return one

    yield start
    for one in served:
        one.stop()


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """A relay that stands for all tests of a module: for those that change nothing of what the others ask."""
    centre = MemoryCentre(clock=lambda: 9)
    centre.put_consents("ada", Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 1),), 1))
    one = Served(tmp_path_factory.mktemp("relay"), centre)
    yield one
    one.stop()


@pytest.fixture
def opened():
    """Open a relay's client, closed at the end."""
    clients = []

    def open_(url):
        clients.append(RelayCentre.from_url(url))
        return clients[-1]

    yield open_
    for one in clients:
        one.close()
