"""What a partner's offer passes on is on record, once, by names alone; what is our own leaves no such record."""

import inspect
import sqlite3

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.differential.mutating import Mutant, mutated

import tactful
from tactful import Disclosure, MemoryStore, Observation, Passed, Purpose, Snapshot, Source, StoreError
from tactful.clock import DAY_US
from tactful.engine.disclosing import passed_by
from tactful.expr import Call, Const, Var
from tactful.offers import Placement
from tactful.schema import Attribute, ValueType
from tactful.testing.generators import case
from tactful_adapters.sqlite import SQLiteStore

from .conftest import FIRST_NAME, NOON_US, FakeClock, at_least, is_, offer, treatment

ANN = "ann"
KEPT_US = 3 * 365 * DAY_US
KNOWN = {"first_name": "Annabel", "visits": 8, "tier": "platinum", "income": 41_234, "wealth": 7}
REGULAR = Var("segment.regulars", ValueType.BOOL)
TOLD_TO_CITYBANK = Passed("citybank", "bank", "consent", ("first_name", "tier", "visits"))


def partnered(policy):
    """The shop, with a bank's offers beside its own."""
    protective = Call("==", (Var("protective.income", ValueType.INT), Const(ValueType.INT, 0)), ValueType.BOOL)
    offers = (
        offer(
            "bank_card",
            treatment("named", FIRST_NAME, ", your card"),
            purpose="bank",
            when=Call("&&", (REGULAR, is_("profile.tier", "platinum")), ValueType.BOOL),
            value=9.0,
        ),
        offer("cover", purpose="surety", when=at_least("profile.wealth", 1), unless=(protective,), value=8.0),
        offer("greeting", purpose="bank", value=7.0),
        offer("bread", treatment("named", FIRST_NAME, ", your bread"), value=6.0),
        offer("parcel", purpose="service", when=at_least("profile.visits", 1), value=5.0),
    )
    return attrs.evolve(
        policy,
        purposes=(
            Purpose("offers"),
            Purpose("service", tactful.LegalBasis.CONTRACT),
            Purpose("bank", partner="citybank", under="offers"),
            Purpose("surety", tactful.LegalBasis.CONTRACT, partner="surety"),
        ),
        attributes=(
            *policy.attributes,
            Attribute("income", ValueType.INT, protect=True),
            Attribute("wealth", ValueType.INT, derived_from=("income",)),
        ),
        offers=offers,
        placements=(Placement("page", "web", 9), Placement("one", "web", 1)),
    )


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path, clock: FakeClock):
    kept = MemoryStore(clock=clock) if request.param == "memory" else SQLiteStore(tmp_path / "edge.db", clock=clock)
    yield kept
    kept.close()


def opened(policy, clock, store, **options):
    edge = tactful.open(policy, registry=tactful.Registry.of(), store=store, clock=clock, **options)
    edge.warm(ANN)
    return edge


def living(policy, clock, store):
    seen = {name: Observation(value, Source.STATED, NOON_US) for name, value in KNOWN.items()}
    store.put_profile(Snapshot(ANN, NOON_US, seen))
    return opened(partnered(policy), clock, store)


@pytest.fixture
def edge(policy, clock: FakeClock, store):
    with living(policy, clock, store) as edge:
        yield edge


def slots(decision):
    return {pick.offer: slot for slot, pick in enumerate(decision.picks)}


# The story, and its counter-story.


def test_a_partner_s_offer_that_is_shown_is_on_record(edge, clock):
    decision = edge.decide("page", ANN)
    assert set(slots(decision)) == {"bank_card", "cover", "greeting", "bread", "parcel"}
    assert edge.disclosures(ANN) == ()  # what was only decided has gone nowhere
    clock.pass_s(60)
    edge.record(decision.token, slot=slots(decision)["bank_card"])
    assert edge.disclosures(ANN) == (
        Disclosure(
            decision.id,
            slots(decision)["bank_card"],
            ANN,
            clock(),
            clock() + KEPT_US,
            "bank_card",
            "web",
            TOLD_TO_CITYBANK,
        ),
    )


def test_our_own_offers_disclose_nothing(edge, store):
    decision = edge.decide("page", ANN)
    for own in ("bread", "parcel"):
        assert edge.record(decision.token, slot=slots(decision)[own])
    assert edge.disclosures(ANN) == ()
    assert {one.event for _, one in store.outbox_take(99)} == {"shown"}


