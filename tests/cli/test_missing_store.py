"""A command that looks makes nothing: a store that is not there is named, and so is a centre's folder."""

import base64

import pytest
import typer

from tactful.cli.app import app
from tactful_adapters.sqlite import SQLiteStore

AWAY = "sqlite:///away.db"
CHECKED = """\
name: shop
channels: {web: private}
placements: {page: {channel: web, slots: 1}}
topics: {food: {}}
purposes: {offers: {basis: consent, say: choose offers for you}}
profile:
  shop:
    size: {type: int, source: stated, owner: crm, purpose: offers}
    guess: {type: int, source: modelled, owner: crm, purpose: offers, checked_by: size}
offers:
  bread: {intent: sell, topic: food, purpose: offers, when: profile.size > 2, treatments: Bread}
"""
COMMANDS = {
    "status": ("status", "shop"),
    "decide": ("decide", "shop", "home.hero"),
    "explain": ("explain", "shop", "home.hero", "--who", "customer=ann"),
    "why-not": ("why-not", "shop", "olives"),
    "matrix": ("matrix", "shop"),
    "maturity": ("maturity", "shop"),
    "offence": ("offence", "shop"),
    "sources": ("sources", "checked"),
    "fairness": ("fairness", "shop", "--by", "guests:2"),
    "disclosures": ("disclosures", "ann"),
    "export": ("export", "shop", "ann"),
    "erase": ("erase", "ann", "--yes"),
    "replay": ("replay", "shop", "--evidence-key", "key", "--reason", "a look"),
    "case": ("case", "1f0c9a", "shop", "--evidence-key", "key", "--reason", "a look"),
    "mail": ("mail", "shop", "campaign.toml", "customers.csv", "--dry-run", "pages"),
}
#: They open no store before they have much else, or an edge runs in them.
OTHERS = {
    "pack": "tests/kiosk has it",
    "serve": "it is an edge, and makes its store",
}


def with_a_store():
    found = set()
    for name, command in typer.main.get_command(app).commands.items():
        if any("--store" in parameter.opts for parameter in command.params):
            found.add(name)
    return found


def test_every_command_with_a_store_is_here():
    assert with_a_store() == set(COMMANDS) | set(OTHERS)


def makes_nothing(run, tmp_path, command):
    (tmp_path / "key").write_bytes(base64.b64encode(b"k" * 32))
    (tmp_path / "checked").mkdir()
    (tmp_path / "checked" / "shop.yaml").write_text(CHECKED, encoding="utf-8")
    before = {path.name for path in tmp_path.iterdir()}
    ended = run(*COMMANDS[command], "--store", AWAY)
    assert {path.name for path in tmp_path.iterdir()} == before
    assert ended.code == 2
    assert "away.db" in ended.err
    assert "no such file" in ended.err


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_store_that_is_not_there_is_named_and_none_is_made(run, tmp_path, command):
    makes_nothing(run, tmp_path, command)


@pytest.mark.usefixtures("shop")
def test_the_test_notices_a_command_that_makes_one(run, tmp_path, monkeypatch):
    monkeypatch.setattr(SQLiteStore, "refuse_missing", lambda _: None)
    with pytest.raises(AssertionError):
        makes_nothing(run, tmp_path, "status")


@pytest.mark.usefixtures("shop")
def test_a_centre_s_folder_that_is_not_there_is_said_first_and_none_is_made(run, tmp_path):
    SQLiteStore("edge.db").close()
    ended = run("status", "shop", "--store", "sqlite:///edge.db", "--centre", f"file://{tmp_path}/no-centre")
    assert ended.code == 1
    assert "no-centre: there is no such folder" in " ".join(ended.out.split())
    assert not (tmp_path / "no-centre").exists()


@pytest.mark.usefixtures("shop")
def test_programs_hear_which_file_it_is(run):
    ended = run("status", "shop", "--store", AWAY, "--json")
    assert ended.code == 2
    assert '"code": "store-missing"' in ended.out + ended.err


@pytest.mark.parametrize("command", [("erase", "ann", "--yes"), ("fleet",)])
@pytest.mark.usefixtures("shop")
def test_a_command_that_asks_a_centre_s_folder_that_is_not_there_does_nothing(run, tmp_path, command):
    SQLiteStore("edge.db").close()
    store = ("--store", "sqlite:///edge.db") if command[0] == "erase" else ()
    ended = run(*command, *store, "--centre", f"file://{tmp_path}/no-centre")
    assert ended.code == 2
    assert "no-centre: there is no such folder" in ended.err
    assert not (tmp_path / "no-centre").exists()
