"""The commands of whoever looks after a fleet: a code, a kill, the overview, rollouts and rollbacks."""

import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import attrs
import pytest
from tests.relay.conftest import PRIVATE
from typer.testing import CliRunner

from tactful import CentreError
from tactful import bundle as bundles
from tactful.cli.app import app
from tactful.cli.fleets import _cells
from tactful.clock import DAY_US, SECOND_US
from tactful.fleet.acknowledged import reached_by
from tactful.fleet.client import FleetRelay
from tactful.fleet.fleet_file import FleetFile
from tactful.fleet.overview import Row, overview
from tactful.fleet.releases import releases_of
from tactful.fleet.report import Report
from tactful.fleet.reports import Kept, last_reports
from tactful.fleet.rollout import Release, State
from tactful.relay.address import Address
from tactful.relay.devices import Device, all_devices, device_named, kill_device


def test_a_relay_that_is_stopped_writes_down_what_it_heard_and_closes_the_fleet(served, tmp_path):
    """As a supervisor stops it: by a signal, after which nothing more of the command runs."""
    served.let_in("k1")
    key = tmp_path / "relay.private"
    key.write_text(PRIVATE, encoding="utf-8")
    (tmp_path / "centre").mkdir()
    fleet, port = tmp_path / "own.db", free_port()
    words = ["relay", f"file://{tmp_path / 'centre'}", "--key", key, "--devices", served.devices, "--tenant", "shop"]
    words += ["--fleet", fleet, "--listen", f"127.0.0.1:{port}"]
    child = subprocess.Popen(
        [sys.executable, "-c", "from tactful.cli import main; main()", *map(str, words)], stdout=subprocess.PIPE
    )
    try:
        child.stdout.readline()
        with closing(FleetRelay(Address.from_url(served.url("k1", port=port)))) as relay:
            assert asked(relay) == 0
            for line in ("consents", "profiles"):  # the second one within the time in which nothing is written
                relay.changes(line, 0, 1)
    finally:
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=20)
    assert not fleet.with_name("own.db-wal").exists()  # who closes the file last takes it away
    with closing(FleetFile(fleet)) as file:
        assert set(reached_by(file)) == {("k1", "consents"), ("k1", "profiles")}


def asked(relay):
    """Ask until the relay listens; return the epoch."""
    until = time.monotonic() + 20
    while True:
        try:
            return relay.changes("consents", 0, 1).epoch
        except CentreError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def run(served, monkeypatch):
    monkeypatch.chdir(served.where)

    def invoke(*words, columns=80):
        ended = CliRunner(env={"COLUMNS": str(columns)}).invoke(app, [str(word) for word in words])
        return ended.exit_code, ended.output

    return invoke


def test_a_code_is_made_and_used_by_commands(served, run):
    code, told = run("device", "k1", "--code", "--for", "berne", "--ring", "early", "--json")
    assert code == 0
    made = json.loads(told)
    code, told = run("enrol", served.url("k1"), "--for", "berne", "--code", made["code"], "--json")
    assert (code, json.loads(told)["ring"]) == (0, "early")
    assert device_named(served.devices, "k1") == Device("k1", ring="early", store="berne")
    code, told = run("enrol", served.url("k9"), "--for", "berne", "--code", made["code"])
    assert code == 2
    assert "used already" in told
    assert made["code"] not in told


def test_the_ring_of_a_device_is_changed_and_a_device_is_killed(served, run):
    served.let_in("k1")
    assert run("device", "k1", "--ring", "canary")[0] == 0
    assert run("device", "k1", "--kill")[0] == 0
    assert all_devices(served.devices) == (Device("k1", ring="canary", killed=True),)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("k1",), "--out"),
        (("k1", "--kill", "--remove"), "--out"),
        (("k1", "--code"), "--for names the store"),
        (("k1", "--out", "x", "--for", "berne"), "--for and --device-key go with --code"),
        (("k1", "--ring", "moon"), "no ring 'moon'"),
        (("k1", "--kill"), "no device has that name"),
        (("k1", "--code", "--for", "berne", "--expires", "99d"), "30 days"),
        (("k1", "--code", "--for", "berne", "--device-key", "env:NONE"), "NONE is not set"),
    ],
)
def test_what_cannot_be_meant_is_told(run, words, said):
    code, told = run("device", *words)
    assert code == 2
    assert said in " ".join(told.split())


