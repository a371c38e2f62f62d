"""An ask is answered once and not asked again; a lease ends unless the customer got value for it."""

import inspect

import attrs
import pytest
from tests.differential.mutating import Mutant, mutated

import tactful
from tactful import MemoryStore, Observation, Snapshot, Source
from tactful.authoring import compile_files
from tactful.clock import DAY_US, SECOND_US
from tactful.plan.contradictions import contradictions
from tactful_adapters.sqlite import SQLiteStore

from .conftest import NOON_US, FakeClock

SHOP = """\
name: shop
channels: {web: semi-private}
placements: {page: {channel: web, slots: 9}}
topics: {food: {}}
purposes:
  offers: {basis: consent, say: choose offers for you}
  service: {basis: contract, say: look after your order}
profile:
  asked:
    all: {source: stated}
    birthday: {type: time, say: your birthday}
    guests: int
  seen:
    all: {source: observed, lease: 30d}
    favourite: text
    mood: {type: text, derived_from: [favourite]}
    visits: {type: int, lease: 1d}
    order: {type: text, purpose: [service]}
offers:
  all: {intent: inform, topic: food, purpose: offers}
  when_born: {asks: birthday, gives: a cake on the day, treatments: When is your birthday?}
  how_many: {asks: guests, gives: fitting recipes, when: profile.visits >= 1, treatments: How many are you?}
  cake: {when: has(profile.birthday), treatments: A cake}
  bread: {when: profile.favourite == "bread", treatments: Your bread}
  smile: {when: profile.mood == "good", treatments: Good to see you}
  plain: {treatments: Welcome}
guardrails: {%s}
"""
OFF = ", ".join(f"{name}: off" for name in tactful.Registry.installed().guardrails)
POLICY = compile_files({"shop.yaml": (SHOP % OFF).encode()}, registry=tactful.Registry.installed())
ANN = "ann"


def seen(value, at_us=NOON_US, source=Source.OBSERVED, **more):
    return Observation(value, source, at_us, **more)


KNOWN = {"favourite": seen("bread"), "mood": seen("good"), "visits": seen(3)}


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path, clock: FakeClock):
    kept = MemoryStore(clock=clock) if request.param == "memory" else SQLiteStore(tmp_path / "edge.db", clock=clock)
    yield kept
    kept.close()


def opened(store, clock):
    store.put_profile(Snapshot(ANN, NOON_US, KNOWN))
    return tactful.open(POLICY, store=store, clock=clock)


@pytest.fixture
def edge(store, clock: FakeClock):
    with opened(store, clock) as edge:
        edge.warm(ANN)
        yield edge


def shown(edge, who=ANN):
    return {pick.offer for pick in edge.decide("page", who, preview=True).picks}


def ask(edge, offer="when_born", who=ANN):
    decision = edge.decide("page", who)
    return decision, [pick.offer for pick in decision.picks].index(offer)


# The ask.


def test_who_is_asked_reads_the_question_what_for_and_what_it_gives(edge):
    decision, slot = ask(edge)
    assert dict(decision.picks[slot].content) == {
        "title": "When is your birthday?",
        "purpose": "choose offers for you",
        "gives": "a cake on the day",
    }


def test_an_answer_counts_for_the_next_decision_and_is_not_asked_for_again(edge, store):
    decision, slot = ask(edge)
    assert "cake" not in shown(edge)
    assert edge.answer(decision.token, "1990-05-01T00:00:00Z", slot=slot) is True
    assert "cake" in shown(edge)
    assert "when_born" not in shown(edge)
    said = store.profile(ANN).attributes["birthday"]
    assert (said.value, said.source, said.at_us, said.confidence) == (641_520_000_000_000, Source.STATED, NOON_US, 1.0)
    assert store.profile(ANN).attributes["favourite"].value == "bread"
    assert [(one.event, one.offer) for one in store.contacts(ANN, 0)] == [("answered", "when_born")]
    assert edge.answer(decision, "1990-05-01T00:00:00Z", slot=slot) is False


def test_an_answer_is_kept_under_the_id_that_gave_it(edge, store, clock):
    store.put_profile(Snapshot("al", NOON_US, {}))
    store.merge(ANN, "al")
    decision, slot = ask(edge)
    edge.answer(decision, 0, slot=slot)
    store.split("al")
    assert "birthday" in store.profile(ANN).attributes
    assert "birthday" not in store.profile("al").attributes


def test_what_the_centre_sends_without_having_heard_of_it_does_not_undo_it(edge, store):
    decision, slot = ask(edge)
    edge.answer(decision, 0, slot=slot)
    store.put_profile(Snapshot(ANN, NOON_US - 1, KNOWN, epoch=7))
    edge.warm(ANN)
    assert "when_born" not in shown(edge)
    store.put_profile(Snapshot(ANN, NOON_US + 1, KNOWN, epoch=8))  # the centre knows better by now
    edge.warm(ANN)
    assert "when_born" in shown(edge)


