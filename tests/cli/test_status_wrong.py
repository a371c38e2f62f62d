"""What `tactful status` says first: which part is wrong, for how long, and what to do."""

import re
import sqlite3
import time
from contextlib import closing

import pytest

import tactful
from tactful import Contact
from tactful.cli.wrong import Wrong, duration
from tactful_adapters.sqlite import SQLiteStore

LONG_US = 3_600_000_000


@pytest.fixture(autouse=True)
def _(tmp_path):
    """The folder of a centre."""
    (tmp_path / "centre").mkdir()


@pytest.fixture
def followed(shop, tmp_path):
    """An edge's store that has followed a centre, and something in it that waits; the centre is away by now."""
    url, centre = f"sqlite:///{tmp_path}/edge.db", f"file://{tmp_path}/centre"
    with tactful.open(str(shop), store=url, centre=centre, sync=tactful.SyncOptions(threads=False)) as edge:
        edge.sync()
        edge.observe("ann", "purchase", topic="food")
    (tmp_path / "centre").rename(tmp_path / "kept")
    (tmp_path / "centre").write_text("no folder")
    return ("status", shop, "--store", url, "--centre", centre)


def test_a_centre_that_is_away_is_named_first_with_the_rest_of_the_state(run, followed):
    ended = run(*followed)
    said = " ".join(ended.out.split())
    assert said.startswith("- centre, for ")
    assert "Not a directory" in said
    assert "centre events waiting outcome 1" in said
    lines = ended.out.partition("what ")[0].splitlines()
    assert all(len(line) <= 80 or len(line.split()) == 1 for line in lines)  # a path is not cut
    wrong = run(*followed, "--json").json["wrong"]
    assert [one["part"] for one in wrong] == ["centre"]
    assert wrong[0]["for_s"] >= 0


def test_rows_that_say_none_are_counted_and_left_to_json(run, followed):
    said, all_of_it = run(*followed).out, run(*followed, "--json").json
    assert all_of_it["centre"]["events"]["last_contact_age_s"] is None
    assert "events last contact age" not in " ".join(said.split())
    assert all(line.split()[-1:] != ["none"] for line in said.splitlines())
    (count,) = re.findall(r"^(\d+) more are none; --json has all$", said, re.MULTILINE)
    assert int(count) > 20


def test_events_that_do_not_go_out_and_consents_that_grow_old_are_named(run, followed, monkeypatch):
    now_ns = time.clock_gettime_ns
    monkeypatch.setattr(time, "clock_gettime_ns", lambda clock: now_ns(clock) + LONG_US * 1000)
    ended = run(*followed, "--json")
    told = {one["part"]: one for one in ended.json["wrong"]}
    assert ended.code == 1
    assert "a guardrail" in told["consents"]["means"]
    assert told["consents"]["for_s"] >= 3600
    assert "fresh_for" in told["consents"]["means"]


def test_withdrawals_that_do_not_go_out_are_named_by_themselves(run, shop, tmp_path):
    url, centre = f"sqlite:///{tmp_path}/edge.db", f"file://{tmp_path}/centre"
    options = tactful.SyncOptions(threads=False)
    earlier = lambda: tactful.wall_clock() - LONG_US  # noqa: E731 - a clock
    with tactful.open(str(shop), store=url, centre=centre, sync=options, clock=earlier) as edge:
        edge.sync()
        edge.opt_out("bob")
    told = {one["part"]: one for one in run("status", shop, "--store", url, "--centre", centre, "--json").json["wrong"]}
    assert told["withdrawals"]["says"].startswith("1 wait, and are tried until the centre has them")
    assert "events" not in told  # it is said once
    assert told["withdrawals"]["for_s"] >= 3600


def test_partners_whom_nobody_tells_are_named_where_there_is_no_centre(run, shop, tmp_path):
    url = f"sqlite:///{tmp_path}/edge.db"
    with SQLiteStore(tmp_path / "edge.db") as store:
        at_us = tactful.wall_clock() - LONG_US
        owners = ("", "citybank", "citybank", "surety")
        store.record([Contact(f"{n}", "bob", "withdrawal", at_us, owner=owner) for n, owner in enumerate(owners)])
    told = run("status", shop, "--store", url, "--json").json
    assert {name: one["waiting"] for name, one in told["notices"].items()} == {"citybank": 2, "surety": 1}
    assert all(one["oldest_age_s"] >= 3600 for one in told["notices"].values())
    says = [one["says"] for one in told["wrong"] if one["part"] == "notices"]
    assert [one.partition(" wait")[0] for one in says] == ["2 for citybank", "1 for surety"]
    told = run("status", shop, "--store", url, "--centre", f"file://{tmp_path}/centre", "--json").json
    assert "notices" not in {one["part"] for one in told["wrong"]}  # they are the centre's to tell


def test_an_edge_that_has_nothing_wrong_says_so(run, shop):
    assert run("status", shop).out.startswith("nothing is wrong: decisions are as usual")
    assert run("status", shop, "--json").json["wrong"] == []


