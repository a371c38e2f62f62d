"""Opting out reaches everything at once and leaves a contract's service alone; opting in is what was said."""

import base64
import inspect
import time
from tempfile import TemporaryDirectory

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.differential.mutating import Mutant, mutated

import tactful
from tactful import Consent, ConsentState, How, LegalBasis, MemoryStore, Purpose, Snapshot
from tactful.catalog import Catalog
from tactful.consent import EVERYTHING, standing
from tactful.engine.tail import Tail
from tactful.offers import Intent, Placement
from tactful.testing.generators import case
from tactful.testing.generators.cases import Learn
from tactful_adapters.sqlite import SQLiteStore

from .conftest import NOON_US, FakeClock, offer

PURPOSES = (
    Purpose("offers", say="choose offers"),
    Purpose("news", LegalBasis.LEGITIMATE_INTEREST),
    Purpose("again", LegalBasis.SOFT_OPT_IN),
    Purpose("service", LegalBasis.CONTRACT),
    Purpose("bank", partner="citybank", under="offers"),
    Purpose("surety", LegalBasis.CONTRACT, partner="surety"),
)
SOLD = {
    f"{purpose.name}_{intent}" for purpose in PURPOSES if purpose.name != "service" for intent in ("sell", "inform")
}
HELPS = {f"{purpose.name}_help" for purpose in PURPOSES}
SERVED = {"service_sell", "service_inform", *HELPS}  # whether a contract may sell is a guardrail's matter
ANN = "ann"


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path, clock: FakeClock):
    kept = MemoryStore(clock=clock) if request.param == "memory" else SQLiteStore(tmp_path / "edge.db", clock=clock)
    yield kept
    kept.close()


@pytest.fixture
def edge(policy, clock: FakeClock, store):
    with opened(policy, clock, store) as edge:
        yield edge


def opened(policy, clock, store):
    offers = tuple(
        offer(f"{purpose.name}_{intent.value}", purpose=purpose.name, intent=intent)
        for purpose in PURPOSES
        for intent in Intent
    )
    placements = (Placement("page", "web", 99), Placement("letter", "email", 99))
    changed = attrs.evolve(policy, purposes=PURPOSES, offers=offers, placements=placements, segments=())
    store.put_profile(Snapshot(ANN, NOON_US, {}))
    return tactful.open(changed, registry=tactful.Registry.of(), store=store, clock=clock)


def shown(edge, who=ANN, place="page"):
    if edge.decide(place, who).careful:
        edge.warm(who)
    return {pick.offer for pick in edge.decide(place, who).picks}


def test_whoever_opts_out_is_sold_and_told_nothing_and_served_as_before(edge):
    assert shown(edge) == SOLD | SERVED
    assert edge.opt_out(ANN) == ("citybank", "surety")
    decision = edge.decide("page", ANN)  # the next one, without another word
    assert {pick.offer for pick in decision.picks} == SERVED
    assert "You asked to be left in peace; we keep to what you ordered and asked for." in decision.why()
    assert {loss.reasons[0].id for loss in decision.explain().of("news_inform")} == {"core.opted_out.news"}
    assert shown(edge, place="letter") == SERVED


def test_it_reaches_every_id_of_a_customer_and_nobody_else(edge, store):
    store.link({"card": "1"}, customer=ANN)
    store.link({"cookie": "c"}, customer="al")
    store.merge(ANN, "al")
    store.put_profile(Snapshot("al", NOON_US, {}))
    store.put_profile(Snapshot("bob", NOON_US, {}))
    everyone = (ANN, "al", {"card": "1"}, {"cookie": "c"})
    assert all(shown(edge, who) == SOLD | SERVED for who in everyone)
    assert shown(edge, "bob") == SOLD | SERVED

    assert edge.opt_out({"cookie": "c"})
    assert all(shown(edge, who) == SERVED for who in everyone)
    assert shown(edge, "bob") == SOLD | SERVED
    store.split("al")
    assert all(shown(edge, who) == SERVED for who in everyone)  # a no stays with all of them


