"""A device that keeps itself up to date: what it fetches, refuses and reports; and what a relay makes of reports."""

import re
import time

import attrs
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.kiosk.conftest import SHOP, shown

import tactful
from tactful import BundleError, CentreError, StoreError, UsageError, wall_clock
from tactful.bundle import make_keys
from tactful.clock import SECOND_US
from tactful.fleet.fleet_file import FleetFile
from tactful.fleet.releases import advance, releases_of, resume, roll_out, stop
from tactful.fleet.report import REPORT_MAX_BYTES, Report, packed, unpacked
from tactful.fleet.reports import last_reports
from tactful.fleet.rollout import State, Terms
from tactful.fleet.upkeep import Done
from tactful.relay.devices import Device, put_in_ring

AT_ONCE = Terms(soak_s=0)
NEWER = SHOP.replace("title: Olives", "title: Green olives")


def out(served, raw, **more):
    return roll_out(served.file, raw, now_us=wall_clock(), terms=AT_ONCE, **more)


def newest(served):
    return releases_of(served.file)[0]


def test_a_device_fetches_its_bundle_keeps_it_and_says_so(served, kiosk, bundle_of):
    one = kiosk()
    served_bundle = bundle_of(2, NEWER)
    assert one.upkeep.step() == Done()
    out(served, served_bundle, everywhere=True)
    assert one.upkeep.step() == Done(bundle=True)
    assert shown(one.edge, "nobody") == "Green olives"
    assert one.upkeep.step() == Done()  # nothing goes over while it is the same
    assert last_reports(served.file)[0].report.policy_epoch == 2
    one.edge.close()
    one.store.close()
    assert kiosk().edge.status()["epoch"] == 2  # also after a start


def test_a_bundle_goes_out_in_rings(served, kiosk, bundle_of):
    canary, early, rest = (kiosk(name) for name in ("k1", "k2", "k3"))
    put_in_ring(served.devices, "k1", "canary")
    put_in_ring(served.devices, "k2", "early")
    out(served, bundle_of(2))
    for one in (rest, early, canary):
        one.upkeep.step()
    assert [one.edge.status()["epoch"] for one in (canary, early, rest)] == [2, 1, 1]
    canary.upkeep.step()  # tells that it runs
    for one in (rest, early):
        one.upkeep.step()
    assert [one.edge.status()["epoch"] for one in (canary, early, rest)] == [2, 2, 1]
    early.upkeep.step()
    rest.upkeep.step()
    rest.upkeep.step()
    assert (newest(served).state, rest.edge.status()["epoch"]) == (State.DONE, 2)


def test_a_bundle_that_is_refused_stops_its_ring(served, kiosk, bundle_of):
    canary, rest = kiosk("k1"), kiosk("k2")
    put_in_ring(served.devices, "k1", "canary")
    out(served, bundle_of(2, private_key=make_keys()[0]))  # signed by somebody else
    assert canary.upkeep.step().refused == ("bundle-unpinned",)
    canary.upkeep.step()
    release = newest(served)
    assert (release.state, release.ring) == (State.STOPPED, "canary")
    assert release.reason == "in ring canary, 1 of 1 devices report errors: bundle-unpinned 1"
    rest.upkeep.step()
    assert [one.edge.status()["epoch"] for one in (canary, rest)] == [1, 1]
    out(served, bundle_of(3))  # the next one heals it
    canary.upkeep.step()
    assert canary.upkeep.step() == Done()
    assert canary.upkeep.report().refused_code == ""


def test_failed_decisions_under_the_new_policy_stop_its_ring(served, kiosk, bundle_of, monkeypatch):
    canary = kiosk("k1")
    put_in_ring(served.devices, "k1", "canary")
    fail(canary.edge, monkeypatch)  # under the old one: that is none of the new one's
    out(served, bundle_of(2))
    canary.upkeep.step()
    fail(canary.edge, monkeypatch)
    canary.upkeep.step()
    assert "decisions-failed 1" in newest(served).reason


