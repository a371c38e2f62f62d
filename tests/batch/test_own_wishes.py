"""What is a customer's own - zone, wish, word and deed, a protected fact - counts for many as for one."""

import datetime as dt

import pyarrow as pa
import pytest
from tests.differential.mutating import Mutant, mutated

import tactful
from tactful import Contact, MemoryStore, Observation, Snapshot, Source
from tactful.authoring import compile_files
from tactful.clock import DAY_US

NOW_US = 20_000 * DAY_US + 6 * 3_600_000_000
NOW = dt.datetime.fromtimestamp(NOW_US / 1e6, dt.UTC)
POLICY = b"""
values: {zone: UTC, customer_zone: zone}
channels: {mail: {privacy: private, outbound: true}}
placements: {letter: {channel: mail, slots: 4, per_topic: 2}}
topics: {bread: {}, pets: {}, tools: {}, garden: {}}
purposes: {offers: {basis: consent}, again: {basis: soft-opt-in}}
guardrails: {breaking_bonds: {bought: bought, accept: [explicit]}}
profile:
  shop:
    all: {owner: crm}
    zone: text
    likes: {type: text, purpose: [offers]}
    asleep: {type: bool, protect: true, absent: false}
    bought: {type: list of text, source: observed, protect: true}
    often: {type: int, source: stated, protect: true, absent: 99}
caps:
  daily: {of: offer, count: 1, within: day}
  letters: {of: all, event: letter, channels: [mail], count: 3, within: 7d, wish: often}
offers:
  all: {intent: sell}
  loaf: {topic: bread, purpose: offers, value: 9, treatments: A loaf}
  rolls: {topic: bread, purpose: offers, value: 8, unless: profile.asleep, treatments: Rolls}
  bagels: {topic: bread, purpose: offers, value: 7, treatments: Bagels}
  leash: {topic: pets, purpose: offers, value: 8.5, when: profile.likes == "dogs", treatments: A leash}
  bone: {topic: pets, purpose: offers, value: 7.5, when: profile.likes == "dogs", treatments: A bone}
  hammer: {topic: tools, purpose: again, value: 6, treatments: A hammer}
  spade: {topic: garden, purpose: again, value: 5, treatments: A spade}
"""
#: What is on record of each, and how it is known.
ROWS = {
    "nowhere": {},
    "plain": {"zone": "UTC"},
    "tokyo": {"zone": "Asia/Tokyo"},
    "berlin": {"zone": "Europe/Berlin"},
    "dogs": {"zone": "UTC", "likes": "dogs"},
    "asleep": {"zone": "UTC", "asleep": "yes"},
    "awake": {"zone": "UTC", "asleep": "no"},
    "odd": {"zone": "UTC", "asleep": "who knows"},
    "rarely": {"zone": "UTC", "often": 1},
    "weekly": {"zone": "UTC", "often": 2},
    "buyer": {"zone": "UTC", "bought": ["tools"]},
    "guessed": {"zone": "UTC", "bought": ["tools"], "bought.source": "modelled"},
    "hearsay": {"zone": "UTC", "bought": ["tools"], "bought.first_party": False},
    "unsure": {"zone": "UTC", "bought": ["tools"], "bought.confidence": 0.9},
}
TYPES = {
    "customer": pa.string(),
    "zone": pa.string(),
    "likes": pa.string(),
    "asleep": pa.string(),
    "bought": pa.list_(pa.string()),
    "bought.source": pa.string(),
    "bought.first_party": pa.bool_(),
    "bought.confidence": pa.float64(),
    "often": pa.int64(),
    "consent.offers": pa.string(),
    "consent.again": pa.string(),
}
WORDS = {"yes": True, "no": False}
#: Ten hours ago it was another day in UTC and in Berlin, and this one in Tokyo; each had one letter.
CONTACTS = {
    name: [
        Contact("1", name, "shown", NOW_US - 10 * 3_600_000_000, topic="bread", offer="loaf", channel="mail"),
        Contact("2", name, "letter", NOW_US - DAY_US, channel="mail"),
    ]
    for name in ROWS
}


def differing():
    """Return the customers who get something else from the table than alone."""
    policy = compile_files({"policy.yaml": POLICY})
    store = MemoryStore(clock=lambda: NOW_US)
    with tactful.open(policy, store=store, clock=lambda: NOW_US) as edge:
        alone = {name: told(edge, name, known) for name, known in ROWS.items()}
        found = many(edge)
    assert len({*map(tuple, alone.values())}) > 5  # they are not all alike
    return [name for name in ROWS if found.get(name, []) != alone[name]]


def told(edge, name, known):
    how = (
        Source(known.get("bought.source", "observed")),
        NOW_US,
        known.get("bought.confidence", 1.0),
        known.get("bought.first_party", True),
    )
    attributes = {
        one: Observation(value, *how) if one == "bought" else stated(value)
        for one, value in known.items()
        if "." not in one
    }
    consents = {"offers": "explicit", "again": "implied"}
    profile = Snapshot(name, NOW_US, attributes)
    decision = edge.decide("letter", name, profile=profile, consents=consents, contacts=CONTACTS[name])
    return [pick.offer for pick in decision.picks]


def stated(value):
    return Observation(WORDS.get(value, value) if isinstance(value, str) else value, Source.STATED, NOW_US)


def many(edge):
    agreed = {"consent.offers": "explicit", "consent.again": "implied"}
    rows = [{"customer": name, **agreed, **one} for name, one in ROWS.items()]
    table = pa.Table.from_pylist(rows, schema=pa.schema(TYPES))
    words = pa.array([WORDS.get(one) for one in table["asleep"].to_pylist()], type=pa.bool_())
    found = {}
    for odd in (False, True):  # a column has one type: what does not fit comes in a table of its own
        part = table.filter([(row["customer"] == "odd") is odd for row in rows])
        if not odd:
            known = words.filter(pa.array([row["customer"] != "odd" for row in rows]))
            part = part.set_column(part.column_names.index("asleep"), "asleep", known)
        decisions = edge.decide_many("letter", part, contacts=CONTACTS)
        for row in decisions.table.to_pylist():
            found.setdefault(row["customer"], []).append(row["offer"])
    return found


def test_each_counts_for_many_as_for_one():
    assert differing() == []


@pytest.mark.parametrize(
    ("module", "right", "wrong"),
    [
        ("fields", "np.where(column.codes == UNREADABLE, count + 1, codes)", "np.where(codes < 0, count, codes)"),
        ("fields", "& np.array([one.is_direct for one in sorts])[column.told.sort_of]", ""),
        ("picks", "standing.close(full, self._closed[self._topic[best[full]]])", "pass"),
        (
            "subjects",
            "np.where(column.codes >= 0, column.codes, len(known))",
            "np.where(column.codes >= 0, 0, len(known))",
        ),
        ("subjects", "protective[place] = wish", "pass"),
    ],
)
def test_a_mistake_is_caught(module, right, wrong):
    with mutated(Mutant(f"engine.batch.{module}", right, wrong)):
        assert differing() != []