def test_it_reaches_the_id_that_stands_for_all_though_nobody_asked_for_the_other(edge, store):
    store.put_profile(Snapshot("al", NOON_US, {}))
    store.merge(ANN, "al")
    assert shown(edge) == SOLD | SERVED
    edge.opt_out("al")
    assert {pick.offer for pick in edge.decide("page", ANN).picks} == SERVED


def test_it_outlives_the_process(edge, store, policy, clock):
    edge.opt_out(ANN)
    with tactful.open(edge.plan.policy, registry=tactful.Registry.of(), store=store, clock=clock) as other:
        assert shown(other) == SERVED


def test_another_process_hears_of_it(policy, clock):
    with (
        TemporaryDirectory() as folder,
        SQLiteStore(f"{folder}/edge.db", clock=clock) as store,
        opened(policy, clock, store) as edge,
        opened(policy, clock, store) as other,
    ):
        assert other.warm(ANN)
        other._tail.catch_up()
        assert shown(other) == SOLD | SERVED
        edge.opt_out(ANN)
        other._tail.catch_up()
        assert shown(other) == SERVED


def test_another_process_hears_of_it_under_every_id(policy, clock, tmp_path):
    with (
        SQLiteStore(tmp_path / "edge.db", clock=clock) as store,
        opened(policy, clock, store) as edge,
        opened(policy, clock, store) as other,
    ):
        store.put_profile(Snapshot("al", NOON_US, {}))
        store.merge(ANN, "al")
        assert shown(other) == shown(other, "al") == SOLD | SERVED
        other._tail.catch_up()
        edge.opt_out("al")
        other._tail.catch_up()
        assert shown(other) == shown(other, "al") == SERVED


def test_another_process_takes_back_an_earlier_yes_too(policy, clock, tmp_path):
    with (
        SQLiteStore(tmp_path / "edge.db", clock=clock) as store,
        opened(policy, clock, store) as edge,
        opened(policy, clock, store) as other,
    ):
        edge.opt_in(ANN, "offers")
        clock.now_us += 1
        assert {"offers_sell", "offers_inform"} <= shown(other)
        other._tail.catch_up()
        edge.opt_out(ANN)
        other._tail.catch_up()
        assert shown(other) == SERVED


def test_another_process_hears_of_it_within_seconds_though_its_policy_has_no_caps(policy, clock, tmp_path):
    with (
        SQLiteStore(tmp_path / "edge.db", clock=clock) as store,
        opened(policy, clock, store) as edge,
        opened(policy, clock, store) as other,
    ):
        assert not other.plan.caps
        assert shown(other) == SOLD | SERVED
        eventually(lambda: other._tail._told is not None)  # it follows what is recorded from the first decision on
        edge.opt_out(ANN)
        eventually(lambda: shown(other) == SERVED)


def test_a_process_that_has_only_fetched_a_customer_hears_what_others_record(policy, clock, tmp_path):
    with (
        SQLiteStore(tmp_path / "edge.db", clock=clock) as store,
        opened(policy, clock, store) as edge,
        opened(policy, clock, store) as other,
    ):
        assert other.warm(ANN)
        eventually(lambda: other._tail._told is not None)
        edge.opt_out(ANN)
        eventually(lambda: other._tail._told > 0)
        assert {pick.offer for pick in other.decide("page", ANN).picks} == SERVED  # at its very first decision


def test_what_was_recorded_before_a_process_first_looked_counts_from_the_second_question(
    policy, clock, tmp_path, monkeypatch
):
    monkeypatch.setattr(Tail, "_start", lambda _: None)  # looks come when the test has them
    with (
        SQLiteStore(tmp_path / "edge.db", clock=clock) as store,
        opened(policy, clock, store) as edge,
        opened(policy, clock, store) as other,
    ):
        assert other.warm(ANN)
        edge.opt_out(ANN)
        other._tail.catch_up()
        eventually(lambda: {pick.offer for pick in other.decide("page", ANN).picks} == SERVED)


def test_what_was_recorded_before_another_policy_is_taken_counts_after_it(policy, clock, tmp_path, monkeypatch):
    monkeypatch.setattr(Tail, "_start", lambda _: None)
    with (
        SQLiteStore(tmp_path / "edge.db", clock=clock) as store,
        opened(policy, clock, store) as edge,
        opened(policy, clock, store) as other,
    ):
        assert other.warm(ANN)
        other._tail.catch_up()
        assert other.warm(ANN)  # so that nothing is due
        edge.opt_out(ANN)
        other.update(other.plan.policy)
        other._tail.catch_up()
        assert {pick.offer for pick in other.decide("page", ANN).picks} == SERVED