def test_what_is_known_is_not_asked_though_it_may_not_be_seen(edge, store, clock):
    for hidden in (
        seen(0, NOON_US - 900 * DAY_US, confidence=0.1),
        seen("a day in May"),  # of another type: something is known, and cannot be read
    ):
        store.put_profile(Snapshot(ANN, clock(), {**KNOWN, "birthday": hidden}))
        edge.warm(ANN)
        assert "when_born" not in shown(edge)


def test_nobody_is_asked_of_whom_nothing_can_be_kept(edge):
    assert shown(edge, None) == {"plain"}
    assert edge.decide("page", "somebody").picks[0].offer == "plain"


def test_another_process_does_not_ask_again(clock, tmp_path):
    with (
        SQLiteStore(tmp_path / "edge.db", clock=clock) as store,
        opened(store, clock) as edge,
        opened(store, clock) as other,
    ):
        for each in (edge, other):
            each.warm(ANN)
        other._tail.catch_up()
        other.warm(ANN)  # so that nothing is due
        assert "when_born" in shown(other)
        decision, slot = ask(edge)
        clock.pass_s(1)
        edge.answer(decision.token, 0, slot=slot)
        other._tail.catch_up()
        assert "when_born" not in shown(other)


def test_an_answer_that_does_not_fit_is_refused_and_not_repeated(edge, store):
    decision, slot = ask(edge, "how_many")
    with pytest.raises(tactful.ValueRefused, match="the answer to guests: expected a whole number") as refused:
        edge.answer(decision, "Canary", slot=slot)
    assert "Canary" not in str(refused.value)
    assert store.contacts(ANN, 0) == ()
    assert "how_many" in shown(edge)


def test_an_answer_needs_a_question_and_a_customer(edge, clock):
    decision, slot = ask(edge)
    with pytest.raises(tactful.UsageError, match="several slots"):
        edge.answer(decision, 0)
    with pytest.raises(tactful.UsageError, match="asks nothing there"):
        edge.answer(decision, 0, slot=[pick.offer for pick in decision.picks].index("plain"))
    with pytest.raises(tactful.UsageError, match="nobody knows whose"):
        edge.answer(edge.decide("page", None), 0)
    clock.pass_s(86_400)
    with pytest.raises(tactful.TokenError, match="too old"):
        edge.answer(decision.token, 0, slot=slot)


def test_where_profiles_cannot_be_changed_it_is_said(clock):
    with tactful.open(POLICY, profiles=lambda _: {}, clock=clock) as edge:
        edge.warm(ANN)
        decision, slot = ask(edge)
        with pytest.raises(tactful.UsageError, match="change them there"):
            edge.answer(decision, 0, slot=slot)
        with pytest.raises(tactful.UsageError, match="change them there"):
            edge.gave("a cake", who=ANN, attributes=["favourite"])


def test_a_bundle_whose_offer_asks_everybody_is_refused():
    from tactful.expr import TRUE  # noqa: PLC0415 - for this one

    offers = tuple(attrs.evolve(one, when=TRUE) for one in POLICY.offers)
    assert "offer when_born asks for 'birthday' also those of whom it is known" in set(
        contradictions(attrs.evolve(POLICY, offers=offers))
    )
    assert not list(contradictions(POLICY))


# The lease.


def test_without_value_an_attribute_and_what_is_made_of_it_disappear(edge, clock):
    assert shown(edge) >= {"bread", "smile", "plain"}
    clock.now_us = NOON_US + 30 * DAY_US - 1
    assert shown(edge) >= {"bread", "smile", "plain"}
    clock.now_us += 1
    assert not shown(edge) & {"bread", "smile"}
    hidden = {(one.attribute, one.reason.id) for one in edge.decide("page", ANN).explain().hidden}
    assert hidden >= {("favourite", "core.lease.favourite"), ("mood", "core.lease.favourite")}
    assert "What you told us, and got nothing for, we no longer use." in edge.decide("page", ANN).why()
    assert "when_born" in shown(edge)


def test_value_given_begins_it_anew(edge, store, clock):
    clock.now_us = NOON_US + 20 * DAY_US
    assert edge.gave("a loaf", who=ANN, attributes=["mood"]) is True  # and with it what it is made of
    clock.now_us = NOON_US + 50 * DAY_US - 1
    assert shown(edge) >= {"bread", "smile"}
    clock.now_us += 1
    assert not shown(edge) & {"bread", "smile"}
    assert edge.gave("a loaf", who=ANN, attributes=["favourite", "mood"])
    assert shown(edge) >= {"bread", "smile"}
    given = [one for one in store.contacts(ANN, 0) if one.event == "gave"]
    assert [(one.treatment, one.tags) for one in given] == [("a loaf", ("mood",)), ("a loaf", ("favourite", "mood"))]


def test_a_decision_tells_for_what_value_was_given(edge, store, clock):
    decision, slot = ask(edge, "bread")
    clock.now_us = NOON_US + 3 * SECOND_US
    assert edge.gave("a loaf", decision.token, slot=slot)
    found = store.profile(ANN).attributes
    assert {name for name, one in found.items() if one.gave_us is not None} == {"favourite"}
    assert edge.gave("a loaf", decision, slot=slot)
    assert len(store.contacts(ANN, 0)) == 1  # once in effect


