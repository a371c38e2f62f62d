"""`tactful fairness` joins the log with profiles or a file, and tells no customer."""

import pytest

from tactful import Observation, Snapshot, Source
from tactful.authoring import init
from tactful.clock import wall_clock
from tactful.decision_log import LoggedDecision, LoggedPick
from tactful.opening import store_of
from tactful.pseudonyms import log_key, pseudonym


@pytest.fixture
def shop(tmp_path):
    """A policy, and a store where those with nappies are shown olives less often: 80 of each."""
    init(tmp_path / "shop")
    url, now_us = f"sqlite:///{tmp_path / 'edge.db'}", wall_clock()
    store = store_of(url)
    for number in range(160):
        parent = number % 2 == 0
        shown = number < (40 if parent else 120)
        who = f"customer-{number}"
        known = {"bought_nappies": Observation(parent, Source.OBSERVED, now_us), **_visits(number, now_us)}
        store.put_profile(Snapshot(who, now_us, known))
        picks = (LoggedPick("home.hero", "olives", "t1", 0, 0, 1.0),) if shown else ()
        name = pseudonym(log_key(store), who)
        store.log_decisions(
            [LoggedDecision(f"d{number}", now_us - 1, name, "web", ("home.hero",), picks, (), (), "shop", 1, b"", b"")]
        )
    store.close()
    return tmp_path / "shop", url, tmp_path


def _visits(number, now_us):
    return {} if number < 4 else {"visits": Observation(number % 10, Source.OBSERVED, now_us)}


def test_who_fares_worse_is_told(shop, run, run_json):
    folder, url, _ = shop
    code, found = run_json("fairness", folder, "--store", url, "--by", "bought_nappies")
    one = found["bought_nappies"]
    assert (code, one["groups"]) == (1, {"no": 80, "yes": 80})
    assert {c["outcome"]: (c["group"], c["rate"], c["highest"], c["verdict"]) for c in one["comparisons"]} == {
        "offer olives": ("yes", 0.25, 0.75, "differs"),
        "treatment olives/t1": ("yes", 0.25, 0.75, "differs"),
        "intent sell": ("yes", 0.25, 0.75, "differs"),
    }
    code, text = run("fairness", folder, "--store", url, "--by", "bought_nappies")
    assert code == 1
    assert "differs" in text
    assert "customer-" not in text


def test_bands_of_a_number_make_groups_and_small_ones_are_silent(shop, run_json):
    folder, url, _ = shop
    code, found = run_json("fairness", folder, "--store", url, "--by", "visits:5")
    assert code == 0
    assert set(found["visits"]["groups"]) == {"5 or more", "below 5"}
    assert found["visits"]["silent"] == ["not known"]


def test_groups_of_a_file(shop, run_json):
    folder, url, tmp = shop
    (tmp / "groups.csv").write_text("customer,group\n" + "".join(f"customer-{n},{'ab'[n % 2]}\n" for n in range(160)))
    code, found = run_json("fairness", folder, "--store", url, "--groups", tmp / "groups.csv")
    assert code == 1
    assert {c["group"] for c in found["groups"]["comparisons"]} == {"a"}


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ((), "protect: true"),
        (("--by", "height"), "no such attribute"),
        (("--by", "visits"), "visits:30,60"),
        (("--by", "bought_nappies:3"), "bought_nappies alone"),
        (("--by", "visits:9,3"), "rising"),
        (("--by", "visits:x"), "rising"),
        (("--groups", "nothing.csv"), "nothing.csv"),
        (("--by", "bought_nappies", "--smallest", "3"), "at least 10"),
    ],
)
def test_what_makes_no_groups_is_refused(shop, run, words, wrong):
    folder, url, _ = shop
    code, text = run("fairness", folder, "--store", url, *words)
    assert code == 2
    assert wrong in " ".join(text.split())


def test_a_file_with_other_columns_is_refused(shop, run):
    folder, url, tmp = shop
    (tmp / "groups.csv").write_text("who,what\n1,2\n")
    code, text = run("fairness", folder, "--store", url, "--groups", tmp / "groups.csv")
    assert code == 2
    assert "customer and group" in " ".join(text.split())