def fail(edge, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(tactful.Edge, "_decide", lambda *_, **__: 1 / 0)
        edge.decide("screen")


def test_a_stopped_release_goes_on_when_it_is_told_to(served, kiosk, bundle_of):
    one = kiosk("k1")
    out(served, bundle_of(2))
    assert stop(served.file).reason == "stopped by hand"
    put_in_ring(served.devices, "k1", "canary")
    assert one.upkeep.step() == Done()
    resume(served.file, wall_clock())
    assert one.upkeep.step() == Done(bundle=True)
    assert advance(served.file, wall_clock()).ring == "early"


def test_what_cannot_be_rolled_out_is_told(served, bundle_of):
    for call in (lambda: advance(served.file, 0), lambda: stop(served.file), lambda: resume(served.file, 0)):
        with pytest.raises(UsageError, match="nothing was rolled out"):
            call()
    out(served, bundle_of(5))
    with pytest.raises(UsageError, match="epoch 5 was rolled out already"):
        out(served, bundle_of(5))
    with pytest.raises(UsageError, match="for tenant 'other'"):
        out(served, bundle_of(6, tenant="other"))
    with pytest.raises(BundleError):
        out(served, b"no bundle")
    assert len(releases_of(served.file)) == 1
    out(served, bundle_of(6))
    assert [one.state for one in releases_of(served.file)] == [State.GOING, State.REPLACED]
    stop(served.file)
    for call in (lambda: advance(served.file, 0), lambda: stop(served.file)):
        with pytest.raises(UsageError, match="is stopped"):
            call()


def test_releases_are_bounded_and_the_newest_that_was_done_stays(served, bundle_of, kiosk, monkeypatch):
    monkeypatch.setattr("tactful.fleet.releases._KEPT_MAX", 3)
    one, small = kiosk(), bundle_of(2)
    out(served, small, everywhere=True)
    one.upkeep.step()
    one.upkeep.step()
    assert newest(served).state is State.DONE
    for epoch in range(3, 8):
        out(served, bundle_of(epoch))
    kept = releases_of(served.file)
    assert [one.epoch for one in kept] == [7, 6, 5, 2]


def test_a_device_fetches_its_own_pack(served, kiosk, make):
    one, other = kiosk("k1"), kiosk("k2")
    (served.packs / "k1.pack").write_bytes(make("newer.pack", device="k1", epoch=2).read_bytes())
    assert one.upkeep.step() == Done(pack=True)
    assert (one.edge.status()["pack"]["epoch"], one.upkeep.step()) == (2, Done())
    assert other.upkeep.step() == Done()
    with pytest.raises(CentreError):
        other.relay.pack()
    one.edge.close()
    one.store.close()
    assert kiosk("k1").edge.status()["pack"]["epoch"] == 2  # it lies where the next start looks


def test_a_pack_that_is_refused_is_told_and_the_last_good_one_stays(served, kiosk, make):
    one = kiosk("k1")
    before = one.pack.read_bytes()
    (served.packs / "k1.pack").write_bytes(make("foreign.pack", device="k2", epoch=2).read_bytes())
    assert one.upkeep.step().refused == ("pack-foreign",)
    assert one.upkeep.report().pack_code == "pack-foreign"
    assert (one.pack.read_bytes(), shown(one.edge)) == (before, "Ada, your olives")
    assert [path.name for path in one.pack.parent.iterdir() if "came" in path.name] == []


def test_a_report_tells_how_a_device_stands_and_of_nobody(served, kiosk):
    one = kiosk("k1")
    one.edge.warm("ada")
    one.edge.record(one.edge.decide("screen", "ada"))
    told = one.upkeep.report()
    assert (told.device, told.policy_epoch, told.data_epoch, told.ready) == ("k1", 1, 1, True)
    assert 6 * 86_400 < told.fresh_left_s <= 7 * 86_400
    raw = packed(told)
    assert len(raw) < 600
    for secret in (b"ada", b"Ada", b"olives", b"card"):
        assert secret not in raw


def test_the_clock_of_a_device_is_told_against_the_relays(served, client):
    served.let_in("k1")
    relay = client("k1")
    relay.report(Report("k1", "0.1.0", wall_clock() + 7200 * SECOND_US))
    assert round(last_reports(served.file)[0].offset_us / SECOND_US, -1) == 7200


def test_a_device_reports_for_itself_alone(served, client):
    served.let_in("k1")
    with pytest.raises(CentreError) as refused:
        client("k1").report(Report("k2", "0.1.0", 0))
    assert refused.value.status == 400
    assert last_reports(served.file) == []


NAMES = [field.name for field in attrs.fields(Report)]


@pytest.mark.parametrize(
    "change",
    [
        {"device": ""},
        {"device": "x" * 101},
        {"device": "a\nb"},
        {"sdk": "Ada Lovelace"},
        {"refused_code": "ada@example.org"},
        {"refused_code": "x" * 41},
        {"pack_code": "card 4711"},
        {"refused_sha256": "ada"},
        {"waiting": -1},
        {"waiting": 2**60},
        {"clock_us": -(2**60)},
    ],
)
def test_a_report_has_room_for_nothing_personal(change):
    good = Report("k1", "0.1.0", 0)
    with pytest.raises(BundleError) as refused:
        attrs.evolve(good, **change)
    assert str(refused.value).partition(":")[0] in NAMES


@given(some.binary(max_size=200) | some.binary(min_size=REPORT_MAX_BYTES + 1, max_size=REPORT_MAX_BYTES + 9))
def test_what_is_no_report_is_refused(raw):
    with pytest.raises(BundleError):
        unpacked(Report, raw)


def test_a_relay_names_the_field_and_never_the_value(served, client):
    served.let_in("k1")
    relay = client("k1")
    good = packed(Report("k1", "0.1.0", 0, refused_code="bundle"))
    for raw, status, field in (
        (good.replace(b"bundle", b"b@ndle"), 400, "refused_code"),
        (b"canary", 400, "body"),
        (b"x" * 9999, 413, "body"),
    ):
        answer = by_hand(served, raw)
        assert answer.status_code == status
        assert answer.json()["field"] == field
        assert not re.search("b@ndle|canary|xx", answer.text)
    assert relay.report(unpacked(Report, good)).kill is False


def by_hand(served, raw):
    token = (served.where / "k1.token").read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"Bearer {token}", "Tactful-Nonce": "0" * 32}
    with httpx2.Client(base_url=f"http://127.0.0.1:{served.port}") as asking:
        return asking.post("/v1/report", content=raw, headers=headers)


