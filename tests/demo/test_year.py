"""A few households' year comes out the same by the policy of then, otherwise by another one, and tampering shows."""

import json
import shutil
import sqlite3
import stat
from contextlib import closing

import attrs
import pytest
from typer.testing import CliRunner

from grocery import demo
from grocery.journey import date_of
from grocery.year import DAYS, by_day
from tactful import LoggedDecision
from tactful.cli.app import app

FEW = 6


@pytest.fixture(scope="module")
def year(journey, tmp_path_factory):
    """The folder that `tactful demo --year` writes, and what it says."""
    out = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "load", lambda: journey)
        ended = run("demo", "--year", "--households", FEW, "--out", out, "--json")
    assert ended.exit_code == 0, ended.output
    return out / "year", json.loads(ended.stdout)


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "80"})


def replayed(folder, bundle, *more):
    words = ("--store", f"sqlite:///{folder / 'edge.db'}", "--evidence-key", folder / "evidence.key")
    return run("replay", folder / f"{bundle}.bundle", *words, "--reason", "a test", "--json", *more)


def test_the_whole_year_of_each_household_is_logged(year):
    _, told = year
    assert (told["from"], told["until"], told["households"]) == ("2017-01-01", "2018-01-01", FEW)
    assert told["channels"]["email"] == 12 * FEW
    assert min(told["channels"].values()) > 20
    assert sum(told["channels"].values()) == told["decisions"]


def test_by_the_policy_of_then_every_decision_comes_out_the_same(year):
    folder, told = year
    ended = replayed(folder, "grocer")
    found = json.loads(ended.stdout)
    assert ended.exit_code == 0
    assert (found["repeated"], found["different"]) == (told["decisions"], 0)
    assert (found["without_evidence"], found["damaged"], found["decided_again"]) == (0, 0, 0)


def test_a_tighter_cap_shows_where_it_acts_and_the_report_has_charts(year, tmp_path):
    folder, told = year
    ended = replayed(folder, "tighter", "--html", tmp_path / "report.html")
    found = json.loads(ended.stdout)
    assert ended.exit_code == 0
    assert (found["repeated"], found["decided_again"]) == (0, told["decisions"])
    assert 0 < found["boundaries"]["overcrowding"] <= found["changed"] < told["decisions"]
    assert found["reached"]["all"]["mean_after"] <= found["reached"]["all"]["mean_before"]
    assert (tmp_path / "report.html").read_text(encoding="utf-8").count("<svg ") >= 4


def test_without_a_guardrail_that_acted_something_else_is_shown(year):
    folder, told = year
    found = json.loads(replayed(folder, "without-breaking_bonds").stdout)
    assert (found["repeated"], found["decided_again"]) == (0, told["decisions"])
    assert 0 < found["changed"] < told["decisions"]


def test_evidence_that_was_altered_is_not_taken_for_the_past(year, tmp_path):
    folder, told = year
    copy = shutil.copytree(folder, tmp_path / "copy")
    with closing(sqlite3.connect(copy / "edge.db")) as file, file:
        ((number, sealed),) = file.execute("SELECT at_us, sealed FROM evidence ORDER BY at_us, id LIMIT 1")
        altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
        assert file.execute("UPDATE evidence SET sealed = ? WHERE sealed = ?", (altered, sealed)).rowcount == 1
    found = json.loads(replayed(copy, "grocer").stdout)
    assert number > 0
    assert (found["damaged"], found["repeated"], found["different"]) == (1, told["decisions"] - 1, 0)


def test_a_log_that_was_altered_differs_from_what_is_decided_again(year, tmp_path):
    folder, told = year
    copy = shutil.copytree(folder, tmp_path / "copy")
    with closing(sqlite3.connect(copy / "edge.db")) as file, file:
        rows = file.execute("SELECT id, body FROM decision ORDER BY at_us, id").fetchall()
        id_, record = next((id_, one) for id_, body in rows if (one := LoggedDecision.unpack(body)).picks)
        other = attrs.evolve(record, picks=(attrs.evolve(record.picks[0], offer="hours"), *record.picks[1:]))
        assert other != record
        file.execute("UPDATE decision SET body = ? WHERE id = ?", (other.pack(), id_))
    ended = replayed(copy, "grocer")
    assert ended.exit_code == 1, ended.output
    found = json.loads(ended.stdout)
    assert (found["repeated"], found["different"]) == (told["decisions"], 1)
    assert found["differing"] == [{"id": id_, "differs": ["picks"]}]


def test_the_key_is_its_owners_alone_and_no_bundle_is_missing(year):
    folder, told = year
    assert stat.S_IMODE((folder / "evidence.key").stat().st_mode) == 0o600
    assert {path.stem for path in folder.glob("*.bundle")} == set(told["bundles"])


def test_a_second_year_is_not_written_over_the_first(year):
    folder, _ = year
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    ended = run("demo", "--year", "--households", FEW, "--out", folder.parent)
    assert ended.exit_code == 2
    assert "already" in ended.output
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_report_of_the_demo_is_not_opened_after_a_year(tmp_path):
    ended = run("demo", "--year", "--open", "--out", tmp_path)
    assert ended.exit_code == 2
    assert not (tmp_path / "year").exists()


def test_households_come_once_in_a_week_in_which_they_shopped(journey):
    numbers = [1, 40, 1000]
    days = by_day(journey, numbers, DAYS)
    letters = [day for day, visits in days.items() if any(visit.channel == "email" for visit in visits)]
    assert [date_of(day) for day in sorted(letters)][:3] == ["2017-01-02", "2017-02-06", "2017-03-06"]
    assert len(letters) == 12
    here = [visit for visits in days.values() for visit in visits if visit.channel != "email"]
    weeks = {(visit.number, visit.day // 7) for visit in here}
    shopped = journey.lines[journey.lines["household"].isin(numbers)]
    assert len(here) == len(weeks)
    assert weeks == set(zip(shopped["household"], shopped["day"] // 7, strict=True))
    bought = set(zip(shopped["household"], shopped["day"], strict=True))
    assert all((visit.number, visit.day) in bought for visit in here)
