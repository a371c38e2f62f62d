"""What the endpoints answer: decisions with content, reason and token, records, opt-outs, what agents may say."""

import logging

import pytest
from starlette.testclient import TestClient

import tactful
from tactful.serve.app import serve_app
from tactful.serve.guard import Guard

from .conftest import POLICY


def picked(answer):
    return [one["offer"] for one in answer.json()["picks"]]


def test_a_decision_has_content_reason_and_token_and_is_what_the_edge_says(client, edge):
    asked = {"placements": "home", "who": "ann", "context": {"page": "deli"}, "preview": True}
    answer = client.post("/v1/decide", json=asked)
    told, own = answer.json(), edge.decide("home", "ann", {"page": "deli"}, preview=True)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "\n".join(one["why"] for one in told["picks"]) == own.why()
    assert told["placements"] == {"home": [{"title": "Shoes for Ann"}, {"title": "Olives &amp; bread"}]}
    assert [one["slot"] for one in told["picks"]] == [0, 1]
    assert [one["content"] for one in told["picks"]] == [dict(one.content) for one in own.picks]
    assert edge.record(told["token"])


def test_identifiers_stand_for_the_customer(client):
    assert picked(client.post("/v1/decide", json={"placements": ["home"], "who": {"card": "4711"}})) == ["fitting"]


@pytest.mark.parametrize("who", [None, "bob", "nobody", {"card": "unknown"}])
def test_who_did_not_agree_gets_the_fallback_and_nobody_learns_whether_they_are_known(client, who):
    told = client.post("/v1/decide", json={"placements": "home", "who": who}).json()
    assert told["picks"] == []
    assert told["placements"] == {"home": [{"title": "Welcome"}, {"title": "Welcome"}]}
    assert told.keys() == {"id", "token", "placements", "picks"}


def test_what_everyone_sees_is_told_alike_of_the_known_and_the_unknown(client):
    told = [
        client.post("/v1/decide", json={"placements": "home", "who": who, "context": {"page": "deli"}}).json()
        for who in ("bob", "nobody", None)
    ]
    assert told[0]["picks"] == told[1]["picks"] == told[2]["picks"] != []


def test_what_is_recorded_counts_once_and_under_the_caps(client):
    asked = {"placements": "home", "who": "ann"}
    token = client.post("/v1/decide", json=asked | {"preview": True}).json()["token"]
    assert client.post("/v1/record", json={"token": token}).json() == {"new": True}
    assert client.post("/v1/record", json={"token": token, "event": "shown"}).json() == {"new": False}
    assert client.post("/v1/record", json={"token": token, "event": "click", "slot": 0}).json() == {"new": True}
    assert picked(client.post("/v1/decide", json=asked)) == []


def test_a_view_decides_the_same_and_a_preview_takes_no_room(client):
    asked = {"placements": "home", "who": "ann"}
    for _ in range(3):
        assert picked(client.post("/v1/decide", json=asked | {"preview": True})) == ["fitting"]
    first, again = (client.post("/v1/decide", json=asked | {"view": "page-1"}).json() for _ in range(2))
    assert first["id"] == again["id"]
    assert first["picks"] == again["picks"] != []
    assert picked(client.post("/v1/decide", json=asked)) == []


def test_a_purpose_that_the_moment_refuses_is_refused(client):
    assert picked(client.post("/v1/decide", json={"placements": "home", "who": "ann", "refused": ["offers"]})) == []


@pytest.mark.parametrize("more", [{}, {"purpose": "offers"}, {"channel": "web"}])
def test_an_opt_out_counts_at_once(client, more):
    assert picked(client.post("/v1/decide", json={"placements": "home", "who": "ann", "preview": True})) == ["fitting"]
    assert client.post("/v1/opt-out", json={"who": {"card": "4711"}, **more}).json() == {"accepted": True}
    assert picked(client.post("/v1/decide", json={"placements": "home", "who": "ann"})) == []


