"""`tactful replay` and `case` on a store in a file: what they print, how they end, and what they refuse."""

import base64
import re

import pytest

import tactful
from tactful import Consent, Consents, ConsentState, How, Observation, Snapshot, Source
from tactful.clock import DAY_US
from tactful_adapters.sqlite import SQLiteStore

from ..cli.conftest import run, shop, start, starter  # noqa: F401 - fixtures

KEY = b"k" * 32
WHY = ("--reason", "complaint 7", "--reader", "eve")
STORE = "sqlite:///edge.db"


def learn(store, customer, now_us):
    values = {"first_name": customer.title(), "visits": 8, "bought_nappies": customer == "bob"}
    seen = {name: Observation(value, Source.STATED, now_us) for name, value in values.items()}
    yes = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, now_us)
    store.put_many([Snapshot(customer, now_us, seen)], {customer: Consents((yes,), now_us)})


@pytest.fixture
def kept(shop):  # noqa: F811 - the fixture
    """The shop's policy with evidence for 90 days, and the decisions of a fortnight in `edge.db`."""
    policy = shop / "policy.yaml"
    policy.write_text(policy.read_text().replace("zone: UTC}", "zone: UTC, evidence: 90d}"))
    (shop.parent / "evidence.key").write_bytes(base64.b64encode(KEY))
    now_us = tactful.wall_clock() - 20 * DAY_US
    decided = []
    with tactful.open(shop, store=STORE, log=True, evidence_key="evidence.key", clock=lambda: now_us) as edge:
        for day in range(14):
            now_us += DAY_US
            for customer in ("ann", "bob", "cem"):
                learn(edge._store, customer, now_us)
                edge.forget(customer)
                edge.warm(customer)
                decided.append(edge.decide("newsletter", customer))
                if day % 2:
                    edge.record(decided[-1])
    return shop, decided


def options(key="evidence.key", store=STORE):
    return ("--store", store, "--evidence-key", key, *WHY)


def stricter(shop):  # noqa: F811 - a folder
    policy = shop / "policy.yaml"
    policy.write_text(policy.read_text().replace("count: 3, within: 7d", "count: 1, within: 14d"))


def test_replay_by_the_policy_of_then_is_all_the_same(run, kept):  # noqa: F811 - the fixture
    ended = run("replay", kept[0], *options())
    assert (ended.code, ended.out) == (0, "- 42 decisions by this very policy, made again: all the same\n")
    plain = run("replay", kept[0], *options(), "--json").json
    assert (plain["repeated"], plain["different"], plain["decided_again"]) == (42, 0, 0)
    with SQLiteStore("edge.db") as store:
        assert [(one.reader, one.reason) for one in store.accesses(0, 2**62)] == [("eve", "complaint 7")] * 2


def test_replay_by_a_bundle_of_that_policy_is_all_the_same(run, kept):  # noqa: F811 - the fixture
    assert run("build", kept[0], "--out", "shop.bundle").code == 0
    assert run("replay", "shop.bundle", *options()).out.endswith("all the same\n")


def test_replay_by_another_policy_tells_what_changes(run, kept):  # noqa: F811 - the fixture
    stricter(kept[0])
    ended, plain = run("replay", kept[0], *options()), run("replay", kept[0], *options(), "--json").json
    assert ended.code == 0
    assert f"42 decisions by another policy, decided by this one: {plain['changed']} show something else" in ended.out
    assert 0 < plain["changed"] == plain["boundaries"]["overcrowding"]
    assert set(plain["channels"]) == {"email"}
    assert plain["segments"] == {}  # of three customers no segment tells
    assert plain["reached"]["email"]["mean_after"] < plain["reached"]["email"]["mean_before"]
    for times in plain["reached"].values():
        assert {sum(row[when] for row in times["times"]) for when in ("customers_before", "customers_after")} == {3}


def test_replay_ends_with_1_where_the_past_comes_out_differently(run, kept):  # noqa: F811 - the fixture
    with SQLiteStore("edge.db") as store:
        record = store.logged_decision(kept[1][0].id)
        store.forget_logged(record.at_us + 1)
        changed = tactful.LoggedDecision.unpack(record.pack().replace(b"olives", b"tulips"))
        store.log_decisions([changed])
    ended = run("replay", kept[0], *options())
    assert ended.code == 1
    assert f"- decision {record.id} differs in picks" in ended.out


def test_replay_takes_a_stretch_of_time(run, kept):  # noqa: F811 - the fixture
    since = tactful.wall_clock() - 10 * DAY_US
    day = f"{tactful.clock.to_datetime(since):%Y-%m-%d}"
    early, late = (
        run("replay", kept[0], *options(), name, day, "--json").json["repeated"] for name in ("--until", "--since")
    )
    assert early > 0
    assert late > 0
    assert early + late == 42


def test_the_report_is_one_page_with_its_charts(run, kept):  # noqa: F811 - the fixture
    stricter(kept[0])
    assert run("replay", kept[0], *options(), "--html", "report.html").code == 0
    page = (kept[0].parent / "report.html").read_text()
    assert page.count("<svg") == 4  # boundaries, channels, and how often on all and by email
    assert "chart-" not in page
    assert not re.search(r'(?:src|href)="(?!#)', page)


