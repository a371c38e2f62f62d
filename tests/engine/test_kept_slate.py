"""What filled a page is kept for as long as it holds, and is then what would be worked out anew."""

from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from random import Random

import pytest

import tactful
from tactful.authoring import compile_files
from tactful.clock import SECOND_US
from tactful.consent import Consent, Consents, ConsentState, How
from tactful.engine import middle
from tactful.engine.count import Counters
from tactful.engine.room import PageRoom, shown, shown_id
from tactful.memory import MemoryStore
from tactful.profile import Observation, Snapshot
from tactful.schema import Source

from ..differential.mutating import Mutant, mutated
from .conftest import NOON_US, FakeClock

#: Offers that end, or wait for an hour of the context or a moment; a profile that ages; caps that pages fill.
POLICY = b"""
name: shop
channels: {web: private}
placements: {home: {channel: web, slots: 2}, aside: {channel: web, slots: 1}}
purposes: {offers: {basis: consent, say: choose offers for you}}
context: {page: text, hour: int, ends: time}
topics: {food: {}, drink: {}, care: {}}
profile:
  known:
    all: {owner: crm, purpose: offers, max_age: 1m, source: observed}
    visits: {type: int, say: how often you come}
offers:
  all: {intent: sell, purpose: offers, topic: food, owner: marketing}
  known: {value: 9, topic: care, when: profile.visits > 3, treatments: [{title: For you}]}
  morning: {value: 8, when: 'context.hour > 12 || now < timestamp("2024-10-04T00:00:20Z")', treatments: [{title: Hi}]}
  cart: {value: 7, topic: drink, when: context.page == "cart", treatments: [{title: One more}]}
  sale: {value: 8.7, topic: care, when: 'context.ends > now || profile.visits > 9', treatments: [{title: Sale}]}
  shelf: {value: 8.8, when: 'channel.name == "web" && context.ends - duration("4s") > now', treatments: [{title: New}]}
  brief: {value: 8.5, run: 2024-10-01T00:00:00Z to 2024-10-04T00:00:10Z, topic: drink, treatments: [{title: Today}]}
  always: {value: 5, treatments: [{title: Bread}]}
  water: {value: 4, topic: drink, treatments: [{title: Water}]}
caps:
  topic: {of: topic, count: TOPIC, within: 20s}
  all: {of: all, count: ALL, within: 30s}
  offer: {of: offer, count: OFFER, within: 20s}
"""
UNFORESEEN = POLICY.replace(b"now < timestamp", b"now.getSeconds() < 18 && now < timestamp")


#: Lives at random, and others in which a mistake was noticed before.
SEEDS = (12, 19, 29, 33, 45, 56, 84, *range(100, 120))
ENDS = datetime.fromtimestamp(NOON_US // SECOND_US + 16, UTC)
CONTEXTS = (
    {"page": "cart", "hour": 9, "ends": ENDS},
    {"page": "home", "hour": 9, "ends": ENDS},
    {"page": "home", "hour": 15},
)


def chosen(slate):
    return [(one.placement, one.index, one.worth) for one in slate.chosen]


def counted_anew(counters):
    """The same contacts, counted by nobody before; room that waits to be counted is among them."""
    contacts = [one.contact() for one in counters._kept.values()]
    for decision, rooms, at_us, until_us in counters._pending:
        ids = (shown_id(decision, slot, room.offer.id) for slot, room in enumerate(rooms))
        contacts += [
            shown(room.offer, room.channel, id_, at_us, until_us) for id_, room in zip(ids, rooms, strict=True)
        ]
    return Counters(counters.plan, contacts, "customer", counters.own, counters.since_us)


class Compared:
    """What the middle of decisions gives, beside what it would give if nothing were kept and nothing left out."""

    def __init__(self):
        self.whole = middle.decide
        self.counters = lambda: None
        self.kept = 0
        self.different = []

    def decide(self, plan, channel, page, customer, context, limited, caps, now_us):
        before = [one.slate for one in customer.channels]
        moment = self.whole(plan, channel, page, customer, context, limited, caps, now_us)
        counters, name = counted_anew(self.counters()), channel.channel.name
        room = PageRoom(plan, name, [counters], now_us)
        asked = counters.limited(name, now_us)
        fresh = middle._slate(channel, page, customer, moment.here, context, asked, room, now_us)
        self.kept += moment.slate in before
        if chosen(moment.slate) != chosen(fresh):
            self.different.append((now_us, context, chosen(moment.slate), chosen(fresh)))
        return moment


@cache
def policy_of(text, topic, all_, offer):
    caps = (
        text.replace(b"TOPIC", str(topic).encode())
        .replace(b"ALL", str(all_).encode())
        .replace(b"OFFER", str(offer).encode())
    )
    return compile_files({"policy.yaml": caps})


def lived(text, monkeypatch):
    """What differed first in lives of a customer, and how many decisions took what was kept."""
    kept = 0
    lives = [partial(_look_on, text), *(partial(_live, text, Random(seed)) for seed in SEEDS)]  # noqa: S311 - the same each time
    for live in lives:
        compared = Compared()
        with monkeypatch.context() as patched:
            patched.setattr(middle, "decide", compared.decide)
            live(compared)
        kept += compared.kept
        if compared.different:
            return compared.different, kept
    return [], kept


def _look_on(text, compared):
    """Decide in one context, second by second, leaving no trace: nothing but time changes anything."""
    for context in CONTEXTS:
        with _opened(policy_of(text, 6, 30, 6), Observation(5, Source.OBSERVED, NOON_US), compared) as (edge, clock):
            for _ in range(24):
                assert not edge.decide("home", "ann", context, preview=True).careful
                clock.pass_s(1)


@contextmanager
def _opened(policy, seen, compared):
    """Give an edge that knows a customer, and its clock."""
    clock = FakeClock()
    given = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOON_US - 1)
    store = MemoryStore(clock=clock)
    store.put_many([Snapshot("ann", NOON_US, {"visits": seen})], {"ann": Consents((given,), NOON_US)}, ())
    with tactful.open(policy, store=store, clock=clock) as edge:
        edge.warm("ann")
        compared.counters = lambda: edge._snapshots.here("ann").counters
        yield edge, clock