def eventually(holds, within_s=20):
    """Wait until something holds, and fail if it never does."""
    until_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until_s
        time.sleep(0.02)


def test_each_partner_s_notice_waits_until_it_is_acknowledged(edge, store):
    edge.opt_out(ANN)
    waiting = {contact.owner: (number, contact) for number, contact in store.outbox_take(99)}
    assert {owner: contact.tags for owner, (_, contact) in waiting.items()} == {
        "": (EVERYTHING, "offers", "news", "again", "bank", "surety"),
        "citybank": ("bank",),
        "surety": ("surety",),
    }
    assert {contact.event for _, contact in waiting.values()} == {"withdrawal"}
    store.erase(ANN)
    assert len(store.outbox_take(99)) == 3  # they are heard of even so
    store.outbox_ack([waiting["citybank"][0]])
    assert {contact.owner for _, contact in store.outbox_take(99)} == {"", "surety"}


def test_a_yes_of_one_s_own_opens_its_purpose_again_and_no_other(edge, store, clock):
    store.link({"card": "1"}, customer=ANN)
    store.merge(ANN, "al")
    edge.opt_out(ANN)
    clock.pass_s(1)
    assert shown(edge) == shown(edge, "al") == SERVED
    assert edge.opt_in(ANN, "news") is None
    assert shown(edge) == shown(edge, "al") == SERVED | {"news_sell", "news_inform"}


def test_a_ticked_box_or_a_sale_takes_no_no_back(edge, store, clock):
    edge.opt_out(ANN)
    for how in ("implied", "pre_ticked", "forced", "unknown"):
        clock.pass_s(1)
        for purpose in ("offers", "news", "again"):
            edge.opt_in(ANN, purpose, how=how)
    assert shown(edge) == SERVED
    assert {record.state for record in store.consents(ANN).records} == {ConsentState.WITHDRAWN}


def test_a_ticked_box_is_kept_as_one(edge, store):
    edge.opt_in(ANN, "offers", how="pre_ticked")
    (record,) = store.consents(ANN).records
    assert (record.state, record.how) == (ConsentState.GIVEN, How.PRE_TICKED)
    assert [contact.tags for contact in store.contacts(ANN, 0)] == [("offers", "pre_ticked")]


def test_a_double_opt_in_counts_from_its_confirmation(edge, store, clock):
    token = edge.opt_in(ANN, "offers", how="double_opt_in", channel="email")
    assert ANN.encode() not in base64.urlsafe_b64decode(token)
    assert [(one.state, one.channel) for one in store.consents(ANN).records] == [(ConsentState.REQUESTED, "email")]
    clock.pass_s(60)
    assert edge.confirm(token) is True
    assert edge.confirm(token) is False  # whoever reads the mail may click twice
    newest = store.consents(ANN).records[-1]
    given_us = NOON_US + 60_000_000
    expected = (ConsentState.GIVEN, How.DOUBLE_OPT_IN, given_us, "email")
    assert (newest.state, newest.how, newest.at_us, newest.channel) == expected


def test_a_question_takes_no_yes_away(edge, store):
    edge.opt_in(ANN, "offers")
    edge.opt_in(ANN, "offers", how="double_opt_in")
    assert [one.state for one in store.consents(ANN).records] == [ConsentState.GIVEN]


def test_nor_a_no(edge, store, clock):
    edge.opt_out(ANN)
    clock.pass_s(1)
    token = edge.opt_in(ANN, "news", how="double_opt_in")
    assert shown(edge) == SERVED
    clock.pass_s(1)
    edge.confirm(token)
    assert shown(edge) == SERVED | {"news_sell", "news_inform"}