def test_it_says_by_which_attributes_and_what_these_are_made_of(edge):
    edge.record(edge.decide("page", ANN).token)
    assert {one.offer: one.passed.attributes for one in edge.disclosures(ANN)} == {
        "bank_card": ("first_name", "tier", "visits"),  # through a segment too
        "cover": ("income", "wealth"),
        "greeting": (),
    }


def test_with_a_partner_the_ground_is_consent_whatever_was_declared(edge):
    edge.record(edge.decide("page", ANN).token)
    assert {one.passed.partner: one.passed.legal_basis for one in edge.disclosures(ANN)} == {
        "citybank": "consent",
        "surety": "consent",
    }


def test_no_value_is_kept_sent_or_printed(edge, store, tmp_path):
    edge.record(edge.decide("page", ANN).token)
    kept = edge.disclosures(ANN)
    everything = [attrs.astuple(one) for one in kept]
    for value in map(str, KNOWN.values()):
        assert len(value) == 1 or value not in str(everything)
    assert ANN not in repr(kept)
    if isinstance(store, SQLiteStore):
        with sqlite3.connect(tmp_path / "edge.db") as connection:
            (rows,) = connection.execute("SELECT group_concat(hex(body)) FROM disclosure").fetchone()
        connection.close()
        assert b"first_name".hex().upper() in rows
        assert not any(str(value).encode().hex().upper() in rows for value in ("Annabel", "platinum", 41_234))


def test_an_attribute_that_no_schema_knows_is_no_attribute(policy, clock):
    shop = partnered(policy)
    odd = offer("odd", purpose="bank", unless=(is_("profile.nobody_knows", "x"), is_("profile.tier", "tin")))
    with opened(attrs.evolve(shop, offers=(odd,)), clock, MemoryStore(clock=clock)) as edge:
        asked = edge.decide("page", None).explain()
        assert asked.shown == ()  # nor is it ever shown: what is unknown restricts
        catalog = edge.plan.catalog
        assert passed_by(edge.plan, catalog.entries[0]) == Passed("citybank", "bank", "consent", ("tier",))


# Once, and for good.


def test_the_same_token_twice_is_one_disclosure(edge, store, clock):
    token = edge.decide("page", ANN).token
    assert edge.record(token)
    first, waiting = edge.disclosures(ANN), len(store.outbox_take(99))
    clock.pass_s(5)
    assert not edge.record(token)
    assert not edge.record(token, slot=0)
    edge.record(token, "rendered")  # another event of the same showing
    assert edge.disclosures(ANN) == first
    assert sum(isinstance(one, Disclosure) for _, one in store.outbox_take(99)) == len(first) == 3
    assert len(store.outbox_take(99)) == waiting + 5


def test_rendering_passes_it_on_as_showing_does_and_a_click_does_not(edge):
    token = edge.decide("page", ANN).token
    edge.record(token, "click", slot=0)
    edge.record(token, "dismissed", slot=1)
    assert edge.disclosures(ANN) == ()
    edge.record(token, "rendered")
    assert len(edge.disclosures(ANN)) == 3


def test_what_cannot_be_kept_is_kept_neither_as_exposure_nor_as_disclosure(edge, store, monkeypatch):
    token = edge.decide("page", ANN).token

    class Dies(Exception):
        pass

    def die(*_):
        raise Dies

    whole = "tactful_adapters.sqlite_disclosures.SQLiteDisclosures.keep"
    if isinstance(store, SQLiteStore):
        monkeypatch.setattr(whole, die)
        with pytest.raises(Dies):
            edge.record(token)
        monkeypatch.undo()
        assert store.contacts(ANN, 0) == ()
        assert list(store.outbox_take(99)) == []
    assert edge.record(token)  # the caller's second try
    assert len(edge.disclosures(ANN)) == 3
    assert len(store.contacts(ANN, 0)) == 5


def test_the_decision_s_own_policy_speaks_though_another_is_in_force(edge, policy, store, clock):
    decision = edge.decide("page", ANN)
    token = decision.token
    ours = attrs.evolve(partnered(policy), purposes=tuple(map(Purpose, ("offers", "service", "bank", "surety"))))
    edge.update(ours)
    edge.record(edge.decide("page", ANN).token)
    assert edge.disclosures(ANN) == ()  # by this policy the bank is no partner
    with opened(attrs.evolve(ours, offers=()), clock, store) as other:
        other.record(token)
        assert {one.passed for one in other.disclosures(ANN)} >= {TOLD_TO_CITYBANK}