def _live(text, random, compared):
    policy = policy_of(text, random.choice((2, 3, 6)), random.choice((3, 5, 9, 30)), random.choice((2, 6)))
    previewed = random.choice((0.1, 0.4, 0.8))
    seen = Observation(5, Source.OBSERVED, NOON_US - random.randrange(40) * 1_000_000)
    with _opened(policy, seen, compared) as (edge, clock):
        context, place = CONTEXTS[0], "home"
        for _ in range(30):
            clock.pass_s(random.choice((0, 0.5, 3, 8, -3, -5)))
            if random.random() < 0.2:
                context = random.choice(CONTEXTS)
            if random.random() < 0.15:
                place = random.choice(("home", "aside"))
            decision = edge.decide(place, "ann", context, preview=random.random() < previewed)
            assert not decision.careful


def test_what_is_kept_is_what_would_be_worked_out_anew(monkeypatch):
    different, kept = lived(POLICY, monkeypatch)

    assert different == []
    assert kept > 60


def test_what_cannot_be_foreseen_is_not_kept(monkeypatch):
    assert lived(UNFORESEEN, monkeypatch) == ([], 0)


MUTANTS = [
    ("engine.middle", "or caps is not None  # picks may fill a cap", ""),
    ("engine.middle", "or kept.page is not page", ""),
    ("engine.middle", "or kept.limited is not limited", ""),
    ("engine.middle", "or not kept.since_us <= now_us < kept.until_us", ""),
    ("engine.middle", "kept.since_us <= now_us < kept.until_us", "now_us < kept.until_us"),
    ("engine.middle", "or kept.context != context", ""),
    ("engine.middle", "if caps is None and channel.is_foreseen:", "if caps is None:"),
    ("engine.middle", "until_us = min(guards_us, needs_us)", "until_us = guards_us"),
    ("engine.qualify", "spared | met\n            until_us = min(until_us, until)", "spared | met"),
    ("engine.qualify", "allow &= met\n        until_us = min(until_us, until)", "allow &= met"),
    ("engine.qualify", "min(there.until_us, ends_us)", "there.until_us"),
    ("engine.qualify", "min(there.until_us, ends_us)", "ends_us"),
    ("engine.count", "self._slack - self._waiting <= slots or ", ""),
    ("engine.count", "self._slack - self._waiting <= slots", "self._slack <= slots"),
    ("engine.counter", "if one.fills and not is_reached and", "if False and"),
    ("engine.counter", "state[1] is not None and state[0]", "state[0]"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1]} -> {mutant[2]}")
def test_a_mistake_in_what_is_kept_is_noticed(mutant, monkeypatch):
    text = UNFORESEEN if mutant[2] == "if caps is None:" else POLICY
    with mutated(Mutant(*mutant)):
        assert lived(text, monkeypatch)[0]