def test_a_confirmation_is_for_this_customer_this_question_and_a_while(edge, clock):
    token = edge.opt_in(ANN, "offers", how="double_opt_in")
    with pytest.raises(tactful.TokenError, match="not one of ours"):
        edge.confirm(token[:-8] + "AAAAAAA=")
    with pytest.raises(tactful.TokenError, match="not one of ours"):
        edge.confirm(edge.decide("page", ANN).token)
    with pytest.raises(tactful.TokenError, match="not one of ours"):
        edge.record(token)
    clock.pass_s(7 * 86_400)
    with pytest.raises(tactful.TokenError, match="too old"):
        edge.confirm(token)


def test_a_no_in_between_ends_the_question(edge, store, clock):
    token = edge.opt_in(ANN, "offers", how="double_opt_in")
    clock.pass_s(1)
    store.add_consent(ANN, Consent("offers", ConsentState.REFUSED, How.EXPLICIT, clock()))
    clock.pass_s(1)
    with pytest.raises(tactful.TokenError, match="said no"):
        edge.confirm(token)
    token = edge.opt_in(ANN, "news", how="double_opt_in")
    edge.opt_out(ANN)
    clock.pass_s(1)
    with pytest.raises(tactful.TokenError, match="said no"):
        edge.confirm(token)
    used = edge.opt_in(ANN, "offers", how="double_opt_in")
    assert edge.confirm(used)


def test_what_cannot_be_meant_is_refused_and_nothing_is_kept(edge, store):
    wrong = {
        "stand for nobody": lambda: edge.opt_out({"card": "unknown"}),
        "did you mean 'offers'": lambda: edge.opt_in(ANN, "ofers"),
        "'service' is no purpose that a customer is asked for": lambda: edge.opt_in(ANN, "service"),
        "'\\*' is no purpose": lambda: edge.opt_in(ANN, EVERYTHING),
        "how is one of explicit": lambda: edge.opt_in(ANN, "offers", how="sure"),
        "no channel 'fax'": lambda: edge.opt_in(ANN, "offers", channel="fax"),
    }
    for message, call in wrong.items():
        with pytest.raises(tactful.UsageError, match=message):
            call()
    assert store.consents(ANN) is None
    assert store.outbox_take(9) == ()


def test_where_consents_cannot_be_kept_it_is_said(policy, clock):
    with tactful.open(policy, registry=tactful.Registry.of(), consents=lambda _: {}, clock=clock) as edge:
        for call in (lambda: edge.opt_out(ANN), lambda: edge.opt_in(ANN, "offers")):
            with pytest.raises(tactful.UsageError, match="change them there"):
                call()
    with pytest.raises(tactful.UsageError, match="closed"):
        edge.opt_out(ANN)


def test_a_source_that_fails_then_keeps_nobody_from_opting_out(policy, clock, caplog):
    store, broken = MemoryStore(), []

    def profiles(customer: str) -> dict[str, object]:
        if broken:
            raise OSError(customer)
        return {}

    with tactful.open(
        policy, registry=tactful.Registry.of(), profiles=profiles, consents=store, store=store, clock=clock
    ) as edge:
        edge.warm("Canary-7")
        broken.append(1)
        edge.opt_out("Canary-7")
        assert store.consents("Canary-7").records[0].purpose == EVERYTHING
        assert edge.decide("hero", "Canary-7").picks == ()
        assert "Canary" not in caplog.text


def test_a_yes_of_a_clock_ahead_of_ours_does_not_come_after_the_no(edge, store, clock):
    for ahead_us in (1, 10**9, 10**12):
        store.add_consent(ANN, Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOON_US + ahead_us))
    edge.opt_out(ANN)
    for _ in range(3):
        assert shown(edge) == SERVED
        clock.pass_s(10**6)


