"""`tactful disclosures` lists what was passed on of one customer, by names, from the store alone."""

import pytest

from tactful import Disclosure, Passed
from tactful.clock import DAY_US, in_words, wall_clock
from tactful.opening import store_of

TOLD = Passed("citybank", "bank", "consent", ("tier", "visits"))


@pytest.fixture
def store(tmp_path):
    """Ann, whom a bank was told of twice, once long ago; and Bob, of whom an insurer was told."""
    url, now_us = f"sqlite:///{tmp_path / 'edge.db'}", wall_clock()
    kept = store_of(url)
    kept.link({"card": "4711"}, customer="ann")
    bob = Passed("surety", "cover", "consent")
    kept.record(
        [],
        [
            Disclosure("d1", 0, "ann", now_us - 9 * DAY_US, now_us + DAY_US, "bank_card", "web", TOLD),
            Disclosure("d0", 0, "ann", now_us - 99 * DAY_US, now_us - DAY_US, "bank_card", "web", TOLD),
            Disclosure("d2", 1, "bob", now_us, now_us + DAY_US, "cover", "email", bob),
        ],
    )
    kept.close()
    return url


def test_it_tells_of_one_customer_what_is_still_kept(run, store):
    ended = run("disclosures", "ann", "--store", store)
    assert ended.code == 0
    (line,) = [line for line in ended.out.splitlines() if "citybank" in line]
    assert line.split()[:1] == in_words(wall_clock() - 9 * DAY_US).split()[:1]
    for word in ("bank", "consent", "bank_card", "web", "tier, visits", "d1, slot 0"):
        assert word in line
    assert "surety" not in ended.out
    assert "d0" not in ended.out
    assert "nothing of the profile" in run("disclosures", "bob", "--store", store).out
    assert run("disclosures", "--who", "card=4711", "--store", store).out == ended.out


def test_programs_get_it_as_json(run, store):
    (one,) = run("disclosures", "ann", "--store", store, "--json").json
    assert one["id"] == "d1/0/bank_card/disclosure"
    assert one["passed"] == {
        "partner": "citybank",
        "purpose": "bank",
        "legal_basis": "consent",
        "attributes": ["tier", "visits"],
    }
    assert run("disclosures", "nobody", "--store", store, "--json").json == []


def test_of_whom_nothing_is_on_record_it_says_so(run, store):
    ended = run("disclosures", "nobody", "--store", store)
    assert (ended.code, ended.out) == (0, "nothing is on record that was passed on of this customer\n")


REFUSED = {
    "nobody": ((), "give the customer's id or --who"),
    "two at once": (("ann", "--who", "card=4711"), "give the customer's id or --who"),
    "a stranger": (("--who", "card=1"), "--who: the identifiers stand for nobody"),
    "no identifier": (("--who", "4711"), "--who: write name=value"),
}


@pytest.mark.parametrize(("words", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused(run, store, words, told):
    ended = run("disclosures", *words, "--store", store)
    assert ended.code == 2
    assert told in ended.err
