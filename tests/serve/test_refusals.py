"""What is refused: by whom it comes, what it holds. A refusal names the field, and repeats nothing."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

import tactful
from tactful.relay.devices import all_devices, kill_device
from tactful.serve.app import serve_app
from tactful.serve.body import BODY_MAX_BYTES
from tactful.serve.guard import Guard
from tactful.serve.serving import guard_of

from .conftest import POLICY

SECRET = "ann@example.com"  # noqa: S105 - an address
DECIDE = {"placements": "home"}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("decide", {}, "placements"),
        ("decide", [DECIDE], "body"),
        ("decide", DECIDE | {SECRET: 1}, "body"),
        ("decide", {"placements": SECRET}, "placements"),
        ("decide", {"placements": []}, "placements"),
        ("decide", {"placements": ["home"] * 51}, "placements"),
        ("decide", {"placements": ["home", SECRET]}, "placements[1]"),
        ("decide", {"placements": ["home", ["home"]]}, "placements[1]"),
        ("decide", {"placements": ["home", "home"]}, "placements"),
        ("decide", {"placements": ["home", "call"]}, "placements"),
        ("decide", DECIDE | {"who": 7}, "who"),
        ("decide", DECIDE | {"who": ""}, "who"),
        ("decide", DECIDE | {"who": {}}, "who"),
        ("decide", DECIDE | {"who": SECRET + "\0"}, "who"),
        ("decide", DECIDE | {"who": "\ud800"}, "who"),
        ("decide", DECIDE | {"who": SECRET * 99}, "who"),
        ("decide", DECIDE | {"who": {SECRET: "x"}}, "who"),
        ("decide", DECIDE | {"who": {"card": 4711}}, "who.card"),
        ("decide", DECIDE | {"context": SECRET}, "context"),
        ("decide", DECIDE | {"context": {"visits": SECRET}}, "context.visits"),
        ("decide", DECIDE | {"context": {"visits": True}}, "context.visits"),
        ("decide", DECIDE | {"view": 3}, "view"),
        ("decide", DECIDE | {"refused": SECRET}, "refused"),
        ("decide", DECIDE | {"refused": ["offers", 1]}, "refused[1]"),
        ("decide", DECIDE | {"preview": "yes"}, "preview"),
        ("decide", DECIDE | {"for_agent": 1}, "for_agent"),
        ("record", {}, "token"),
        ("record", {"token": SECRET}, "token"),
        ("record", {"token": "é"}, "token"),
        ("record", {"token": ["a"]}, "token"),
        ("record", {"token": "a", "event": SECRET}, "event"),
        ("record", {"token": "a", "event": "withdrawal"}, "event"),
        ("record", {"token": "a", "slot": -1}, "slot"),
        ("record", {"token": "a", "slot": 1.5}, "slot"),
        ("opt-out", {}, "who"),
        ("opt-out", {"who": None}, "who"),
        ("opt-out", {"who": "ann", "purpose": SECRET}, "purpose"),
        ("opt-out", {"who": "ann", "channel": SECRET}, "channel"),
        ("opt-out", {"who": "ann", "channel": ["web"]}, "channel"),
    ],
)
def test_a_field_that_does_not_fit_is_named_and_not_repeated(caplog, path, body, field):
    raw = json.dumps(body).encode()
    answer = OPEN.post(f"/v1/{path}", content=raw, headers={"Content-Type": "application/json"})
    told = answer.json()
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["field"] == field
    assert {"type", "title", "status", "code", "detail"} <= told.keys()
    assert SECRET not in answer.text + caplog.text


def test_a_value_of_another_type_is_told_the_type_as_the_policy_writes_it():
    raw = json.dumps(DECIDE | {"context": {"visits": SECRET}}).encode()
    answer = OPEN.post("/v1/decide", content=raw, headers={"Content-Type": "application/json"})
    assert "a value of type int" in answer.json()["detail"]


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b'{"placements": NaN}', b'{"placements": "home", "placements": "home"}', b"[" * 60_000]
)
def test_what_is_no_json_object_with_each_key_once_is_refused(client, raw):
    answer = client.post("/v1/decide", content=raw, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["field"]) == (400, "body")


def test_a_slot_that_is_not_filled_is_refused(client):
    token = client.post("/v1/decide", json=DECIDE | {"who": "ann"}).json()["token"]
    answer = client.post("/v1/record", json={"token": token, "event": "click", "slot": 1})
    assert (answer.status_code, answer.json()["field"]) == (400, "slot")


def test_a_body_is_bounded_whether_or_not_it_says_how_long_it_is(client):
    headers = {"Content-Type": "application/json"}
    for content in (b" " * (BODY_MAX_BYTES + 1), iter([b" " * BODY_MAX_BYTES, b" "])):
        answer = client.post("/v1/decide", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    fitting = json.dumps(DECIDE).encode().ljust(BODY_MAX_BYTES)
    assert client.post("/v1/decide", content=fitting, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {},
    ],
)
def test_what_a_form_could_send_is_refused(client, headers):
    answer = client.post("/v1/opt-out", content=b'{"who": "ann"}', headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8788", "localhost.evil.example", "[", "", "localhost@x"]
)
@pytest.mark.parametrize("path", ["/v1/decide", "/openapi.json", "/nothing"])
def test_a_name_that_was_bound_to_this_address_is_refused(client, host, path):
    method = "POST" if path == "/v1/decide" else "GET"
    answer = client.request(method, path, json=DECIDE, headers={"Host": host})
    assert (answer.status_code, answer.json()["field"]) == (421, "Host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8788", "[::1]:8788"])
def test_this_machines_own_names_are_taken(client, host):
    assert client.post("/v1/decide", json=DECIDE, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:8080.evil.example", ""])
def test_a_page_in_a_browser_that_was_not_named_is_refused(client_of, origin):
    for guard in (Guard(), Guard(origins=frozenset({"http://localhost:8080"}))):
        answer = client_of(guard).post("/v1/opt-out", json={"who": "ann"}, headers={"Origin": origin})
        assert (answer.status_code, answer.json()["field"]) == (403, "Origin")
        assert "access-control-allow-origin" not in answer.headers


def test_a_page_that_was_named_may_ask(client_of):
    page, client = "http://localhost:8080", client_of(guard_of("127.0.0.1", origins=["http://localhost:8080"]))
    asking = {"Origin": page, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    assert client.options("/v1/decide", headers=asking).headers["access-control-allow-origin"] == page
    answer = client.post("/v1/decide", json=DECIDE, headers={"Origin": page})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, page)
    assert client.options("/v1/decide", headers=asking | {"Origin": "http://evil.example"}).status_code == 400


def test_elsewhere_a_token_is_needed_and_told_nothing_without(client_of, devices):
    path, token = devices
    client = client_of(guard_of("0.0.0.0", path))  # noqa: S104 - nothing listens
    wrong = [{}, *({"Authorization": one} for one in ("", "Bearer", "Bearer x", f"Basic {token}", f"bearer {token} x"))]
    refusals = [client.post("/v1/decide", json=DECIDE, headers=one) for one in wrong]
    refusals += [client.get("/nothing"), client.get("/openapi.json")]
    assert {one.status_code for one in refusals} == {401}
    assert len({one.text for one in refusals}) == 1
    assert refusals[0].headers["www-authenticate"] == "Bearer"
    assert client.post("/v1/decide", json=DECIDE, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert client.get("/health/ready").status_code == 200


def test_a_device_that_was_killed_is_a_stranger(client_of, devices):
    path, token = devices
    kill_device(path, all_devices(path)[0].id)
    client = client_of(guard_of("0.0.0.0", path))  # noqa: S104 - nothing listens
    assert client.post("/v1/decide", json=DECIDE, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_an_address_elsewhere_needs_the_file_of_devices(devices):
    with pytest.raises(tactful.UsageError, match="--devices"):
        guard_of("0.0.0.0")  # noqa: S104 - nothing listens
    with pytest.raises(tactful.UsageError, match="--origin"):
        guard_of("localhost", origins=["*"])
    assert guard_of("shop.example", devices[0], names=["Kiosk"]).hosts >= {"shop.example", "kiosk"}


def test_paths_and_methods_that_are_not_there_are_problems(client):
    for method, path in (("GET", "/v1/decide"), ("DELETE", "/v1/record"), ("GET", "/"), ("POST", "/v1/decide/")):
        answer = client.request(method, path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(["placements", "who", "context", "view", "refused", "preview", "for_agent", "token", "event"])


@settings(max_examples=150)
@given(
    path=st.sampled_from(["decide", "record", "opt-out"]),
    fields=st.dictionaries(FIELDS | st.sampled_from(["slot", "purpose", "channel"]), JSON, max_size=5),
    placements=st.sampled_from(["home", ["home"], None]),
)
def test_whatever_is_sent_is_answered_or_named(path, fields, placements):
    body = json.dumps(fields | ({"placements": placements} if placements and path == "decide" else {})).encode()
    answer = OPEN.post(f"/v1/{path}", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400)
    assert answer.status_code == 200 or answer.json()["field"]


OPEN = TestClient(serve_app(tactful.open(POLICY)), base_url="http://localhost:8788")