@given(seed=st.integers(0, 2**32))
@example(seed=185586357)
def test_under_any_policy_only_a_contract_is_served_after_it(seed):
    made = case(seed)
    wide = [attrs.evolve(one, slots=99, topics=(), intents=(), per_topic=None) for one in made.policy.placements]
    policy = attrs.evolve(made.policy, guardrails=(), placements=tuple(wide))
    asks = {purpose.name for purpose in policy.purposes if purpose.asks}
    offers = {one.id: one for one in policy.offers}
    catalog = Catalog(policy)
    reads_consent = {
        entry.offer.id for entry in catalog.entries if any(name.startswith("consent") for name in catalog.reads(entry))
    }
    learned = next(step for _, step in made.steps if isinstance(step, Learn))
    store, clock = MemoryStore(), FakeClock()
    if learned.snapshot is not None:
        store.put_profile(attrs.evolve(learned.snapshot, customer=ANN))
    if learned.consents is not None:
        store.put_consents(ANN, learned.consents)
    with tactful.open(policy, registry=tactful.Registry.of(), store=store, clock=clock) as edge:
        before = {place.name: {p.offer for p in edge.decide(place.name, ANN).picks} for place in wide}
        edge.opt_out(ANN)
        for place in wide:
            after = {pick.offer for pick in edge.decide(place.name, ANN).picks}
            assert all(offers[id_].purpose not in asks or offers[id_].intent is Intent.HELP for id_ in after)
            kept = {id_ for id_ in before[place.name] if offers[id_].purpose not in asks}
            assert kept - reads_consent <= after


def test_the_law_has_something_to_say():
    """Among a few cases are some in which an opt-out takes something away, and some in which service stays."""
    gone = stay = 0
    for seed in range(40):
        policy = attrs.evolve(case(seed).policy, guardrails=())
        purposes = {purpose.name: purpose.asks for purpose in policy.purposes}
        with tactful.open(policy, registry=tactful.Registry.of(), clock=FakeClock()) as edge:
            edge.observe(ANN, "visit")
            before = [pick.offer for place in policy.placements for pick in edge.decide(place.name, ANN).picks]
        asked = [purposes.get(one.purpose) for one in policy.offers if one.id in before]
        gone += True in asked
        stay += False in asked
    assert gone > 0
    assert stay > 0


# one purpose, one channel


def refused(edge, channel):
    """The purposes that are refused on a channel, by what is held of Ann."""
    here, plan = edge._snapshots.here(ANN), edge.plan
    pairs = zip(plan.slots.purposes, plan.lineages, strict=True)
    return {name for name, of in pairs if standing(here._consents, of, channel, here.loaded_us).refused}


def test_who_takes_one_purpose_back_refuses_it_and_what_is_under_it(edge, store):
    shown(edge)
    assert edge.opt_out(ANN, "offers") == ("citybank",)
    assert refused(edge, "web") == refused(edge, "email") == {"offers", "bank"}
    said = {one.purpose for one in store.consents(ANN).records if one.state is ConsentState.WITHDRAWN}
    assert said == {"offers", "bank"}
    assert edge.opt_out(ANN, "bank") == ("citybank",)


def test_who_unsubscribes_from_letters_still_agrees_on_the_web(edge, store):
    edge.opt_in(ANN, "offers")
    edge.opt_out(ANN, "offers", channel="email")
    assert (refused(edge, "email"), refused(edge, "web")) == ({"offers", "bank"}, set())
    edge.forget(ANN)
    shown(edge)
    assert (refused(edge, "email"), refused(edge, "web")) == ({"offers", "bank"}, set())
    (notice,) = (one for one in store.contacts(ANN, 0) if one.event == "withdrawal" and not one.owner)
    assert (notice.channel, notice.tags) == ("email", ("offers", "bank"))


def test_at_once_it_is_refused_on_the_channel_alone(edge):
    shown(edge)
    edge._snapshots.withdraw({ANN}, ("news",), NOON_US, "email")
    assert (refused(edge, "email"), refused(edge, "web")) == ({"news"}, set())


def test_another_process_hears_of_the_channel_too(edge, store, policy, clock):
    shown(edge)
    said = tactful.Contact("1", ANN, "withdrawal", clock(), channel="email", tags=("news",))
    edge._snapshots.heard(said, clock())
    assert (refused(edge, "email"), refused(edge, "web")) == ({"news"}, set())


def test_leaving_one_channel_takes_every_purpose_back_there(edge):
    before = shown(edge)
    assert edge.opt_out(ANN, channel="email") == ("citybank", "surety")
    assert shown(edge, place="letter") == SERVED
    assert shown(edge) == before


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"purpose": "offer"}, "did you mean 'offers'"),
        ({"purpose": "service"}, "no purpose that a customer is asked for"),
        ({"channel": "fax"}, "no channel 'fax'"),
    ],
)
def test_what_cannot_be_taken_back_is_told_and_nothing_is_kept(edge, store, asked, told):
    with pytest.raises(tactful.UsageError, match=told):
        edge.opt_out(ANN, **asked)
    assert not store.contacts(ANN, 0)