def test_a_page_view_that_is_decided_anew_discloses_both_offers(edge, policy, clock):
    first = edge.decide("one", ANN, view="v1")
    edge.record(first.token)
    shop = partnered(policy)
    edge.update(attrs.evolve(shop, offers=tuple(one for one in shop.offers if one.id != "bank_card")))
    second = edge.decide("one", ANN, view="v1")
    edge.record(second.token)
    assert first.id == second.id
    assert [one.offer for one in edge.disclosures(ANN)] == ["bank_card", "cover"]


def test_the_token_grows_by_the_names_of_a_partner_s_offer_alone(edge, clock):
    receipt = edge.decide("page", ANN).receipt()
    own = [one for one in receipt.shown if one.passed is None]
    assert {one.offer for one in own} == {"bread", "parcel"}
    without, seal = [attrs.evolve(one, passed=None) for one in receipt.shown], edge._seal
    short = len(seal.seal(attrs.evolve(receipt, shown=tuple(without))))
    names = sum(len(str(attrs.astuple(one.passed))) for one in receipt.shown if one.passed is not None)
    assert short < len(seal.seal(receipt)) < short + 4 / 3 * names + 4
    wide = Passed("p" * 64, "q" * 64, "consent", tuple(f"{n:064}" for n in range(50)))
    most = attrs.evolve(receipt, shown=tuple(attrs.evolve(own[0], slot=n, passed=wide) for n in range(9)))
    assert seal.open(seal.seal(most), clock()) == most


# Who asks, and for how long.


def test_a_customer_is_told_under_every_id(edge, store):
    edge.record(edge.decide("page", ANN).token)
    store.link({"card": "4711"}, customer="al")
    store.merge("al", ANN)
    assert edge.disclosures({"card": "4711"}) == edge.disclosures("al") == edge.disclosures(ANN)
    assert len(edge.disclosures("al")) == 3
    assert edge.disclosures("bob") == ()
    with pytest.raises(tactful.UsageError, match="stand for nobody"):
        edge.disclosures({"card": "1"})
    edge.close()
    with pytest.raises(tactful.UsageError, match="closed"):
        edge.disclosures(ANN)


def test_a_disclosure_is_kept_for_three_years_and_then_is_gone(edge, store, clock):
    decision = edge.decide("page", ANN)
    edge.record(decision.token)
    clock.now_us += KEPT_US - 1
    assert len(edge.disclosures(ANN)) == 3
    clock.now_us += 1
    assert edge.disclosures(ANN) == ()
    edge.record(edge.decide("page", ANN).token)  # with what comes next, what is over is forgotten for good
    assert store.disclosures_of(decision.id, 0) == []
    assert {one.offer for one in edge.disclosures(ANN)} == {"cover", "greeting"}  # her tier is too old by now


def test_what_cannot_be_forgotten_keeps_nothing_from_being_recorded(edge, store, monkeypatch, caplog):
    def broken(_: int) -> int:
        raise StoreError("the disk of ann is full")

    monkeypatch.setattr(store, "forget_disclosures", broken)
    assert edge.record(edge.decide("page", ANN).token)
    assert len(edge.disclosures(ANN)) == 3
    assert caplog.messages == ["disclosures whose time is over could not be forgotten: StoreError"]


def test_how_long_is_an_option(edge, policy, store, clock):
    options = tactful.Options(disclosures_s=60)
    with opened(partnered(policy), clock, store, options=options) as other:
        other.record(other.decide("page", ANN).token)
        clock.pass_s(59)
        assert len(other.disclosures(ANN)) == 3
        clock.pass_s(1)
        assert other.disclosures(ANN) == ()


def test_an_erasure_says_how_much_went_and_a_late_word_brings_nobody_back(edge, store):
    decision = edge.decide("page", ANN)
    edge.record(decision.token)
    assert store.erase(ANN)["disclosures"] == 3
    assert edge.disclosures(ANN) == ()
    edge.record(decision.token)
    assert edge.disclosures(ANN) == ()
    assert {one.customer for one in store.disclosures_of(decision.id, 0)} == {None}