def test_case_tells_all_there_is(run, kept):  # noqa: F811 - the fixture
    decision = kept[1][0]
    ended = run("case", decision.id, kept[0], *options())
    assert ended.code == 0
    for heading in (
        "The decision",
        "What was shown",
        "Why, in the customer's words",
        "Limits that acted",
        "The policy's guardrails",
        "Approvals",
        "Consents, as they were known",
        "What was not shown",
        "Who looked at the evidence",
    ):
        assert f"## {heading}\n" in ended.out, heading
    assert "To be noticed first" not in ended.out
    assert "customer ann" in ended.out
    assert "Ann, your olives are half price" in ended.out
    for line in decision.why().splitlines():
        assert line in ended.out.replace("\\", "")
    assert "| eve | complaint 7 |" in ended.out
    assert run("case", decision.id, kept[0], *options(), "--html", "case.html").code == 0
    assert "Ann, your olives are half price" in (kept[0].parent / "case.html").read_text()
    sections = run("case", decision.id, kept[0], *options(), "--json").json["sections"]
    assert len(next(one["rows"] for one in sections if one["title"] == "What was shown")) == len(decision.picks)


def test_after_an_erasure_the_dossier_says_what_is_gone(run, kept):  # noqa: F811 - the fixture
    with SQLiteStore("edge.db") as store:
        assert store.erase("ann")["evidence"] == 14
    ended = run("case", kept[1][0].id, kept[0], *options())
    assert "**The customer was erased." in ended.out
    assert "a customer who was erased since" in ended.out
    assert "**olives**" in ended.out
    assert "## What was not shown" not in ended.out
    assert not re.search(r"\b[Aa]nn\b", ended.out)
    assert run("case", kept[1][1].id, kept[0], *options()).out.count("customer bob") == 1


def test_past_its_time_the_dossier_says_what_is_gone(run, kept):  # noqa: F811 - the fixture
    with SQLiteStore("edge.db") as store:
        store.forget_evidence(2**62)
    ended = run("case", kept[1][0].id, kept[0], *options())
    assert "**There is no evidence of this decision: none was kept, or its time is over." in ended.out


def test_by_another_policy_the_dossier_does_not_tell_why(run, kept):  # noqa: F811 - the fixture
    stricter(kept[0])
    ended = run("case", kept[1][0].id, kept[0], *options())
    assert "**The policy that was given is not the one of then" in ended.out
    assert "## Why" not in ended.out
    assert "## Consents, as they were known" in ended.out


REFUSED = {
    "no such decision": (("case", "nope"), {}, "no decision 'nope' is in the log"),
    "no key file": (("case", "nope"), {"key": "none.key"}, r"none\.key: No such file"),
    "another key": (("replay",), {"key": "other.key"}, "sealed with another key"),
    "no key at all": (("replay",), {"key": "shop/policy.yaml"}, "holds no key in base64"),
    "no such store": (("replay",), {"store": "nosuch:///edge.db"}, "no adapter is named 'nosuch'"),
    "no database": (("replay",), {"store": "sqlite:///shop/policy.yaml"}, "is no SQLite file"),
    "a store that is not there": (("replay",), {"store": "sqlite:///empty.db"}, "there is no such file"),
    "a truncated store": (("replay",), {"store": "sqlite:///short.db"}, "damaged|no SQLite file|disk fails"),
}


@pytest.mark.parametrize("refusal", REFUSED)
def test_what_cannot_be_used_is_refused_in_a_line(run, kept, refusal):  # noqa: F811 - the fixture
    folder = kept[0].parent
    (folder / "other.key").write_bytes(base64.b64encode(b"o" * 32))
    raw = (folder / "edge.db").read_bytes()
    (folder / "short.db").write_bytes(raw[: len(raw) // 2])
    words, changed, said = REFUSED[refusal]
    ended = run(*words, kept[0], *options(**changed))
    assert (ended.code, ended.out) == (2, "")
    assert re.search(said, ended.err)
    assert ended.err.count("\n") == 1
    assert "error" in run(*words, kept[0], *options(**changed), "--json").json


def test_a_damaged_row_of_the_log_is_refused_in_a_line(run, kept):  # noqa: F811 - the fixture
    with SQLiteStore("edge.db") as store, store._file.writing() as connection:
        connection.execute("UPDATE decision SET body = x'93' WHERE id = ?", (kept[1][3].id,))
    for words in (("replay",), ("case", kept[1][3].id)):
        ended = run(*words, kept[0], *options())
        assert (ended.code, ended.out) == (2, "")
        assert "a logged decision is damaged; restore a copy, or forget it [log-damaged]" in ended.err
    assert run("case", kept[1][4].id, kept[0], *options()).code == 0


def test_damaged_evidence_is_counted_and_told(run, kept):  # noqa: F811 - the fixture
    with SQLiteStore("edge.db") as store, store._file.writing() as connection:
        connection.execute("UPDATE evidence SET sealed = substr(sealed, 1, 40) WHERE id = ?", (kept[1][3].id,))
    ended = run("replay", kept[0], *options())
    assert (ended.code, "- 1 decision with evidence that cannot be read" in ended.out) == (0, True)
    ended = run("case", kept[1][3].id, kept[0], *options())
    assert (ended.code, "**The evidence of this decision was altered or is damaged" in ended.out) == (0, True)
    assert "## What was shown" in ended.out


@pytest.mark.parametrize("reason", ["", " "])
def test_nobody_reads_without_a_reason(run, kept, reason):  # noqa: F811 - the fixture
    ended = run("case", kept[1][0].id, kept[0], "--store", STORE, "--evidence-key", "evidence.key", "--reason", reason)
    assert (ended.code, "the reason must be said" in ended.err) == (2, True)
