"""The dossier of a decision tells what it passed on to partners; after an erasure that stays, and leads to nobody."""

import base64

import pytest

import tactful
from tactful import Consent, Consents, ConsentState, How, Observation, Snapshot, Source
from tactful.clock import DAY_US
from tactful_adapters.sqlite import SQLiteStore

from ..cli.conftest import run  # noqa: F401 - a fixture

STORE = "sqlite:///edge.db"
SHOP = """
values: {evidence: 90d}
channels: {web: semi-private}
placements: {page: {channel: web, slots: 3}}
topics: {food: {}}
purposes:
  offers: {basis: consent, say: choose offers for you}
  bank: {partner: citybank, under: offers, say: show offers of our bank partner}
profile:
  crm:
    visits: {type: int, source: stated, say: how often you visit}
guardrails: {breaking_bonds: {}}
offers:
  card: {intent: sell, topic: food, purpose: bank, when: profile.visits > 2, treatments: A card}
  bread: {intent: sell, topic: food, purpose: offers, treatments: Fresh bread}
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "policy.yaml").write_text(SHOP)
    (tmp_path / "evidence.key").write_bytes(base64.b64encode(b"k" * 32))
    return tmp_path / "shop"


def decided(shop, *purposes, reported=True, ago_us=DAY_US):
    """Ann agrees to some purposes and is shown the page; the decision, and what she has to hear of it."""
    now_us = tactful.wall_clock() - ago_us
    records = tuple(Consent(one, ConsentState.GIVEN, How.EXPLICIT, now_us) for one in purposes)
    with tactful.open(shop, store=STORE, log=True, evidence_key="evidence.key", clock=lambda: now_us) as edge:
        visits = {"visits": Observation(8, Source.STATED, now_us)}
        edge._store.put_many([Snapshot("ann", now_us, visits)], {"ann": Consents(records, now_us)})
        edge.warm("ann")
        decision = edge.decide("page", "ann")
        if reported:
            edge.record(decision)
        return decision, edge.disclosures("ann")


def passed(run, shop, decision):  # noqa: F811 - the fixture
    words = ("--store", STORE, "--evidence-key", "evidence.key", "--reason", "complaint 7", "--json")
    found = run("case", decision.id, shop, *words).json
    (section,) = [one for one in found["sections"] if one["title"] == "What was passed on to partners"]
    return section["rows"], section["about"], " ".join(found["gone"])


def test_with_the_guardrail_whoever_did_not_agree_is_not_passed_on(run, shop):  # noqa: F811 - the fixture
    decision, told = decided(shop, "offers")
    assert [pick.offer for pick in decision.picks] == ["bread"]
    assert told == ()
    assert passed(run, shop, decision)[:2] == ([], "Nothing: no offer that was shown is a partner's.")


def test_what_was_passed_on_is_in_the_dossier(run, shop):  # noqa: F811 - the fixture
    decision, told = decided(shop, "offers", "bank")
    assert {pick.offer for pick in decision.picks} == {"bread", "card"}
    assert [one.offer for one in told] == ["card"]
    ((to, offer, purpose, ground, by, *_),), about, _ = passed(run, shop, decision)
    assert (to, offer, purpose, ground, by) == ("citybank", "card", "bank", "consent", "visits")
    assert about == ""


def test_what_was_never_reported_as_shown_is_said_to_be_on_no_record(run, shop):  # noqa: F811 - the fixture
    decision, told = decided(shop, "offers", "bank", reported=False)
    assert told == ()
    rows, about, _ = passed(run, shop, decision)
    assert rows == []
    assert about.startswith("Nothing is on record, though card is a partner's")


def test_after_an_erasure_it_stays_and_leads_to_nobody(run, shop):  # noqa: F811 - the fixture
    decision, _ = decided(shop, "offers", "bank")
    with SQLiteStore("edge.db") as store:
        assert store.erase("ann")["disclosures"] == 1
    ((to, *_),), _, gone = passed(run, shop, decision)
    assert to == "citybank"
    assert "what was shown and passed on to partners stays, and leads to nobody" in gone
    assert "nothing is on record" in run("disclosures", "ann", "--store", STORE).out


def test_past_its_time_nobody_is_told_of_it(run, shop):  # noqa: F811 - the fixture
    decision, told = decided(shop, "offers", "bank", ago_us=3 * 365 * DAY_US + DAY_US)
    assert len(told) == 1
    rows, about, _ = passed(run, shop, decision)
    assert rows == []
    assert "the record's time is over" in about