def test_a_policy_goes_out_stops_and_goes_on_by_commands(served, run, bundle_of, kiosk):
    one = kiosk("k1")
    run("device", "k1", "--ring", "canary")
    (served.where / "shop.bundle").write_bytes(bundle_of(2))
    assert run("rollout") == (0, "nothing was rolled out yet\n")
    assert run("rollout", "shop.bundle", "--soak", "1s")[1] == "epoch 2: going in ring canary\n"
    assert run("rollout", "--stop") == (0, "epoch 2: stopped in ring canary: stopped by hand\n")
    assert run("rollout")[0] == 1
    assert run("fleet")[0] == 1
    assert one.upkeep.step().bundle is False
    assert run("rollout", "--resume")[0] == 0
    assert one.upkeep.step().bundle is True
    assert run("rollout", "--next") == (0, "epoch 2: going in ring early\n")
    code, told = run("rollout", "--json")
    assert (code, json.loads(told)[0]["state"]) == (0, "going")
    code, told = run("rollout", "shop.bundle")
    assert code == 2
    assert "epoch 2 was rolled out already" in told


def test_an_older_policy_goes_out_again_as_the_newest(served, run, bundle_of, authors, kiosk):
    older = bundle_of(1)
    (served.where / "old.bundle").write_bytes(older)
    (served.where / "new.bundle").write_bytes(bundle_of(2))
    (served.where / "shop.private").write_text(authors[0], encoding="ascii")
    one = kiosk("k1", bundle=older)
    run("rollout", "new.bundle", "--everywhere")
    one.upkeep.step()
    assert one.edge.status()["epoch"] == 2
    code, told = run(
        "rollback", "old.bundle", "--key", "shop.private", "--fleet", "fleet.db", "-o", "back.bundle", "--json"
    )
    made = json.loads(told)
    assert code == 0
    assert made["sha256"] == bundles.read_unsigned(older).header.sha256
    assert run("rollout", "back.bundle", "--everywhere")[0] == 0
    assert one.upkeep.step().bundle is True
    assert one.edge.status()["epoch"] == made["epoch"] > 2
    assert releases_of(served.file)[0].epoch == made["epoch"]


def test_what_somebody_else_signed_is_not_rolled_back_to(served, run, bundle_of):
    (served.where / "old.bundle").write_bytes(bundle_of(1))
    (served.where / "other.private").write_text(bundles.make_keys()[0], encoding="ascii")
    code, told = run("rollback", "old.bundle", "--key", "other.private", "-o", "back.bundle")
    assert code == 2
    assert "bundle-unpinned" in told
    assert not (served.where / "back.bundle").exists()


@pytest.mark.parametrize("columns", [200, 80])
def test_the_overview_is_readable_on_any_terminal(served, run, kiosk, columns):
    kiosk("k1").upkeep.step()
    served.let_in("k2")
    code, told = run("fleet", "fleet.db", columns=columns)
    assert code == 1  # one never reported
    assert told.startswith("2 devices, 1 well\n1 never-reported\n")
    assert told.index("k2") < told.index("k1")
    assert max(map(len, told.splitlines())) <= columns
    code, told = run("fleet", "--trouble", "--json")
    assert [one["device"] for one in json.loads(told)["devices"]] == ["k2"]


def test_no_fleet_yet_is_told(run):
    code, told = run("fleet", "none.db")
    assert code == 2
    assert "there is no fleet yet" in told


# What is wrong with a device

NOW_US = 20_000 * DAY_US
WELL = Report("k1", "0.1.0", NOW_US, policy_epoch=2, data_epoch=1, data_age_s=60, fresh_left_s=500_000)


def row(device=None, at_us=NOW_US, releases=(), tries=0, **change):
    kept = Kept(device or Device("k1"), at_us, attrs.evolve(WELL, **change))
    (found,) = overview([kept.device], [kept], releases, {"k1": tries}, NOW_US)
    return found


