"""A fleet behind a relay of this process, and kiosks that ask it; what is opened is closed when a test is over."""

import base64
import threading
import time
from contextlib import ExitStack
from urllib.parse import urlencode

import attrs
import pytest
from tests.kiosk.conftest import DEVICE_KEY, SHOP, Maker, yes
from tests.relay.conftest import PRIVATE, PUBLIC

import tactful
from tactful import Consents, MemoryCentre, MemoryStore, Observation, Pack, Snapshot, Source, wall_clock
from tactful import bundle as bundles
from tactful.authoring import compile_files
from tactful.clock import DAY_US, SECOND_US
from tactful.fleet.client import FleetRelay
from tactful.fleet.fleet_file import FleetFile
from tactful.fleet.routes import routes
from tactful.fleet.served import Fleet
from tactful.fleet.upkeep import Upkeep
from tactful.relay.address import Address
from tactful.relay.devices import DevicesFile, add_device
from tactful.relay.relaying import Relay, RelayOptions
from tactful.relay.serving import server
from tactful_adapters.sqlite import SQLiteStore

QUICK = RelayOptions(rate_per_s=1e6, burst=10**6, poll_s=0.05, heartbeat_s=0.05, enrol_per_s=1e6, enrol_burst=10**6)
DEVICE_KEY_TEXT = base64.b64encode(DEVICE_KEY).decode()


class Served:
    """A relay with a fleet, served on a free port."""

    def __init__(self, where, *, options=QUICK, tenant="shop", centre=None):
        where.mkdir(exist_ok=True)
        self.where, self.tenant, self.centre = where, tenant, centre or MemoryCentre()
        self.devices, self.packs = where / "devices.json", where / "packs"
        self.devices.write_text('{"devices": []}', encoding="utf-8")
        self.packs.mkdir(exist_ok=True)
        (where / "relay.public").write_text(PUBLIC + "\n", encoding="utf-8")
        known = DevicesFile(self.devices)
        self.file = FleetFile(where / "fleet.db")
        self.fleet = Fleet(self.file, known, self.packs)
        self.relay = Relay(
            (self.centre,) * 3,
            tenant=tenant,
            private_key=PRIVATE,
            devices=known,
            bundle=self.fleet.rings,
            opened=routes(self.fleet),
            asked=self.fleet.asked,
            tried=self.fleet.tried,
            options=options,
        )
        self._server = server(self.relay, port=0)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        until = time.monotonic() + 20
        while not self._server.started and time.monotonic() < until:
            time.sleep(0.005)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    def url(self, name, *, port=None):
        given = {"tenant": self.tenant, "key": self.where / "relay.public", "token": self.where / f"{name}.token"}
        query = urlencode({one: str(value) for one, value in given.items()})
        return f"relay+http://127.0.0.1:{port or self.port}/?{query}"

    def let_in(self, name, ring="all"):
        token = add_device(self.devices, name, ring=ring)
        (self.where / f"{name}.token").write_text(token + "\n", encoding="utf-8")
        return token

    def stop(self):
        self._server.should_exit = True
        self._thread.join(20)
        self.fleet.close()
        assert not self._thread.is_alive()


@pytest.fixture
def closing():
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def served(tmp_path, closing, monkeypatch):
    monkeypatch.setattr("tactful.relay.devices._LOOK_S", 0.0)
    one = Served(tmp_path / "relay")
    closing.callback(one.stop)
    return one


@pytest.fixture
def client(served, closing):
    """Open a device's client, after it was let in."""

    def open_(name, *, port=None):
        found = FleetRelay(Address.from_url(served.url(name, port=port)))
        closing.callback(found.close)
        return found

    return open_


@pytest.fixture(scope="session")
def policy():
    return compile_files({"policy.yaml": SHOP.encode()})


@pytest.fixture(scope="session")
def signer():
    """The private and the public key of who makes packs."""
    return bundles.make_keys()


@pytest.fixture(scope="session")
def authors():
    """The private and the public key of who makes bundles."""
    return bundles.make_keys()


@pytest.fixture
def bundle_of(authors):
    """Make a bundle of the shop's policy."""

    def make(epoch, policy="", *, private_key=None, tenant="shop"):
        found = compile_files({"policy.yaml": (policy or SHOP).encode()})
        now_us = wall_clock()
        times = {"issued_us": now_us - SECOND_US, "expires_us": now_us + 90 * DAY_US}
        return bundles.write(found, private_key=private_key or authors[0], tenant=tenant, epoch=epoch, **times)

    return make


@pytest.fixture
def shop():
    """What the centre's store knows, now."""
    store, now_us = MemoryStore(), wall_clock()
    for name in ("ada", "bob"):
        seen = Observation(name.title(), Source.OBSERVED, now_us - DAY_US)
        store.put_profile(Snapshot(name, now_us - DAY_US, {"first_name": seen}, 1))
        store.put_consents(name, Consents((yes(now_us - DAY_US),), now_us))
        store.link({"card": f"card-{name}"}, customer=name)
    return store


@pytest.fixture
def make(tmp_path, shop, policy, signer):
    (tmp_path / "made").mkdir()
    maker = Maker(tmp_path / "made", shop, policy, *signer)
    return lambda name, **terms: maker(name, customers=("ada", "bob"), **{"issued_us": wall_clock(), **terms})


@attrs.frozen
class Kiosk:
    """A kiosk, what keeps it up to date, and where its files are."""

    edge: tactful.Edge
    upkeep: Upkeep
    relay: FleetRelay
    pack: object
    key: object
    store: object


@pytest.fixture
def kiosk(tmp_path, closing, served, client, make, signer, authors, bundle_of):
    """Open kiosks with a pack of their own; the same name again opens the same one after a restart."""

    def open_(name="k1", *, bundle=None, relay=None, device_key=None, **others):
        own = tmp_path / name
        pack, key, at = own / "data" / "store.pack", own / "key" / "device.key", own / "data" / "shop.bundle"
        if not own.exists():
            (own / "data").mkdir(parents=True)
            (own / "key").mkdir()
            pack.write_bytes(make(f"{name}.pack", device=name).read_bytes())
            key.write_text(DEVICE_KEY_TEXT, encoding="ascii")
            at.write_bytes(bundle or bundle_of(1))
        if relay is None:
            if not (served.where / f"{name}.token").exists():
                served.let_in(name)
            relay = client(name)
        store = SQLiteStore(own / "data" / "kiosk.db")
        closing.callback(store.close)
        given = Pack(pack, device_key or f"file:{key}", key=signer[1])
        edge = tactful.open(at, key=authors[1], tenant="shop", pack=given, store=store, **others)
        closing.callback(edge.close)
        upkeep = Upkeep(edge, relay, name, bundle=at, pack=pack)
        return Kiosk(edge, upkeep, relay, pack, key, store)

    return open_
