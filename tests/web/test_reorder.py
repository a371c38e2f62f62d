"""A list in a customer's order: all of it, each item near its place, sensitive topics exactly at theirs."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tactful
from tactful.authoring import compile_files
from tactful_adapters import web_reorder
from tactful_adapters.reordering import in_order
from tactful_adapters.web import Request, Site, from_header

POLICY = b"""
channels: {web: private}
placements: {results: {channel: web, slots: 3}}
topics:
  running: {}
  trails: {under: running}
  food: {}
  baby: {sensitivity: sensitive}
purposes: {offers: consent}
profile:
  shop:
    all: {owner: crm, purpose: offers}
    runs: {type: int, say: how often you run}
    cooks: {type: int, say: how often you cook}
    child: {type: bool, say: your family}
offers:
  all: {intent: sell, purpose: offers, placements: [results]}
  for_runners: {topic: running, value: 2, when: profile.runs >= 3, treatments: Running first}
  for_cooks: {topic: food, value: 1, when: profile.cooks >= 3, treatments: Food first}
  for_parents: {topic: baby, value: 9, when: profile.child, treatments: For your family first}
"""
GOODS = ["pen", "cup", "pot", "nappy", "bag", "shoe", "map", "boot"]
TOPICS = {"pot": "food", "nappy": "baby", "shoe": "running", "boot": "trails", "bag": "unheard of"}
PEOPLE = {"ann": {"runs": 5}, "bob": {"runs": 5, "cooks": 5}, "eve": {"child": True}, "kim": {"runs": 1}}


@pytest.fixture
def edge():
    with tactful.open(
        compile_files({"policy.yaml": POLICY}),
        profiles=PEOPLE.get,
        consents=lambda _: {"offers": "explicit"},
    ) as opened:
        for one in PEOPLE:
            opened.warm(one)
        yield opened


def page(edge, who=None, *headers):
    named = (("x-who", who),) if who else ()
    return Site(edge=edge, who=from_header("x-who")).page(Request("GET", (*named, *headers)))


def goods(edge, who=None, **more):
    return page(edge, who).reorder("results", GOODS, TOPICS.get, **more)


@pytest.mark.parametrize(
    ("who", "items", "lifted"),
    [
        ("ann", "pen cup pot nappy shoe boot bag map", {4: "for_runners", 5: "for_runners"}),
        ("bob", "pot pen cup nappy shoe boot bag map", {0: "for_cooks", 4: "for_runners", 5: "for_runners"}),
        ("eve", "pen cup pot nappy bag shoe map boot", {}),
        ("kim", "pen cup pot nappy bag shoe map boot", {}),
        (None, "pen cup pot nappy bag shoe map boot", {}),
    ],
)
def test_what_suits_comes_a_little_earlier_and_what_is_sensitive_stays(edge, who, items, lifted):
    found = goods(edge, who)
    assert (" ".join(found.items), dict(found.lifted)) == (items, lifted)


def test_it_says_why_and_names_no_value(edge):
    assert "Running first: you see this because of how often you run." in goods(edge, "ann").why()
    assert goods(edge, "kim").why() == "Nothing was chosen for you: everyone sees this."


def test_a_page_that_was_reordered_is_personal_and_is_recorded_if_anything_moved(edge):
    for who, contacts in (("ann", [("shown", "for_runners")]), ("eve", [])):
        here = page(edge, who)
        here.reorder("results", GOODS, TOPICS.get)
        assert dict(here.sent_headers())["Cache-Control"] == "private, no-store"
        here.confirm(200)
        assert [(one.event, one.offer) for one in edge._store.contacts(who, 0)] == contacts


@pytest.mark.parametrize("topic", [lambda item: 1 / 0, lambda item: [item], lambda item: {}])
def test_a_failure_leaves_the_order_as_it_was(edge, topic, caplog):
    assert page(edge, "ann").reorder("results", GOODS, topic).items == tuple(GOODS)
    assert "stays in its order" in caplog.text
    assert goods(edge, "ann", places_max=0).items == tuple(GOODS)
    assert page(edge, "ann").reorder("nowhere", GOODS, TOPICS.get).items == tuple(GOODS)


lists = st.lists(st.tuples(st.integers(-3, 40), st.booleans()), max_size=40)


def holds(order, lifts, fixed, most):
    """Whether all that is promised of an order holds."""
    places = list(enumerate(order))
    return (
        sorted(order) == list(range(len(lifts)))
        and all(abs(now - before) <= most for now, before in places)
        and all(now == before for now, before in places if fixed[before])
        and all(order.index(a) < order.index(b) for b in order for a in range(b) if lifts[a] >= lifts[b])
    )


@given(lists, st.integers(0, 8))
def test_nothing_is_lost_nor_moves_far_and_what_is_alike_keeps_its_order(items, most):
    lifts, fixed = [lift for lift, _ in items], [one for _, one in items]
    assert holds(in_order(lifts, fixed, most), lifts, fixed, most)


MUTANTS = {
    "drops an item": lambda lifts, fixed, most: in_order(lifts, fixed, most)[:-1],
    "shows one twice": lambda lifts, fixed, most: [*in_order(lifts, fixed, most)[:-1], 0],
    "knows no bound": lambda lifts, fixed, most: in_order(lifts, fixed, 99),
    "moves what is sensitive": lambda lifts, fixed, most: in_order(lifts, [False] * len(fixed), most),
    "turns what is alike": lambda lifts, fixed, most: in_order(lifts, fixed, most)[::-1],
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_mutants_are_found(mutant):
    lifts, fixed = [0, 0, 5, 0, 0, 0, 0, 9], [False, True, False, False, False, False, False, False]
    assert holds(in_order(lifts, fixed, 2), lifts, fixed, 2)
    assert not holds(MUTANTS[mutant](lifts, fixed, 2), lifts, fixed, 2)


class Picked:
    """A decision in which no guardrail held a sensitive offer back."""

    picks = (SimpleNamespace(placement="results", offer="for_parents"),)
    why = str


def sensitive_stays(edge):
    topics = [TOPICS.get(one) for one in GOODS]
    found, slots = web_reorder.Lifting(edge, Picked(), "results").reorder(GOODS, topics, 3)
    return (found.items, slots) == (tuple(GOODS), frozenset())


def test_a_sensitive_topic_lifts_nothing_even_if_an_offer_about_it_was_picked(edge):
    assert sensitive_stays(edge)


def test_the_mutant_that_lifts_what_is_sensitive_is_found(edge, monkeypatch):
    monkeypatch.setattr(web_reorder.Lifting, "_is_sensitive", lambda *_: False)
    assert not sensitive_stays(edge)