def test_an_opt_out_tells_nobody_whether_there_is_such_a_customer(client):
    known, unknown = (client.post("/v1/opt-out", json={"who": {"card": card}}) for card in ("4711", "0000"))
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json()) == (200, {"accepted": True})


@pytest.mark.parametrize("who", ["ann", {"card": "4711"}])
def test_an_opt_out_that_nobody_would_keep_is_refused(who):
    with tactful.open(POLICY, consents=lambda _: {"offers": "explicit"}) as elsewhere:
        answer = TestClient(serve_app(elsewhere), base_url="http://localhost").post("/v1/opt-out", json={"who": who})
    assert (answer.status_code, answer.json()["code"]) == (501, "consents")


def test_an_agent_may_mention_what_the_text_shows_and_nothing_else(client):
    told = client.post("/v1/decide", json={"placements": "call", "who": "ann", "for_agent": True}).json()
    assert told["placements"] == {"call": [{"title": "Boots for Ann"}]}
    assert told["picks"][0]["why"].startswith("Boots for: you see this because of your name and of your shoe size.")
    assert told["agent"] == {
        "may_mention": ["your name"],
        "must_not_mention": ["what you told us of your family", "your shoe size"],
    }


@pytest.mark.parametrize("who", ["bob", "nobody"])
def test_an_agent_may_mention_nothing_of_who_did_not_agree(client, who):
    told = client.post("/v1/decide", json={"placements": "call", "who": who, "for_agent": True}).json()
    assert told["agent"]["may_mention"] == []
    assert len(told["agent"]["must_not_mention"]) == 3
    assert told["placements"] == {"call": [{"title": "Ask what you can do"}]}


def test_it_is_ready_while_the_edge_decides_as_usual(client, edge):
    assert client.get("/health/live").json() == {"live": True}
    assert (client.get("/health/ready").status_code, client.get("/health/ready").json()) == (
        200,
        {"ready": True, "lacks": []},
    )
    edge.close()
    closed = client.get("/health/ready")
    assert (closed.status_code, [one["code"] for one in closed.json()["lacks"]]) == (503, ["closed"])
    assert client.get("/health/live").status_code == 200
    assert client.post("/v1/decide", json={"placements": "home"}).status_code == 503


def test_a_customer_who_cannot_be_fetched_gets_the_fallback(caplog):
    def broken(_):
        raise RuntimeError("no profile of ann@example.com")

    with tactful.open(POLICY, profiles=broken) as edge, caplog.at_level(logging.DEBUG, "tactful"):
        client = TestClient(serve_app(edge, guard=Guard()), base_url="http://localhost")
        answer = client.post("/v1/decide", json={"placements": "home", "who": "ann"})
    assert answer.json()["placements"]["home"][0] == {"title": "Welcome"}
    assert "ann" not in caplog.text


def test_whatever_fails_reaches_no_log_and_no_client(client, edge, monkeypatch, caplog):
    monkeypatch.setattr(edge, "status", lambda: {}["ann"])
    monkeypatch.setattr("tactful.serve.app.openapi", lambda _: {}["ann"])
    for path in ("/health/ready", "/openapi.json"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (500, "failed")
        assert "ann" not in caplog.text + answer.text


def test_a_store_that_fails_is_said_to_come_back(client, edge, monkeypatch, caplog):
    def fails(*_, **__):
        raise tactful.StoreError("the disk of ann is full")

    monkeypatch.setattr(edge, "record", fails)
    answer = client.post("/v1/record", json={"token": "x"})
    assert (answer.status_code, answer.json()["code"]) == (503, "store")
    assert answer.headers["retry-after"] == "1"
    monkeypatch.setattr(edge, "decide", lambda *_, **__: 1 / 0)
    answer = client.post("/v1/decide", json={"placements": "home", "who": "ann"})
    assert (answer.status_code, answer.json()["code"]) == (500, "failed")
    assert "ann" not in caplog.text + answer.text
