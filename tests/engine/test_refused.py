"""What a signal of the moment refuses is refused for that decision, whatever is on record, and for no other."""

import pytest

import tactful
from tactful import MemoryStore, Observation, Snapshot, Source
from tactful.authoring import compile_files
from tactful.clock import SKEW_US

NOW_US = 1_700_000_000_000_000
POLICY = b"""
channels: {web: private}
placements: {home: web, row: {channel: web, slots: 3}}
topics: {food: {}, service: {}}
purposes:
  offers: consent
  mail: {basis: consent, under: offers}
  orders: contract
profile:
  shop:
    all: {owner: crm, purpose: [offers, mail, orders]}
    visits: {type: int, say: how often you visit}
offers:
  all: {intent: sell, topic: food}
  thanks: {when: profile.visits >= 6, purpose: offers, value: 3, treatments: Thanks}
  letter: {when: profile.visits >= 6, purpose: mail, value: 2, treatments: Letter}
  order: {intent: inform, topic: service, when: profile.visits >= 6, purpose: orders, treatments: Your order}
  bread: {intent: inform, purpose: offers, value: 0.1, treatments: Bread}
"""


@pytest.fixture
def edge():
    store = MemoryStore(clock=lambda: NOW_US)
    policy = compile_files({"policy.yaml": POLICY})
    with tactful.open(policy, store=store, clock=lambda: NOW_US) as opened:
        store.put_profile(Snapshot("ann", NOW_US, {"visits": Observation(8, Source.OBSERVED, NOW_US)}))
        opened.opt_in("ann", "offers")
        opened.opt_in("ann", "mail")
        yield opened


def shown(edge, refused=(), who="ann", **more):
    return [pick.offer for pick in edge.decide("row", who, refused=refused, **more).picks]


def test_a_refusal_holds_for_its_decision_alone(edge):
    assert shown(edge) == ["thanks", "letter", "order"]
    assert shown(edge, ["mail"]) == ["thanks", "order", "bread"]
    assert shown(edge, ["offers"]) == ["order", "bread"]  # what lies under it is refused too
    assert shown(edge) == ["thanks", "letter", "order"]


def test_everything_refused_leaves_what_a_contract_needs(edge):
    assert shown(edge, ["*"]) == ["order"]


@pytest.mark.parametrize("refused", [["offer"], "mail", ["mail", "nowhere"]])
def test_a_purpose_that_nobody_knows_is_taken_for_all(edge, refused):
    decision = edge.decide("row", "ann", refused=refused)

    assert [pick.offer for pick in decision.picks] == ["order"]
    assert decision.careful == ("a purpose that is refused is not in the policy: all are taken for refused",)


@pytest.mark.parametrize("refused", [7, [7], [["mail"]]])
def test_what_is_no_name_never_raises_and_allows_no_more(edge, refused):
    assert set(shown(edge, refused)) <= {"order"}


def test_it_is_the_same_as_a_refusal_on_record(edge):
    from tactful import Consent, ConsentState, How  # noqa: PLC0415 - of this test alone

    before = edge.decide("row", "ann", refused=["mail"])
    edge._store.add_consent("ann", Consent("mail", ConsentState.REFUSED, How.EXPLICIT, NOW_US))
    edge.forget("ann")
    after = edge.decide("row", "ann")

    assert before.explain() == after.explain()


def test_a_yes_of_a_clock_that_goes_ahead_does_not_speak_over_it(edge):
    from tactful import Consent, ConsentState, How  # noqa: PLC0415 - of this test alone

    late = Consent("mail", ConsentState.GIVEN, How.EXPLICIT, NOW_US + SKEW_US)
    edge._store.add_consent("ann", late)
    edge.forget("ann")

    assert "letter" in shown(edge)
    assert "letter" not in shown(edge, ["mail"])


def test_it_holds_for_a_customer_who_is_brought_and_for_one_who_is_nobody(edge):
    brought = {"profile": {"visits": 8}, "consents": {"offers": "explicit", "mail": "explicit"}, "contacts": ()}

    assert shown(edge, **brought) == ["thanks", "letter", "order"]
    assert shown(edge, ["mail"], **brought) == ["thanks", "order", "bread"]
    assert shown(edge, ["mail"], who=None) == shown(edge, who=None)


def test_a_page_view_is_decided_anew_when_a_signal_comes(edge):
    assert shown(edge, view="1") == ["thanks", "letter", "order"]
    assert shown(edge, ["mail"], view="1") == ["thanks", "order", "bread"]


def test_so_many_refusals_are_remembered_and_no_more(edge):
    for number in range(20):
        edge.decide("row", "ann", refused=[f"odd {number}"])

    (here,) = edge._snapshots._here.values()
    customer = here.customer(tactful.Identity("ann"), edge.plan)
    assert 0 < len(customer._refusing) <= 4


def test_a_yes_on_record_for_later_does_not_lift_it_when_its_time_has_come():
    now_us, later_us = [NOW_US], NOW_US + 10 * SKEW_US
    store = MemoryStore(clock=lambda: NOW_US)
    with tactful.open(compile_files({"policy.yaml": POLICY}), store=store, clock=lambda: now_us[0]) as edge:
        store.put_profile(Snapshot("ann", NOW_US, {"visits": Observation(8, Source.OBSERVED, NOW_US)}))
        for at_us in (NOW_US, later_us):
            yes = tactful.Consent("offers", tactful.ConsentState.GIVEN, tactful.How.EXPLICIT, at_us)
            store.add_consent("ann", yes)
        assert shown(edge, ["offers"]) == ["order", "bread"]
        now_us[0] = later_us
        assert shown(edge, ["offers"]) == ["order", "bread"]
