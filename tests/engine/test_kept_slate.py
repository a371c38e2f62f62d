"""What filled a page is kept for as long as it holds, and is then what would be worked out anew."""

from random import Random

import pytest

import tactful
from tactful.authoring import compile_files
from tactful.consent import Consent, Consents, ConsentState, How
from tactful.engine import middle
from tactful.engine.room import PageRoom
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
context: {page: text, hour: int}
topics: {food: {}, drink: {}}
profile:
  known:
    all: {owner: crm, purpose: offers, max_age: 1m, source: observed}
    visits: {type: int, say: how often you come}
offers:
  all: {intent: sell, purpose: offers, topic: food, owner: marketing}
  known: {value: 9, when: profile.visits > 3, treatments: [{title: For you}]}
  morning: {value: 8, when: 'context.hour > 12 || now < timestamp("2024-10-04T00:00:20Z")', treatments: [{title: Hi}]}
  cart: {value: 7, topic: drink, when: context.page == "cart", treatments: [{title: One more}]}
  brief: {value: 8.5, run: 2024-10-01T00:00:00Z to 2024-10-04T00:00:10Z, topic: drink, treatments: [{title: Today}]}
  always: {value: 5, treatments: [{title: Bread}]}
  water: {value: 4, topic: drink, treatments: [{title: Water}]}
caps:
  food: {of: topic, count: 5, within: 30s}
  all: {of: all, count: 20, within: 1m}
  offer: {of: offer, count: 2, within: 20s}
"""
UNFORESEEN = POLICY.replace(b"now < timestamp", b"now.getSeconds() < 20 && now < timestamp")


CONTEXTS = ({"page": "cart", "hour": 9}, {"page": "home", "hour": 9}, {"page": "home", "hour": 15})


def chosen(slate):
    return [(one.placement, one.index, one.worth) for one in slate.chosen]


class Compared:
    """What the middle of decisions gives, beside what it would give if nothing were kept."""

    def __init__(self, random):
        self.whole = middle.decide
        self.random = random
        self.counting = ()
        self.kept = 0
        self.different = []

    def decide(self, plan, channel, page, customer, context, limited, caps, now_us):
        def room():
            return PageRoom(plan, channel.channel.name, self.counting, now_us)

        if caps is not None:
            self.counting = caps._counting
        args = plan, channel, page, customer, context, limited
        if self.counting and self.random.random() < 0.2:
            self.whole(*args, room(), now_us)  # as a page of more slots could have asked
        before = [one.slate for one in customer.channels]
        moment = self.whole(*args, caps, now_us)
        fresh = middle._slate(
            channel, page, customer, moment.here, context, limited, None if caps is None else room(), now_us
        )
        self.kept += moment.slate in before
        if chosen(moment.slate) != chosen(fresh):
            self.different.append((now_us, context, chosen(moment.slate), chosen(fresh)))
        return moment


def lived(text, monkeypatch):
    """What differed first in lives of a customer, and how many decisions took what was kept."""
    kept, policy = 0, compile_files({"policy.yaml": text})
    for seed in range(30):
        random = Random(seed)  # noqa: S311 - the same life each time
        compared = Compared(random)
        with monkeypatch.context() as patched:
            patched.setattr(middle, "decide", compared.decide)
            _live(policy, random)
        kept += compared.kept
        if compared.different:
            return compared.different, kept
    return [], kept


def _live(policy, random):
    clock = FakeClock()
    seen = Observation(5, Source.OBSERVED, NOON_US - random.randrange(40) * 1_000_000)
    given = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOON_US - 1)
    store = MemoryStore(clock=clock)
    store.put_many([Snapshot("ann", NOON_US, {"visits": seen})], {"ann": Consents((given,), NOON_US)}, ())
    with tactful.open(policy, store=store, clock=clock) as edge:
        edge.warm("ann")
        context, place = CONTEXTS[0], "home"
        for _ in range(40):
            clock.pass_s(random.choice((0, 0.5, 3, 8, -3)))
            if random.random() < 0.3:
                context = random.choice(CONTEXTS)
            if random.random() < 0.2:
                place = random.choice(("home", "aside"))
            decision = edge.decide(place, "ann", context, preview=random.random() < 0.8)
            assert not decision.careful


@pytest.mark.parametrize("text", [POLICY, UNFORESEEN], ids=["foreseen", "unforeseen"])
def test_what_is_kept_is_what_would_be_worked_out_anew(text, monkeypatch):
    different, kept = lived(text, monkeypatch)

    assert different == []
    assert (kept > 200) == (text is POLICY), kept  # what cannot be foreseen is not kept


MUTANTS = [
    ("engine.middle", "or caps is not None  # picks may fill a cap", ""),
    ("engine.middle", "or kept.page is not page", ""),
    ("engine.middle", "or kept.limited is not limited", ""),
    ("engine.middle", "or not kept.since_us <= now_us < kept.until_us", ""),
    ("engine.middle", "kept.since_us <= now_us < kept.until_us", "now_us < kept.until_us"),
    ("engine.middle", "or kept.context != context", ""),
    ("engine.middle", "if caps is None and channel.is_foreseen:", "if caps is None:"),
    ("engine.middle", "until_us = min(guards_us, needs_us)", "until_us = guards_us"),
    ("engine.qualify", "until_us = min(until_us, until)", "pass"),
    ("engine.qualify", "min(there.until_us, ends_us)", "there.until_us"),
    ("engine.qualify", "min(there.until_us, ends_us)", "ends_us"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1]} -> {mutant[2]}")
def test_a_mistake_in_what_is_kept_is_noticed(mutant, monkeypatch):
    text = UNFORESEEN if mutant[2] == "if caps is None:" else POLICY
    with mutated(Mutant(*mutant)):
        different, _ = lived(text, monkeypatch)

    assert different
