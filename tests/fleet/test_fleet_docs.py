"""What docs/fleet.md says is so: its commands are run in their order, and its kiosk opens."""

import re
import shlex

import pytest
from tests.docs.conftest import PAGES, samples
from tests.fleet.conftest import DEVICE_KEY_TEXT
from tests.kiosk.conftest import DEVICE_KEY
from typer.testing import CliRunner

import tactful
from tactful import acknowledging
from tactful.cli.app import app
from tactful.clock import SKEW_US
from tactful.fleet import codes, enrolment, packs_folder, report, rollout
from tactful.fleet.codes import read_code
from tactful.fleet.releases import releases_of, stop
from tactful.fleet.reports import last_reports
from tactful.relay.devices import Device, all_devices, device_named
from tactful.relay.relaying import RelayOptions
from tactful.sync import acknowledge

PAGE = "docs/fleet.md"


@pytest.fixture
def run(served, monkeypatch, authors):
    """Run a sample's commands in the relay's folder."""
    monkeypatch.chdir(served.where)
    monkeypatch.setenv("K1_KEY", DEVICE_KEY_TEXT)
    (served.where / "shop.private").write_text(authors[0], encoding="ascii")

    def invoke(text, **changed):
        for line in text.replace("\\\n", " ").replace("localhost:8787", f"localhost:{served.port}").splitlines():
            words = [changed.get(word, word) for word in shlex.split(line)]
            assert words[0] == "tactful"
            ended = CliRunner().invoke(app, words[1:])
            assert ended.exit_code == 0, ended.output
        return ended.output

    return invoke


def test_the_page_from_its_beginning_to_its_end(served, run, make, bundle_of, authors, signer, closing):
    told = (one.text for one in samples(PAGE, "sh"))
    relaying, coding, enrolling, looking, erasing, listing, removing, rolling, resuming, back, killing = told
    where = served.where
    # The server that the page's relay needs is not here: it says so, and has understood the rest.
    (where / "relay.private").write_text(authors[0], encoding="ascii")
    told = CliRunner().invoke(app, shlex.split(relaying.replace("edge@db:5432", "edge@127.0.0.1:1"))[1:])
    assert (told.exit_code, "127.0.0.1" in told.output) == (2, True)
    code = read_code(run(coding).splitlines()[0])
    run(enrolling, CODE=code)
    assert device_named(served.devices, "kiosk-1") == Device("kiosk-1", ring="canary", store="berne")
    (where / "data").mkdir()
    (where / "data" / "shop.bundle").write_bytes(bundle_of(1))
    (where / "data" / "store.pack").write_bytes(make("k.pack", device="kiosk-1", device_key=DEVICE_KEY).read_bytes())
    # The key lies beside nothing: the page's kiosk has its data in a folder of its own.
    (opening,) = (one.text for one in samples(PAGE, "python"))
    names = {"KEY": authors[1], "PACK_KEY": signer[1]}
    exec(opening.replace("localhost:8787", f"localhost:{served.port}").replace("every_s=60", "every_s=3600"), names)  # noqa: S102 - the page's own sample
    for one in (names["relay"], names["kiosk"], names["upkeep"]):
        closing.callback(one.close)
    names["upkeep"].step()
    assert last_reports(served.file)[0].report.policy_epoch == 1
    run(looking)
    for name, epoch in (("shop-41.bundle", 41), ("shop.bundle", 42)):
        (where / name).write_bytes(bundle_of(epoch))
    run(rolling)
    assert names["upkeep"].step().bundle
    stop(served.file)
    run(resuming)
    assert releases_of(served.file)[0].reason == ""
    run(back)
    assert names["upkeep"].step().bundle
    assert names["kiosk"].status()["epoch"] > 42
    run(killing)
    assert names["upkeep"].step().killed
    assert (all_devices(served.devices)[0].killed, (where / "device.key").exists()) == (True, False)
    assert isinstance(names["kiosk"], tactful.Edge)
    # The server that it erases in is not here either; the receipt is as of one.
    (where / "receipt.json").write_text('{"at_us": 1, "epochs": {"consents": 1, "profiles": 1}}', encoding="ascii")
    assert "1 device: 1 acknowledged" in run(erasing.splitlines()[1])
    for line in (erasing.splitlines()[2], *listing.splitlines(), removing):
        told = CliRunner().invoke(app, shlex.split(line.replace("edge@db:5432", "edge@127.0.0.1:1"))[1:])
        assert (told.exit_code, "127.0.0.1" in told.output) == (2, True)


def test_the_numbers_on_the_page_are_those_of_the_code():
    text = " ".join(PAGES[PAGE].read_text(encoding="utf-8").split())
    for said, holds in (
        ("80 random bits", codes._LENGTH * 5 == 80),
        ("may try twice a second", RelayOptions().enrol_per_s == 2),
        ("five wrong stores", enrolment.WRONG_STORES_MAX == 5),
        ("4 KiB at most", report.REPORT_MAX_BYTES == 4096),
        ("nine of ten devices", rollout.Terms().enough == 0.9),
        ("an hour is over", rollout.Terms().soak_s == 3600),
        ("2 % are none", rollout.Terms().tolerated == 0.02),
        ("not reported for a day", rollout.QUIET_US == 86_400_000_000),
        ("at most every 5 s", acknowledge.EVERY_S == 5),
        ("once a minute if it is not", acknowledge.IDLE_S == 60),
        ("is listed for 90 days", acknowledging.KEPT_S == 90 * 86_400),
        ("without a name for one", acknowledging.KEPT_IN_MEMORY_S == 86_400),
        ("10,000 edges at most", acknowledging.EDGES_MAX == 10_000),
        ("by more than 5 minutes", SKEW_US == 300_000_000),
        ("more than 16 MiB", packs_folder.PACK_MAX_BYTES == 16 * 2**20),
    ):
        assert (re.search(re.escape(said), text) is not None, holds) == (True, True), said