MUTANTS = [
    ("engine.opting", "(() if purpose else (EVERYTHING,))", "()"),
    ("engine.opting", "(() if purpose else (EVERYTHING,))", "(EVERYTHING,)"),
    ("engine.opting", "if purpose in lineages[one.name]", "if purpose == one.name"),
    ("engine.opting", "How.EXPLICIT, at_us, channel=channel)", "How.EXPLICIT, at_us)"),
    ("engine.opting", "WITHDRAWAL, at_us, channel=channel,", "WITHDRAWAL, at_us,"),
    ("engine.opting", "ConsentState.WITHDRAWN, How.EXPLICIT", "ConsentState.REQUESTED, How.EXPLICIT"),
    ("engine.opting", 'for partner in ("", *partners)]', "for partner in partners]"),
    ("engine.opting", "if one.partner == partner)", "if True)"),
    ("engine.opting", "if partner else tuple(names)", "if partner else (EVERYTHING,)"),
    ("engine.opting", "customer, WITHDRAWAL, at_us", 'customer, "opt_out", at_us'),
    ("engine.opting", "at_us = max([now_us, *(", "at_us = min([now_us, *("),
    ("engine.opting", "way in OWN_YES or not self._refused(known, purpose, channel, now_us)", "True"),
    ("engine.opting", "if all(one.purpose != purpose for one in known.records):", "if True:"),
    ("engine.opting", "now_us >= asked_us + _CONFIRM_US", "now_us > asked_us + _CONFIRM_US"),
    ("engine.opting", "if any(one.evidence == id_ and one.state is ConsentState.GIVEN for one in known):", "if False:"),
    ("engine.opting", "if any(one.refuses and one.at_us >= asked_us for one in about):", "if False:"),
    ("engine.opting", "one.purpose in (purpose, EVERYTHING) and", "one.purpose == EVERYTHING and"),
    ("engine.opting", "self.snapshots.load(who)", "pass"),
    ("engine.opting", "if purpose is not None and purpose not in asked:", "if False:"),
    ("engine.opting", "self.snapshots.forget_others(self.snapshots.same(customer), customer)", "pass"),
    ("engine.fetch", "root = customer if of_all is None else of_all.customer", "root = customer"),
    ("engine.snapshot", "if id_ in ids or one.stands_for in ids", "if False"),
    (
        "engine.snapshot",
        "self.withdraw(self.same(contact.customer), contact.tags, contact.at_us, contact.channel or None)",
        "pass",
    ),
    ("engine.snapshot", "contact.tags, contact.at_us, contact.channel or None)", "contact.tags, contact.at_us)"),
    ("engine.here", "self._as = {}", "pass"),
    ("engine.guard", "standing(consents, (EVERYTHING,), channel.name, now_us).refused", "False"),
    ("plan.bounds", "if scope and purpose.asks:", "if scope:"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1]}")
def test_a_mutant_is_caught(mutant, policy):
    with mutated(Mutant(*mutant, 0)):
        assert any(fails(check, policy) for check in CHECKS), "nobody noticed"


def fails(check, policy):
    clock = FakeClock()
    store = MemoryStore(clock=clock)
    with opened(policy, clock, store) as edge:
        there = {"edge": edge, "store": store, "clock": clock, "policy": policy}
        try:
            check(**{name: there[name] for name in inspect.signature(check).parameters})
        except (AssertionError, pytest.fail.Exception, tactful.TactfulError, ValueError):
            return True
    return False


CHECKS = [
    test
    for name, test in list(globals().items())
    if name.startswith("test_")
    and {"clock", "edge"} & set(inspect.signature(test).parameters)
    and set(inspect.signature(test).parameters) <= {"edge", "store", "clock", "policy"}
]


def test_the_checks_pass_without_a_mutant(policy):
    assert [check.__name__ for check in CHECKS if fails(check, policy)] == []
    assert len(CHECKS) >= 10
