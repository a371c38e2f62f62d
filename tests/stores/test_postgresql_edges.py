"""Edges that follow a store in PostgreSQL themselves: a receipt lists them, and later they have it or not."""

import json

import pytest
from typer.testing import CliRunner

import tactful
from tactful import Consent, Consents, ConsentState, How, SyncOptions, wall_clock
from tactful.acknowledging import KEPT_S, edges_in
from tactful.cli.app import app
from tactful.testing.centre_edges import EdgesLaws
from tactful_adapters import postgresql_edges
from tactful_adapters.postgresql import PostgreSQLStore
from tactful_adapters.postgresql_centre import PostgreSQLCentre
from tactful_adapters.sqlite import SQLiteStore

from .shop import POLICY

NOTHING = {"consents": 0, "profiles": 0}


@pytest.fixture
def url(postgresql, tmp_path):
    return postgresql.url(tmp_path)


@pytest.fixture
def centre(url):
    with PostgreSQLCentre.from_url(url) as one:
        yield one


@pytest.fixture
def edge_of(tmp_path):
    """Open an edge by the URL of its centre, with a file of its own; it follows by hand."""
    opened = []

    def open_(url, name):
        store = SQLiteStore(tmp_path / f"{name}.db")
        options = SyncOptions(threads=False, edge=name)
        opened.append((tactful.open(POLICY, store=store, centre=url, sync=options), store))
        return opened[-1][0]

    yield open_
    for edge, store in opened:
        edge.close()
        store.close()


def run(*words):
    ended = CliRunner(env={"COLUMNS": "80"}).invoke(app, [str(word) for word in words])
    return ended.exit_code, ended.output


def give(centre, *customers):
    now_us = wall_clock()
    for who in customers:
        centre.put_consents(who, Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, now_us),), now_us))


def test_a_receipt_lists_the_edges_and_they_are_followed_up(url, centre, edge_of, tmp_path):
    give(centre, "ann", "bob")
    one, other = edge_of(url, "till-1"), edge_of(url, "till-2")
    for edge in (one, other):
        assert edge.sync().errors == {}
    code, told = run("erase", "ann", "--store", url, "--yes", "--json")
    receipt = json.loads(told)
    assert (code, receipt["edges"]) == (0, {"till-1": "pending", "till-2": "pending"})
    assert any("2 of 2 edges that follow it themselves" in words and "till-1" in words for words in receipt["pending"])
    assert "ann" not in told
    at = tmp_path / "receipt.json"
    at.write_text(told, encoding="utf-8")
    words = ("fleet", tmp_path / "no.db", "--centre", url, "--receipt", at, "--json")
    one.sync()
    code, told = run(*words)
    rows = {row["device"]: row["standing"] for row in json.loads(told)["devices"]}
    assert (code, rows) == (1, {"till-1": "acknowledged", "till-2": "pending"})
    other.sync()
    assert run(*words)[0] == 0
    assert json.loads(run("erase", "ann", "--store", url, "--yes", "--json")[1])["edges"]["till-1"] == "pending"


def test_an_edge_that_has_not_taken_it_in_is_never_said_to_have(url, centre, edge_of, monkeypatch):
    """The control: an edge that says how far the centre is, and not itself, would be caught."""
    give(centre, "ann")
    edge = edge_of(url, "till")
    edge.sync()
    centre.erase("ann")
    epochs = centre.line_epochs()
    steps = {**edge._following._steps, "consents": lambda: 0}  # profiles come in, consents do not
    monkeypatch.setattr(edge._following, "_steps", steps)
    edge.sync()
    assert centre.acknowledged()["till", "profiles"].epoch == epochs["profiles"]
    assert centre.acknowledged()["till", "consents"].epoch < epochs["consents"]
    monkeypatch.setattr(
        edge._following._acknowledge, "tell", lambda reached, **_: centre.acknowledge("till", epochs, 9)
    )
    edge.sync()
    assert centre.acknowledged()["till", "consents"].epoch == epochs["consents"]


def test_the_edges_are_listed_with_how_far_they_are(url, centre, edge_of, tmp_path):
    give(centre, "ann", "bob")
    edge_of(url, "till-1").sync()
    give(centre, "eve")
    code, told = run("fleet", tmp_path / "no.db", "--centre", url, "--json")
    (row,) = json.loads(told)["edges"]
    assert (code, row["edge"], row["consents"], row["behind"], row["trouble"]) == (0, "till-1", 2, 1, "")
    code, told = run("fleet", tmp_path / "no.db", "--centre", url)
    assert (code, "1 edge that follows the centre, 0 silent" in told, "till-1" in told) == (0, True, True)
    assert run("fleet", tmp_path / "no.db")[0] == 2