def test_it_outlives_what_the_centre_sends(edge, store, clock):
    clock.now_us = NOON_US + 20 * DAY_US
    edge.gave("a loaf", who=ANN, attributes=["favourite"])
    store.put_profile(Snapshot(ANN, clock(), KNOWN, epoch=3))
    edge.warm(ANN)
    clock.now_us = NOON_US + 40 * DAY_US
    assert "bread" in shown(edge)


def test_it_reaches_every_id_of_a_customer(edge, store, clock):
    store.put_profile(Snapshot("al", NOON_US, {"favourite": seen("bread", NOON_US + 1)}))
    store.merge(ANN, "al")
    clock.now_us = NOON_US + 20 * DAY_US
    edge.gave("a loaf", who=ANN, attributes=["favourite"])
    clock.now_us = NOON_US + 40 * DAY_US
    edge.warm("al")
    assert "bread" in shown(edge, "al")


def test_a_time_ahead_of_the_clock_pays_for_nothing_yet(edge, store, clock):
    later_us = NOON_US + 900 * DAY_US
    store.put_profile(Snapshot(ANN, NOON_US, {"favourite": seen("bread", gave_us=later_us)}, epoch=1))
    edge.warm(ANN)
    assert "bread" in shown(edge)
    clock.now_us = NOON_US + 31 * DAY_US
    assert "bread" not in shown(edge)


def test_value_is_given_to_somebody_for_something(edge, store):
    decision, _ = ask(edge)
    wrong = {
        "there is no attribute 'favorite'; did you mean 'favourite'": {"who": ANN, "attributes": ["favorite"]},
        "name the attributes": {"who": ANN},
        "stand for nobody": {"who": {"card": "0"}, "attributes": ["mood"]},
        "for which decision": {"attributes": ["mood"]},
        "fills not one slot": {"decision": decision},
    }
    for message, call in wrong.items():
        with pytest.raises(tactful.UsageError, match=message):
            edge.gave("a loaf", **call)
    with pytest.raises(tactful.UsageError, match="say what the customer got"):
        edge.gave(" ", who=ANN, attributes=["mood"])
    assert store.contacts(ANN, 0) == ()
    assert edge.gave("a loaf", who=ANN, attributes=["order"]) is False  # of which nothing is on record


MUTANTS = [
    ("engine.exchange", "if customer != receipt.customer:", "if False:"),
    ("engine.exchange", "{**known.attributes, spec.name: said}", "{spec.name: said}"),
    ("engine.exchange", "if offer.asks}", "}"),
    ("engine.exchange", "if len(slots) != 1:", "if not slots:"),
    ("engine.exchange", "for one in self.plan().catalog.origins(name))", "for one in [name])"),
    ("engine.exchange", "gave_us=max(now_us, o.gave_us or now_us)", "gave_us=o.gave_us"),
    ("engine.exchange", "read & self.plan().attribute_specs.keys()", "self.plan().attribute_specs.keys()"),
    ("engine.exchange", "self.snapshots.load(customer)", "pass"),
    (
        "engine.snapshot",
        "if here is not None and contact.event in (ANSWERED, GAVE) and here.loaded_us < contact.at_us:",
        "if False:",
    ),
    ("engine.mask", "if now_us < gave_us - SKEW_US:", "if False:"),
    ("engine.mask", "max(found.at_us, gave_us) + demand.lease_us", "found.at_us + demand.lease_us"),
    ("engine.mask", "ends_us = min(ends_us, max(", "ends_us = (ends_us, max("),
    ("plan.leases", "if attribute.name in catalog.origins(one.name)", "if attribute.name == one.name"),
    ("profile", "if before.source is Source.STATED and is_later:", "if False:"),
    ("profile", "elif now is not None and before.gave_us is not None:", "elif False:"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1]}")
def test_a_mutant_is_caught(mutant, tmp_path):
    with mutated(Mutant(*mutant, 0)):
        assert any(fails(check, tmp_path / str(number)) for number, check in enumerate(CHECKS)), "nobody noticed"


def fails(check, folder):
    folder.mkdir()
    clock = FakeClock()
    store = MemoryStore(clock=clock)
    with opened(store, clock) as edge:
        there = {"edge": edge, "store": store, "clock": clock, "tmp_path": folder}
        try:
            check(**{name: there[name] for name in inspect.signature(check).parameters})
        except (AssertionError, pytest.fail.Exception, tactful.TactfulError, ValueError, TypeError, LookupError):
            return True
    return False


CHECKS = [
    test
    for name, test in list(globals().items())
    if name.startswith("test_")
    and {"clock", "edge"} & set(inspect.signature(test).parameters)
    and set(inspect.signature(test).parameters) <= {"edge", "store", "clock", "tmp_path"}
]


def test_the_checks_pass_without_a_mutant(tmp_path):
    assert [one.__name__ for number, one in enumerate(CHECKS) if fails(one, tmp_path / str(number))] == []
    assert len(CHECKS) >= 12