def test_a_visitor_s_page_discloses_that_a_partner_s_offer_was_shown(edge, store):
    decision = edge.decide("page")
    assert "greeting" in slots(decision)
    edge.record(decision.token)
    (found,) = store.disclosures_of(decision.id, 0)
    assert (found.customer, found.offer, found.passed.attributes) == ("", "greeting", ())


# For any policy: what is on record is what was shown of partners, no more and no less.


def shown_of_partners(seed):
    """Show every page of a generated policy once; what was shown of partners, and what is on record."""
    found = attrs.evolve(case(seed).policy, guardrails=())
    partners = {one.name: one.partner for one in found.purposes}
    offers = {one.id: one for one in found.offers}
    store, expected, exposures = MemoryStore(), set(), 0
    with tactful.open(found, registry=tactful.Registry.of(), store=store, clock=FakeClock()) as edge:
        edge.observe(ANN, "visit")
        for place in found.placements:
            decision = edge.decide(place.name, ANN)
            edge.record(decision.token)
            exposures += len(decision.picks)
            for slot, pick in enumerate(decision.picks):
                if (partner := partners.get(offers[pick.offer].purpose)) is not None:
                    expected.add((decision.id, slot, pick.offer, partner))
        kept = {(d.decision, d.slot, d.offer, d.passed.partner) for d in store._disclosures._rows.values()}
    assert len([one for _, one in store.tail(0, 10**6) if one.event == "shown"]) == exposures
    return expected, kept


@given(st.integers(0, 10**6))
def test_whatever_is_shown_of_partners_is_on_record_and_nothing_else(seed):
    expected, kept = shown_of_partners(seed)
    assert kept == expected


def test_the_law_of_the_record_has_something_to_say():
    assert sum(bool(shown_of_partners(seed)[0]) for seed in range(60)) > 3


# Each part of it is needed.

MUTANTS = [
    ("engine.disclosing", "purpose is None or purpose.partner is None", "purpose is None"),
    ("engine.disclosing", "LegalBasis.CONSENT.value", "purpose.legal_basis.value"),
    (
        "engine.disclosing",
        'name.partition(".") for name in plan.catalog.reads(entry)',
        "() for _ in ()",
    ),
    ("engine.disclosing", "if event not in REACHED:", "if not event:"),
    ("engine.disclosing", "if one.passed is not None and slot in (None, one.slot)", "if one.passed is not None"),
    ("engine.disclosing", "now_us + self._keep_us", "now_us + 2 * self._keep_us"),
    ("engine.disclosing", "self._store.forget_disclosures(now_us)", "pass"),
    ("engine.record", "self._ledger.record(contacts, disclosures)", "self._ledger.record(contacts)"),
    ("disclosures", "/{self.slot}/{self.offer}/disclosure", "/{self.slot}/disclosure"),
    ("disclosures", 'return f"{self.decision}/', 'return f"{self.at_us}/{self.decision}/'),
    ("memory_disclosures", 'frozenset(customers) - {""}', "frozenset()"),
]
CHECKS = [
    test_a_partner_s_offer_that_is_shown_is_on_record,
    test_our_own_offers_disclose_nothing,
    test_it_says_by_which_attributes_and_what_these_are_made_of,
    test_with_a_partner_the_ground_is_consent_whatever_was_declared,
    test_the_same_token_twice_is_one_disclosure,
    test_rendering_passes_it_on_as_showing_does_and_a_click_does_not,
    test_a_page_view_that_is_decided_anew_discloses_both_offers,
    test_a_disclosure_is_kept_for_three_years_and_then_is_gone,
    test_an_erasure_says_how_much_went_and_a_late_word_brings_nobody_back,
]


def fails(check, policy):
    clock = FakeClock()
    store = MemoryStore(clock=clock)
    with living(policy, clock, store) as edge:
        there = {"edge": edge, "store": store, "clock": clock, "policy": policy}
        try:
            check(**{name: there[name] for name in inspect.signature(check).parameters})
        except (AssertionError, pytest.fail.Exception, tactful.TactfulError, ValueError, AttributeError):
            return True
    return False


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1]}")
def test_a_mutant_is_caught(mutant, policy):
    with mutated(Mutant(*mutant, 0)):
        assert any(fails(check, policy) for check in CHECKS), "nobody noticed"


def test_without_a_mutant_nothing_fails(policy):
    assert not [check for check in CHECKS if fails(check, policy)]