def test_an_account_that_may_only_read_is_followed_and_says_so(postgresql, url, centre, edge_of, caplog):
    give(centre, "ann")
    schema = centre._pool.address.schema
    postgresql.run(
        "CREATE ROLE looker LOGIN",
        f"GRANT USAGE ON SCHEMA {schema} TO looker",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO looker",
    )
    try:
        edge = edge_of(url.replace("postgres:@", "looker@"), "till")
        for _ in range(3):
            assert edge.sync().errors == {}
        state = edge.status()["centre"]
        assert (state["ready"], state["consents"]["epoch"], state["profiles"]["last_error"]) == (True, 1, "")
        told = state["acknowledging"]
        assert (told["kept"], told["last_error"], sum(told["errors"].values())) == (True, "store", 1)
        assert "the role may not do this" in told["says"]
        assert (centre.acknowledged(), caplog.text) == ({}, "")
        postgresql.run(f"GRANT INSERT, UPDATE, DELETE ON {schema}.edge TO looker")
        edge._following._acknowledge._left_alone_s = 0.0
        edge.sync()
        assert edges_in(centre.acknowledged()) == ("till",)
    finally:
        postgresql.run("DROP OWNED BY looker", "DROP ROLE looker")


def test_edges_are_bounded_and_those_whose_time_is_over_go(postgresql, tmp_path, centre, monkeypatch):
    monkeypatch.setattr(postgresql_edges, "EDGES_MAX", 3)
    centre.acknowledge("gone", NOTHING, 0)
    for name in ("a", "b", "a", "c", "d"):
        centre.acknowledge(name, NOTHING, KEPT_S)
    assert edges_in(centre.acknowledged()) == ("a", "c", "d")
    assert postgresql.inside(tmp_path, "SELECT count(*) FROM edge") == [(3,)]


MUTANTS = {
    "believes who is ahead": ("THEN %(consents)s ELSE 0", "THEN %(consents)s ELSE %(consents)s"),
    "takes one line for the other": ("THEN %(profiles)s ELSE 0", "THEN %(consents)s ELSE 0"),
    "keeps the highest": ("consents = excluded.consents", "consents = greatest(edge.consents, excluded.consents)"),
    "hears nobody anew": (", until_us = excluded.until_us", ""),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_law_is_seen_to_be_broken(postgresql, tmp_path, monkeypatch, name):
    old, new = MUTANTS[name]
    assert postgresql_edges._KEEP.count(old) == 1
    monkeypatch.setattr(postgresql_edges, "_KEEP", postgresql_edges._KEEP.replace(old, new))
    kit = EdgesLaws()
    kit.keeps_edges = True
    kit.make_centre = lambda where: PostgreSQLCentre(postgresql.url(where))
    broken = []
    for law in (one for one in dir(EdgesLaws) if one.startswith("test_")):
        (tmp_path / law).mkdir()
        try:
            getattr(kit, law)(tmp_path / law)
        except AssertionError:
            broken.append(law)
    assert broken


def test_an_edge_alone_is_listed_in_the_receipt_of_the_library(url, centre, edge_of):
    give(centre, "ann")
    edge_of(url, "till").sync()
    store = PostgreSQLStore(url)
    with store, tactful.open(POLICY, store=store) as at_the_centre:
        receipt = at_the_centre.rights.erase("ann")
    assert dict(receipt.edges) == {"till": "pending"}
    assert any("1 of 1 edges" in words for words in receipt.pending)


def test_an_edge_out_of_service_is_taken_off_and_no_receipt_waits_for_it(url, centre, edge_of, tmp_path):
    give(centre, "ann")
    kept, gone = edge_of(url, "till-1"), edge_of(url, "till-2")
    for edge in (kept, gone):
        edge.sync()
    at = tmp_path / "receipt.json"
    at.write_text(run("erase", "ann", "--store", url, "--yes", "--json")[1], encoding="utf-8")
    kept.sync()
    words = ("fleet", tmp_path / "no.db", "--centre", url)
    assert run(*words, "--receipt", at)[0] == 1
    code, told = run(*words, "--remove", "till-2", "--json")
    assert (code, json.loads(told)) == (0, {"edge": "till-2", "removed": True})
    assert run(*words, "--receipt", at)[0] == 0
    assert edges_in(centre.acknowledged()) == ("till-1",)
    gone.sync()  # it was not out of service after all: nobody takes it for one that has the erasure unheard
    assert edges_in(centre.acknowledged()) == ("till-1", "till-2")


def test_only_an_edge_that_is_listed_is_taken_off(url, centre, tmp_path):
    centre.acknowledge("till-1", NOTHING, KEPT_S)
    code, told = run("fleet", "--centre", url, "--remove", "till-2")
    assert (code, "no edge 'till-2' is listed there" in " ".join(told.split())) == (2, True)
    code, told = run("fleet", tmp_path / "no.db", "--remove", "till-1")
    assert (code, "--remove goes with --centre" in " ".join(told.split())) == (2, True)
    assert edges_in(centre.acknowledged()) == ("till-1",)