@pytest.mark.parametrize(
    ("given", "trouble"),
    [
        ({}, ""),
        ({"failed": 3}, "decisions-failed"),
        ({"broken": 1}, "guardrail-broken"),
        ({"refused_code": "bundle-older"}, "bundle-refused"),
        ({"pack_code": "pack-foreign"}, "pack-refused"),
        ({"ready": False}, "knows-nobody"),
        ({"at_us": NOW_US - 3601 * SECOND_US, "clock_us": NOW_US - 3601 * SECOND_US}, "silent"),
        ({"fresh_left_s": 86_399}, "expires-soon"),
        ({"clock_us": NOW_US + 301 * SECOND_US}, "clock-wrong"),
        ({"releases": [Release(3, "a" * 64, 0, state=State.DONE)]}, "older-policy"),
        ({"tries": 1}, "code-tried-again"),
        ({"device": Device("k1", killed=True)}, "kill-pending"),
        ({"device": Device("k1", killed=True), "killed": True}, "killed"),
        ({"device": Device("k1", enabled=False)}, "kept-out"),
        ({"failed": 1, "broken": 1, "ready": False}, "decisions-failed"),
    ],
)
def test_each_trouble_is_seen_and_the_worst_is_told(given, trouble):
    assert row(**given).trouble == trouble


def test_what_else_is_wrong_stands_behind_the_worst():
    found = row(tries=2, pack_code="pack-expired", ready=False, fresh_left_s=-1)
    assert (found.trouble, found.detail) == ("code-tried-again", "2 tries")
    assert found.also == ("pack-refused", "knows-nobody", "expires-soon")
    assert _cells(found)[1] == "code-tried-again 2 tries, pack-refused, knows-nobody, expires-soon"
    assert (row().also, _cells(row())[1]) == ((), "-")


def test_of_a_device_that_has_forgotten_nothing_is_fresh():
    killed = Device("k1", killed=True)
    assert (row(device=killed).fresh_left_s, row(device=killed).data_age_s) == (500_000, 60)  # until it has said so
    found = row(device=killed, killed=True, ready=False)
    assert (found.trouble, found.fresh_left_s, found.data_age_s, found.also) == ("killed", None, None, ())


@pytest.mark.parametrize(
    ("device", "tries", "trouble", "detail"),
    [
        (Device("k1"), 2, "code-tried-again", "2 tries"),
        (Device("k1"), 1, "code-tried-again", "1 try"),
        (Device("k1"), 0, "never-reported", ""),
        (Device("k1", killed=True), 1, "kill-pending", ""),
        (Device("k1", enabled=False), 1, "kept-out", ""),
    ],
)
def test_that_a_code_was_tried_again_is_seen_before_its_device_has_reported(device, tries, trouble, detail):
    (found,) = overview([device], [], [], {"k1": tries}, NOW_US)
    assert (found.trouble, found.detail) == (trouble, detail)


def test_ages_go_on_since_the_report():
    found = row(at_us=NOW_US - 100 * SECOND_US, clock_us=NOW_US - 95 * SECOND_US)
    assert (found.data_age_s, found.fresh_left_s, found.contact_age_s, found.clock_offset_s) == (160, 499_900, 100, 5)


def test_the_worst_come_first():
    devices = [Device("a"), Device("b"), Device("c", killed=True), Device("d")]
    reports = [Kept(one, NOW_US, attrs.evolve(WELL, device=one.id, broken=int(one.id == "d"))) for one in devices[::3]]
    found = overview(devices, reports, [], {}, NOW_US)
    assert [(one.device, one.trouble) for one in found] == [
        ("c", "kill-pending"),
        ("d", "guardrail-broken"),
        ("b", "never-reported"),
        ("a", ""),
    ]
    assert found[2] == Row("b", "", "all", "never-reported")


def test_a_kill_is_pending_until_the_device_has_said_that_it_is_done(served, run, kiosk):
    one = kiosk("k1")
    one.upkeep.step()
    kill_device(served.devices, "k1")
    assert "1 kill-pending" in run("fleet")[1]
    one.upkeep.step()
    code, told = run("fleet")
    assert code == 0
    assert "1 killed" in told
    assert len(last_reports(served.file)) == 2