def test_a_name_leads_out_of_no_folder(served):
    (served.where / "secret.pack").write_bytes(b"x")
    for name in ("../secret", "/etc/secret", ".secret", "a/b"):
        assert served.fleet._pack_digest(Device(name)) == ""
    (served.packs / "k1.pack").write_bytes(b"x")
    assert served.fleet._pack_digest(Device("k1")) != ""


def test_a_thread_keeps_a_device_up_to_date(served, kiosk, bundle_of):
    one = kiosk("k1")
    out(served, bundle_of(2), everywhere=True)
    one.upkeep.start(every_s=0.05)
    with pytest.raises(UsageError, match="runs already"):
        one.upkeep.start()
    for _ in range(400):
        if (kept := last_reports(served.file)) and kept[0].report.policy_epoch == 2:
            break
        time.sleep(0.02)
    one.upkeep.close()
    assert last_reports(served.file)[0].report.policy_epoch == 2


def test_a_file_that_is_no_fleets_is_told(tmp_path):
    (tmp_path / "no.db").write_text("this is no database, and long enough to be seen as none", encoding="utf-8")
    for path in (tmp_path / "no.db", tmp_path / "nowhere" / "fleet.db"):
        with pytest.raises(StoreError, match=re.escape(str(path))):
            FleetFile(path)
    with pytest.raises(StoreError, match="there is no fleet yet"):
        FleetFile(tmp_path / "fleet.db", make=False)
    newer = FleetFile(tmp_path / "newer.db")
    newer._db.execute("pragma user_version = 99")
    newer.close()
    with pytest.raises(StoreError, match="newer tactful"):
        FleetFile(tmp_path / "newer.db")
