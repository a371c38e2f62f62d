"""`tactful pack` makes what an edge opens, tells what is in it and names nobody; what cannot be is refused."""

import json
from pathlib import Path

import pytest
from tests.kiosk.conftest import SHOP, shown, yes
from typer.testing import CliRunner

import tactful
from tactful import Consents, Observation, Pack, Snapshot, Source, wall_clock
from tactful.bundle import make_keys
from tactful.cli.app import app
from tactful.kiosk.device_key import make_device_key
from tactful.kiosk.pack_file import PackFile
from tactful_adapters.sqlite import SQLiteStore

SEGMENT = """
segments:
  berners: {when: profile.first_name == "Ada"}
"""


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A working folder with a policy, a centre's store, and keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KIOSK_KEY", make_device_key())
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "policy.yaml").write_text(SHOP + SEGMENT, encoding="utf-8")
    private, public = make_keys()
    (tmp_path / "pack.private").write_text(private, encoding="ascii")
    (tmp_path / "pack.public").write_text(public, encoding="ascii")
    now_us = wall_clock()
    store = SQLiteStore("centre.db")
    for name in ("ada", "bob"):
        seen = Observation(name.title(), Source.OBSERVED, now_us)
        store.put_profile(Snapshot(name, now_us, {"first_name": seen, "salary": seen}, 1))
        store.put_consents(name, Consents((yes(now_us),), now_us))
    store.close()
    return tmp_path


def run(*more, code=0):
    words = [
        "pack",
        "policy",
        "--store",
        "sqlite:///centre.db",
        "--place",
        "screen",
        "--for",
        "berne",
        "--device",
        "k1",
    ]
    words += ["--key", "pack.private", "--device-key", "env:KIOSK_KEY", *more]
    ended = CliRunner().invoke(app, words)
    assert ended.exit_code == code, ended.output
    return ended.output


def packed(there):
    public = (there / "pack.public").read_text(encoding="ascii")
    return PackFile(there / "store.pack", (public,))


def test_it_makes_what_an_edge_opens(there):
    told = run("--all")
    assert "store.pack: 2 customers" in told
    assert "of a customer it holds first_name, and consents" in told
    assert "ada" not in told.lower()
    public = (there / "pack.public").read_text(encoding="ascii")
    with tactful.open("policy", pack=Pack("store.pack", "env:KIOSK_KEY", key=public)) as edge:
        assert shown(edge) == "Ada, your olives"


def test_it_takes_a_list_and_tells_how_many_are_not_known(there):
    (there / "ids").write_text("bob\n\nnobody\n", encoding="utf-8")
    told = json.loads(run("--list", "ids", "--json", "--share", "2-3/10", "--epoch", "7"))
    assert (told["customers"], told["unknown"], told["epoch"]) == (1, 1, 7)
    pack = packed(there)
    assert (pack.head.share_first, pack.head.share_count, pack.head.share_of) == (2, 2, 10)
    pack.close()


@pytest.mark.usefixtures("there")
def test_one_is_one_and_several_are_several():
    Path("ids").write_text("bob\nnobody\n", encoding="utf-8")
    told = run("--list", "ids")
    assert "store.pack: 1 customer, " in told
    assert "1 id is not known to the store" in told


def test_it_takes_a_segment(there):
    assert json.loads(run("--segment", "berners", "--json"))["customers"] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "give one of --list, --segment and --all"),
        (["--all", "--segment", "berners"], "give one of --list, --segment and --all"),
        (["--segment", "berner"], "did you mean 'berners'?"),
        (["--all", "--place", "wall"], "there is no placement 'wall'; the policy has screen, letter"),
        (["--segment", "berners", "--place", "wall"], "there is no placement 'wall'"),
        (["--all", "--share", "3/3"], "write 0/10 for the first of ten parts"),
        (["--all", "--expires", "soon"], "is no duration"),
        (["--list", "nowhere"], "nowhere: No such file"),
        (["--all", "--device-key", "env:NO_SUCH"], "NO_SUCH is not set"),
        (["--all", "--device-key", "file:pack.private"], "lies beside the pack"),
    ],
)
@pytest.mark.usefixtures("there")
def test_what_cannot_be_is_refused(words, told):
    assert told in run(*words, code=2)
