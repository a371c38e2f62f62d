"""`tactful why-not` counts whom an offer loses to what, and tells of nobody."""

import pytest

from tactful import Observation, Snapshot, Source
from tactful.clock import wall_clock
from tactful.funnel import Funnel, Lost, Tally
from tactful.opening import store_of

CAP, RULE, FULL = ("overcrowding.a", "capped"), ("when:x", "not surely true"), ("outranked", "better offers")


def test_who_is_lost_to_one_alone_is_told_from_who_is_lost_to_several():
    tally = Tally("web")
    for treatments, shown in (
        ([[CAP], [CAP, RULE]], False),  # without the cap she would get it
        ([[CAP, RULE], [CAP, RULE]], False),  # one alone would not do
        ([[CAP], [RULE]], False),  # either would do
        ([[CAP], [FULL]], False),  # allowed, and others fill the page
        ([[CAP]], True),
    ):
        tally.add(treatments, shown=shown)
    lost = (Lost(*CAP, alone=2, at_all=3), Lost(*RULE, alone=1, at_all=3))
    assert tally.funnel() == Funnel("web", customers=5, shown=1, allowed=2, lost=lost)


@pytest.fixture
def store(tmp_path):
    """Thirty regulars, forty others, and three of whom no visit is known; nobody has agreed to anything."""
    url, now_us = f"sqlite:///{tmp_path / 'edge.db'}", wall_clock()
    kept = store_of(url)
    for number in range(73):
        known = {} if number >= 70 else {"visits": Observation(9 if number < 30 else 2, Source.OBSERVED, now_us)}
        kept.put_profile(Snapshot(f"customer-{number}", now_us, known))
    kept.close()
    return url


def test_over_a_store_every_customer_counts_and_small_counts_are_not_told(run, shop, store):
    (hero, *_) = run("why-not", shop, "regulars_bread", "--store", store, "--json").json
    assert (hero["channel"], hero["customers"], hero["allowed"]) == ("web", 73, 0)
    at_all = {one["id"]: one["at_all"] for one in hero["lost"]}
    assert at_all["when:segment.regulars"] == 73  # without consent nobody is known as a regular
    text = run("why-not", shop, "regulars_bread", "--store", store).out
    assert "customer-" not in text


def test_what_concerns_few_customers_is_blurred(run, shop, store):
    hero = next(one for one in run("why-not", shop, "olives", "--store", store, "--smallest", 100, "--json").json)
    assert hero["customers"] is None
    assert "fewer than 100 customers" in run("why-not", shop, "olives", "--store", store, "--smallest", 100).out


def test_without_a_store_personas_are_counted(run, shop):
    found = {one["channel"]: one for one in run("why-not", shop, "regulars_bread", "--json").json}
    assert set(found) == {"web", "email", "kiosk"}
    assert found["web"]["shown"] >= 1
    text = run("why-not", shop, "regulars_bread").out
    assert "when:segment.regulars" in text
    assert "may get it" in text


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("nothing",), "there is no offer 'nothing'"),
        (("olive",), "did you mean 'olives'"),
        (("olives", "--key", "x"), "leave it out"),
        (("olives", "-c", "page"), "write name=value"),
    ],
)
def test_what_cannot_be_asked_is_refused(run, shop, words, wrong):
    ended = run("why-not", shop, *words)
    assert ended.code == 2
    assert wrong in ended.err
