"""A shop that packs a few customers for a kiosk, and the kiosk that opens them; clocks stand where a test puts them."""

import attrs
import pytest

import tactful
from tactful import Consent, Consents, ConsentState, Contact, How, MemoryStore, Observation, Pack, Snapshot, Source
from tactful.authoring import compile_files
from tactful.bundle import make_keys
from tactful.clock import DAY_US
from tactful.kiosk.allowed import Allowed
from tactful.kiosk.writing import PackTerms, write_pack
from tactful.plan.plan import Plan
from tactful.testing.clocks import FakeClock

NOON_US = 20_000 * DAY_US + DAY_US // 2
DEVICE_KEY = bytes(range(32))
#: What is shown to somebody of whom nothing is known.
STRANGER = "Olives"
SHOP = """
channels: {kiosk: private, email: private}
placements: {screen: kiosk, letter: email}
topics: {food: {}}
purposes: {offers: consent}
guardrails:
  breaking_bonds: {fresh_for: 3d}
profile:
  shop:
    all: {owner: crm, purpose: offers, source: observed, max_age: 3650d}
    first_name: text
    city: text
    salary: number
offers:
  olives:
    intent: sell
    topic: food
    purpose: offers
    treatments:
      - title: Olives
      - title: "{profile.first_name}, your olives"
        lift: 9
  estate:
    intent: sell
    topic: food
    purpose: offers
    channels: [email]
    when: profile.city == "Bern"
    treatments: [{title: An estate}]
"""


@pytest.fixture(scope="session")
def policy():
    return compile_files({"policy.yaml": SHOP.encode()})


@pytest.fixture(scope="session")
def signer():
    """The private and the public key of who makes packs."""
    return make_keys()


@pytest.fixture
def clock():
    return FakeClock(NOON_US)


def told(value):
    return Observation(value, Source.OBSERVED, NOON_US - DAY_US)


def yes(at_us=NOON_US - DAY_US):
    return Consent("offers", ConsentState.GIVEN, How.EXPLICIT, at_us)


def known_shop():
    """What the centre's store knows."""
    store = MemoryStore()
    for name in ("ada", "bob", "cyd"):
        attributes = {"first_name": told(name.title()), "city": told("Bern"), "salary": told(99_999.0)}
        store.put_profile(Snapshot(name, NOON_US - DAY_US, attributes, 1))
        store.put_consents(name, Consents((yes(),), NOON_US))
        store.link({"card": f"card-{name}"}, customer=name)
    store.link({"household": "h1"}, customer="ada")
    store.link({"household": "h1"}, customer="bob")
    store.record([Contact("c1", "ada", "shown", NOON_US - DAY_US, topic="food", offer="olives")])
    return store


@pytest.fixture
def shop():
    return known_shop()


@attrs.frozen
class Maker:
    """Makes packs for one kiosk."""

    folder: object
    shop: MemoryStore
    policy: tactful.Policy
    private: str
    public: str

    def __call__(self, name="store.pack", *, customers=("ada", "bob", "cyd"), device_key=DEVICE_KEY, **terms):
        given = {"tenant": "shop", "store": "berne", "device": "k1", "epoch": 1, "issued_us": NOON_US, **terms}
        given.setdefault("expires_us", given["issued_us"] + 7 * DAY_US)
        plan = Plan.build(self.policy, tactful.Registry.installed())
        path = self.folder / name
        write_pack(
            path,
            source=self.shop,
            customers=customers,
            allowed=Allowed.of(plan, ["screen"]),
            terms=PackTerms(**given),
            device_key=device_key,
            private_key=self.private,
            contacts_since_us=0,
        )
        return path


@pytest.fixture
def make(tmp_path, shop, policy, signer):
    (tmp_path / "packs").mkdir()
    return Maker(tmp_path / "packs", shop, policy, *signer)


@pytest.fixture
def opened(policy, clock, make):
    """Opens kiosks, and closes them at the end."""
    edges = []

    def open_(path=None, *, store=None, keeps_time=False, device_key=DEVICE_KEY, clock=clock, hears=False, **others):
        pack = Pack(path or make(), device_key, key=make.public, keeps_time=keeps_time, hears=hears)
        edges.append(tactful.open(policy, pack=pack, store=store, clock=clock, **others))
        return edges[-1]

    yield open_
    for edge in edges:
        edge.close()


def title(decision):
    return decision.content["title"] if decision.content else None


def shown(edge, who="ada"):
    edge.warm(who)
    return title(edge.decide("screen", who))
