"""`tactful status --pack`: what is wrong with a kiosk's pack, as a process would find it."""

import base64
import os

import pytest
from tests.kiosk.conftest import DEVICE_KEY, SHOP
from typer.testing import CliRunner

from tactful.cli.app import app
from tactful.clock import DAY_US, wall_clock


@pytest.fixture
def status(make, tmp_path, monkeypatch):
    """Runs the command on a pack that was made so many days ago, for seven days."""
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "policy.yaml").write_text(SHOP, encoding="utf-8")
    monkeypatch.setenv("KIOSK_KEY", base64.b64encode(DEVICE_KEY).decode())

    def run(days, *more, spoil=lambda path: None):
        path = make(issued_us=wall_clock() - days * DAY_US)
        spoil(path)
        words = ["status", tmp_path / "policy", "--pack", path, "--pack-key", make.public, *more]
        return CliRunner().invoke(app, [str(word) for word in words])

    return run


KEY = ("--device-key", "env:KIOSK_KEY")


def test_a_pack_that_is_well_is_told_with_the_rest(status):
    ended = status(1, *KEY, "--json")
    assert ended.exit_code == 0
    assert '"epoch": 1' in ended.output


def test_one_that_expired_is_named_with_what_to_do_and_ends_with_1(status):
    ended = status(8, *KEY)
    said = " ".join(ended.output.split())
    assert ended.exit_code == 1
    assert "pack: the pack expired at" in said
    assert "bring a newer one" in said
    assert "everybody is a stranger" in said


def test_one_that_was_cut_or_overwritten_is_refused(status):
    for spoil in (lambda path: os.truncate(path, 300), lambda path: path.write_bytes(bytes(path.stat().st_size))):
        ended = status(1, *KEY, spoil=spoil)
        assert ended.exit_code == 2
        assert "store.pack" in ended.output


def test_what_does_not_go_together_is_refused(status):
    assert status(1).exit_code == 2
    assert status(1, *KEY, "--centre", "file:///nowhere").exit_code == 2