def test_a_url_that_cannot_be_meant_ends_with_2(run, shop):
    assert run("status", shop, "--centre", "postgresql://h/d?schema=pg_x").code == 2
    assert run("status", shop, "--centre", "foo://x").code == 2


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "0 s"), (119, "119 s"), (120, "2 min"), (7300, "2 h"), (172_800, "2 days")]
)
def test_durations_are_short(seconds, said):
    assert duration(seconds) == said
    assert str(Wrong("events", seconds, "they wait")) == f"events, for {said}: they wait"


def test_a_store_that_takes_nothing_is_named_and_ends_with_1(run, shop, tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/edge.db"
    SQLiteStore(tmp_path / "edge.db").close()
    assert run("status", shop, "--store", url, "--json").json["wrong"] == []

    def full(_):
        raise tactful.StoreError("edge.db: there is no room left; make room on the disk")

    monkeypatch.setattr(SQLiteStore, "probe", full)
    ended = run("status", shop, "--store", url)
    assert ended.code == 1
    assert " ".join(ended.out.split()).startswith("- store: edge.db: there is no room left; make room")


def first(run, *asked):
    """The first thing that is wrong, as people read it, and all of it as programs do."""
    ended = run(*asked)
    bullet = " ".join(ended.out.partition("\nwhat ")[0].split()).split(" - ")[0]
    wrong = run(*asked, "--json").json["wrong"]
    assert str(Wrong(**wrong[0])) == bullet.removeprefix("- ")
    return bullet, wrong


def is_told_of_refused(run, shop, tmp_path):
    url, centre = f"sqlite:///{tmp_path}/edge.db", f"file://{tmp_path}/centre"
    options = tactful.SyncOptions(threads=False)
    earlier = lambda: tactful.wall_clock() - LONG_US  # noqa: E731 - a clock
    with tactful.open(str(shop), store=url, centre=centre, sync=options) as edge:
        edge.sync()
    refusing = tactful.MemoryCentre(refuse=lambda _: "not-taken")
    with tactful.open(str(shop), store=url, centre=refusing, sync=options, clock=earlier) as edge:
        edge.opt_out("bob")
        edge.sync()
    bullet, wrong = first(run, "status", shop, "--store", url, "--centre", centre)
    assert bullet.startswith("- withdrawals, for 60 min: the centre does not take 1 (not-taken)")
    assert "see to it there" in bullet
    assert "Meanwhile they count here" in bullet
    assert [one["part"] for one in wrong] == ["withdrawals"]


def test_withdrawals_that_a_centre_refuses_are_said_with_their_code_by_a_process_that_never_sent_them(
    run, shop, tmp_path
):
    is_told_of_refused(run, shop, tmp_path)


def test_the_test_of_refused_notices_a_store_that_forgets_them(run, shop, tmp_path, monkeypatch):
    monkeypatch.setattr(SQLiteStore, "outbox_passed_counts", lambda _: {})
    with pytest.raises((AssertionError, IndexError)):
        is_told_of_refused(run, shop, tmp_path)


def test_days_without_a_network_are_said_with_what_that_means_and_what_to_do(run, followed, monkeypatch):
    now_ns = time.clock_gettime_ns
    monkeypatch.setattr(time, "clock_gettime_ns", lambda clock: now_ns(clock) + 3 * 24 * LONG_US * 1000)
    bullet, wrong = first(run, *followed)
    assert bullet.startswith("- centre, for 3 days: ")
    assert "Meanwhile decisions go on by what the store has" in bullet
    assert [one["part"] for one in wrong] == ["centre", "consents"]
    assert "nothing personal is shown" in wrong[1]["means"]


def test_a_clock_that_is_wrong_is_said_with_what_counts_by_it(run, followed, monkeypatch, tmp_path):
    (tmp_path / "centre").unlink()
    (tmp_path / "kept").rename(tmp_path / "centre")
    monkeypatch.setattr("tactful.cli.wrong.wall_clock", lambda: tactful.wall_clock() + 48 * LONG_US)
    bullet, _ = first(run, *followed)
    assert bullet.startswith("- clock: this machine's is 2 days ahead of the centre's; set it. Meanwhile hours, caps")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("DROP TABLE outbox", "there is no table outbox); put that back"),
        ("ALTER TABLE contact RENAME COLUMN body TO bodies", "the table contact has no column body); put that back"),
        ("DROP TRIGGER waiting_less", "the trigger waiting_less is gone or another one); put that back"),
        (
            "CREATE TRIGGER theirs BEFORE INSERT ON outbox BEGIN SELECT RAISE(IGNORE); END",
            "theirs is none of its triggers and indexes, and may swallow rows); put that back",
        ),
        (None, "it is no SQLite file; name another"),
    ],
)
def test_a_store_that_is_not_what_it_was_is_said_with_what_to_do(run, shop, tmp_path, harm, said):
    path = tmp_path / "edge.db"
    SQLiteStore(path).close()
    if harm is None:
        path.write_bytes(b"no database" * 999)
    else:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(harm)
    ended = run("status", shop, "--store", f"sqlite:///{path}")
    assert said in " ".join((ended.out + ended.err).split())
    assert ended.code in (1, 2)
