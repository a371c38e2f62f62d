"""`tactful sources` measures what sources claim against what customers stated, and tells of nobody."""

import pytest

from tactful import Observation, Snapshot, Source
from tactful.authoring import compile_folder
from tactful.cli import measuring
from tactful.clock import wall_clock
from tactful.opening import store_of

CHECKED = """\
profile:
  guesses:
    all: {type: bool, checked_by: kids}
    guess: {source: modelled}
    bought: {source: third-party, collected: broker}
    nowhere: {source: modelled}
  said:
    kids: {type: bool, source: stated}
"""


@pytest.fixture
def policy(shop):
    (shop / "checked.yaml").write_text(CHECKED)
    return shop


@pytest.fixture
def store(tmp_path):
    """
    Of 120 customers, 80 say that they have children; 30 more said nothing.

    The model says that nobody has; what was bought is right of all but 3; ten visitors brought a `derived` guess.
    """
    url, now_us = f"sqlite:///{tmp_path / 'edge.db'}", wall_clock()
    kept = store_of(url)
    for number in range(150):
        truth = number < 80
        known = {
            "guess": Observation(False, Source.DERIVED if number < 10 else Source.MODELLED, now_us, 0.99),  # noqa: FBT003
            "bought": Observation(truth is (number >= 3), Source.THIRD_PARTY, now_us),
        }
        if number < 120:
            known["kids"] = Observation(truth, Source.STATED, now_us)
        kept.put_profile(Snapshot(f"customer-{number}", now_us, known))
    kept.close()
    return url


def test_each_source_is_measured_beside_a_guess(run, policy, store):
    ended = run("sources", policy, "--store", store, "--json")
    assert ended.code == 1  # one is worse than a guess
    found = {(one["attribute"], one["source"]): one for one in ended.json["sources"]}
    guess, bought = found["guess", "modelled"], found["bought", "third-party"]
    assert (guess["right"], guess["of"], guess["guess"], guess["verdict"]) == (40, 110, 70, "worse than a guess")
    assert (bought["right"], bought["of"], bought["verdict"]) == (117, 120, "better than a guess")
    assert (guess["collected"], bought["collected"]) == ("", "broker")
    assert bought["interval"] == pytest.approx([0.9291, 0.9915], abs=1e-4)
    assert ended.json["silent"] == ["nowhere"]


def test_all_customers_are_asked_for_however_many_there_are(run, policy, store, monkeypatch):
    whole = run("sources", policy, "--store", store, "--json").out
    monkeypatch.setattr(measuring, "_AT_ONCE", 7)
    assert run("sources", policy, "--store", store, "--json").out == whole


def test_of_few_customers_no_count_is_told(run, policy, store):
    ended = run("sources", policy, "--store", store, "--json")
    (few,) = [one for one in ended.json["sources"] if one["source"] == "derived"]
    assert few == {"attribute": "guess", "source": "derived", "collected": "", "verdict": "too few to tell"}
    text = run("sources", policy, "--store", store).out
    assert "third-party (broker)" in text
    assert "- guess (derived): fewer than 50 customers, too few to tell" in text
    assert "- nowhere: nobody has it who stated kids" in text
    assert "customer-" not in text


def test_how_many_are_enough_is_the_policy_s_to_say(run, policy, store):
    (policy / "few.yaml").write_text("guardrails: {accuracy: {smallest: 10}}\n")
    found = run("sources", policy, "--store", store, "--json").json["sources"]
    (few,) = [one for one in found if one["source"] == "derived"]
    assert (few["right"], few["of"]) == (0, 10)
    (policy / "few.yaml").write_text("guardrails: {accuracy: off}\n")
    found = run("sources", policy, "--store", store, "--json").json["sources"]
    assert [one["verdict"] for one in found if one["source"] == "derived"] == ["too few to tell"]


def test_what_it_writes_is_a_section_of_the_policy(run, policy, store):
    ended = run("sources", policy, "--store", store, "--write", policy / "sources.yaml")
    assert "sources.yaml: the policy's section `sources`" in ended.out
    assert run("check", policy).code in (0, 1)
    (use,) = [use for use in compile_folder(policy).guardrails if use.name == "accuracy"]
    assert use.settings["measured"] == {
        "bought": {"third-party": {"right": 117, "of": 120, "guess": 80}},
        "guess": {"modelled": {"right": 40, "of": 110, "guess": 70}},
    }
    printed = run("sources", policy, "--store", store).out.partition("for the policy:\n")[2]
    assert printed == (policy / "sources.yaml").read_text()


def test_where_nothing_can_be_told_a_policy_can_be_made_all_the_same(run, policy, tmp_path):
    kept = store_of(url := f"sqlite:///{tmp_path / 'empty.db'}")
    kept.close()
    ended = run("sources", policy, "--store", url, "--write", policy / "sources.yaml")
    assert ended.code == 0
    assert (policy / "sources.yaml").read_text() == "# of no source were enough customers compared\n"
    assert run("check", policy).code in (0, 1)


def test_a_narrow_screen_shows_all_of_it(start, policy, store):
    text = start("sources", policy, "--store", store, COLUMNS="40").out
    assert max(map(len, text.partition("the intervals")[0].splitlines())) <= 40
    assert {"attribute: guess", "right: 36%", "guess: 64%", "verdict: worse than a guess"} <= set(text.splitlines())


def test_what_cannot_be_measured_is_refused_in_words(run, shop, store, tmp_path):
    ended = run("sources", shop, "--store", store)
    assert ended.code == 2
    assert "no attribute says by which stated one it can be checked; add `checked_by:` to one" in ended.err
    (shop / "checked.yaml").write_text(CHECKED)
    assert run("sources", shop, "--store", "sqlite:///no/such/folder/edge.db").code == 2
    assert run("sources", shop, "--store", store, "--write", tmp_path / "no" / "sources.yaml").code == 2
