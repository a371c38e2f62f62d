"""Edges that follow a centre in NATS: an erasure there has a receipt that lists them, and later they have it or not."""

import json

import pytest
from tests.stores.shop import POLICY
from typer.testing import CliRunner

import tactful
from tactful import CentreError, Consents, SyncOptions
from tactful.acknowledging import KEPT_S, edges_in
from tactful.cli.app import app
from tactful.testing.centre_kit import followed, is_erased
from tactful.testing.store_kit import contact, yes
from tactful_adapters import nats_edges
from tactful_adapters.email.journal import Journal
from tactful_adapters.nats_centre import NATSCentre
from tactful_adapters.sqlite import SQLiteStore

NOTHING = {"consents": 0, "profiles": 0}


def run(*words):
    ended = CliRunner(env={"COLUMNS": "80"}).invoke(app, [str(word) for word in words])
    return ended.exit_code, ended.output


def test_a_receipt_lists_the_edges_and_they_are_followed_up(url, tmp_path):
    at = tmp_path / "receipt.json"
    words = ("fleet", tmp_path / "no.db", "--centre", url, "--receipt", at, "--json")
    options = SyncOptions(threads=False, edge="till")
    with (
        NATSCentre(url) as centre,
        SQLiteStore(tmp_path / "edge.db") as store,
        tactful.open(POLICY, store=store, centre=url, sync=options) as edge,
    ):
        for who in ("ann", "bob"):
            centre.put_consents(who, Consents((yes(1),), 1))
        assert edge.sync().errors == {}
        code, told = run("erase", "ann", "--centre", url, "--yes", "--json")
        receipt = json.loads(told)
        assert (code, receipt["edges"], set(receipt["epochs"])) == (0, {"till": "pending"}, {"consents", "profiles"})
        assert "ann" not in told
        assert is_erased(followed(centre)["ann"])
        at.write_text(told, encoding="utf-8")
        assert run(*words)[0] == 1
        edge.sync()
        code, told = run(*words)
        assert (code, json.loads(told)["counts"]["acknowledged"]) == (0, 1)
        assert store.consents("ann") is None
        (row,) = json.loads(run("fleet", tmp_path / "no.db", "--centre", url, "--json")[1])["edges"]
        assert (row["edge"], row["behind"]) == ("till", 0)
        assert run("fleet", tmp_path / "no.db", "--centre", url, "--remove", "till")[0] == 0
        assert edges_in(centre.acknowledged()) == ()


def test_without_yes_the_centre_forgets_nobody(url):
    with NATSCentre(url) as centre:
        centre.put_consents("ann", Consents((yes(1),), 1))
        code, told = run("erase", "ann", "--centre", url)
        assert (code, "nothing was erased; with --yes it is, at the centre too" in " ".join(told.split())) == (0, True)
        assert not is_erased(followed(centre)["ann"])
    assert run("erase", "ann", "--yes")[0] == 2
    assert run("erase", "ann", "--centre", "file:///nowhere/at/all", "--yes")[0] == 2


def test_without_a_store_a_journal_that_fails_is_to_be_asked_again(url, tmp_path, monkeypatch):
    with NATSCentre(url) as centre:
        centre.put_consents("ann", Consents((yes(1),), 1))
    path = tmp_path / "december.journal"
    Journal(path, "december").close()
    monkeypatch.setattr(Journal, "forget", lambda *_: 1 / 0)
    code, told = run("erase", "ann", "--centre", url, "--journal", path, "--yes")
    said = " ".join(told.split())
    assert (code, "campaign december could not be told: erase once more" in said) == (0, True)
    assert "the centre has forgotten the customer; what went there is not counted" in said


def test_the_stream_of_edges_is_none_that_the_centre_stands_on(url, as_admin):
    """Deleted, it is made anew by the next word; the lines and the events are as they were."""

    async def deletes(js):
        await js.delete_stream(name_of(url))

    with NATSCentre(url) as centre:
        centre.put_consents("ann", Consents((yes(1),), 1))
        centre.acknowledge("till", NOTHING, KEPT_S)
        as_admin(url, deletes)
        assert centre.acknowledged() == {}
        with NATSCentre(url) as other:
            assert len(other.changes("consents", 0, 9).changes) == 1
            other.acknowledge("till", NOTHING, KEPT_S)
        assert edges_in(centre.acknowledged()) == ("till",)


def name_of(url):
    return f"{url.rpartition('/')[2].partition('?')[0]}_edges"


def test_edges_are_bounded_and_what_is_none_is_passed_over(url, as_admin, monkeypatch):
    monkeypatch.setattr(nats_edges, "EDGES_MAX", 3)

    async def writes(js):
        await js.publish(f"{name_of(url).removesuffix('_edges')}.edges.x", b"\xff nonsense")

    with NATSCentre(url) as centre:
        for name in ("a", "b", "a", "c", "d"):
            centre.acknowledge(name, NOTHING, KEPT_S)
        assert edges_in(centre.acknowledged()) == ("a", "c", "d")
        as_admin(url, writes)
        assert edges_in(centre.acknowledged()) == ("c", "d")


def test_an_account_that_may_not_say_it_is_followed_and_says_so(own_server, tmp_path):
    """It has the lines and gives its events; what it may not is in its status, and nowhere else."""
    edges = ["shop.edges.>", "$JS.API.STREAM.CREATE.shop_edges"]
    users = [
        {"user": "edge", "password": "x", "permissions": {"publish": {"deny": edges}}},
        {"user": "admin", "password": "x"},
    ]
    server = own_server(authorization={"users": users})
    options = SyncOptions(threads=False, edge="till")
    with (
        NATSCentre(server.url("shop", user="admin:x@")) as centre,
        SQLiteStore(tmp_path / "edge.db") as store,
        tactful.open(POLICY, store=store, centre=server.url("shop", user="edge:x@", timeout_s=1), sync=options) as edge,
    ):
        centre.put_consents("ann", Consents((yes(1),), 1))
        store.record([contact("1", "ann", 5)])
        for _ in range(2):
            assert edge.sync().errors == {}
        state = edge.status()["centre"]
        assert (state["ready"], state["consents"]["last_error"], state["events"]["last_error"]) == (True, "", "")
        assert state["acknowledging"]["last_error"].startswith("centre")
        assert sum(state["acknowledging"]["errors"].values()) == 1
        assert centre.acknowledged() == {}


def test_a_server_that_is_away_is_told_of(own_server):
    server = own_server()
    with NATSCentre(server.url("shop", timeout_s=1)) as centre:
        server.stop()
        with pytest.raises(CentreError):
            centre.acknowledged()
