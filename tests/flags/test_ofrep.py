"""OFREP, asked by the unmodified client of OpenFeature over a real socket, and by hostile requests."""

import http.client
import json
import socket
import threading
from contextlib import contextmanager

import pytest

import tactful

pytest.importorskip("openfeature.contrib.provider.ofrep", reason="needs openfeature-provider-ofrep")
pytest.importorskip("starlette", reason="needs the extra ofrep")
import uvicorn
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from starlette.testclient import TestClient

from tactful_adapters import asgi_body
from tactful_adapters.ofrep import BODY_MAX_BYTES, ofrep_app

FLAGS = "/ofrep/v1/evaluate/flags"


@contextmanager
def serving(edge, **options):
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(ofrep_app(edge, **options), log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture
def port(edge):
    with serving(edge) as number:
        yield number


@pytest.fixture
def client(port):
    api.set_provider(OFREPProvider(f"http://127.0.0.1:{port}"))
    yield api.get_client()
    api.clear_providers()


def asked(port, path=FLAGS, body=b'{"context": {}}', method="POST", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    return answer.status, answer.headers, json.loads(raw) if raw.startswith(b"{") else None


@pytest.mark.parametrize(
    ("type_", "key", "default", "value", "variant"),
    [
        ("boolean", "boolean-flag", False, True, "on"),
        ("string", "string-flag", "bye", "hi", "greeting"),
        ("integer", "integer-flag", 1, 10, "ten"),
        ("float", "float-flag", 0.1, 0.5, "half"),
        ("boolean", "boolean-zero-flag", True, False, "zero"),
        ("string", "string-zero-flag", "x", "", "zero"),
        ("string", "hero", "", "", ""),
    ],
)
def test_the_real_client_gets_values_variants_and_reasons(client, type_, key, default, value, variant):
    found = getattr(client, f"get_{type_}_details")(key, default)

    if key == "hero":  # by itself a placement is an object
        assert (found.reason, found.error_code) == ("ERROR", "TYPE_MISMATCH")
    else:
        assert (found.value, found.variant, found.reason) == (value, variant, "STATIC")


def test_the_real_client_sends_the_context(client):
    found = client.get_string_details("context-aware", "", EvaluationContext("ann", {"customer": False}))

    assert (found.value, found.reason) == ("INTERNAL", "TARGETING_MATCH")


def test_the_real_client_is_told_what_is_not_there(client):
    found = client.get_boolean_details("missing-flag", default_value=True)

    assert (found.value, found.reason, found.error_code) == (True, "ERROR", "FLAG_NOT_FOUND")


def test_an_offer_in_a_placement_is_a_flag(port):
    status, _, told = asked(port, f"{FLAGS}/hero:olives")

    assert (status, told["key"], told["variant"]) == (200, "hero:olives", "olives/t1")
    assert told["value"] == [{"offer": "olives", "treatment": "t1", "content": {"title": "Olives half price"}}]


def test_a_disabled_placement_leaves_the_value_out(port):
    _, _, told = asked(port, f"{FLAGS}/disabled-flag")

    assert (told["reason"], "value" in told) == ("DISABLED", False)


def test_all_flags_come_with_a_tag_that_holds_until_something_changes(port, edge, policy_of):
    status, headers, told = asked(port)
    again = asked(port, **{"If-None-Match": headers["ETag"]})
    edge.update(policy_of("two"))
    changed = asked(port, **{"If-None-Match": headers["ETag"]})

    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert {one["key"] for one in told["flags"]} == set(edge.plan.placements)
    assert (again[0], again[1]["ETag"], again[2]) == (304, headers["ETag"], None)
    assert (changed[0], changed[1]["ETag"] == headers["ETag"]) == (200, False)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "PARSE_ERROR"),
        (b"{", "PARSE_ERROR"),
        (b"\xff\xfe", "PARSE_ERROR"),
        (b"[" * 60_000, "PARSE_ERROR"),
        (b"[]", "INVALID_CONTEXT"),
        (b"{}", "INVALID_CONTEXT"),
        (b'{"context": "canary"}', "INVALID_CONTEXT"),
        (b'{"context": {"targetingKey": 4711}}', "INVALID_CONTEXT"),
        (b'{"context": {"identifiers": {"card": 4711}}}', "INVALID_CONTEXT"),
        (b'{"context": {"identifiers": ["canary"]}}', "INVALID_CONTEXT"),
    ],
)
@pytest.mark.parametrize("path", [FLAGS, f"{FLAGS}/boolean-flag"])
def test_what_is_no_request_is_refused_and_not_repeated(port, path, body, code):
    status, _, told = asked(port, path, body)

    assert (status, told["errorCode"]) == (400, code)
    assert "canary" not in json.dumps(told)
    assert "4711" not in json.dumps(told)


def test_a_body_that_is_too_large_is_not_read_to_its_end(port):
    status, _, told = asked(port, body=b'{"context": "' + b"x" * BODY_MAX_BYTES + b'"}')

    assert (status, told["errorCode"]) == (413, "PARSE_ERROR")


def test_odd_values_of_the_moment_bound_the_answer(port):
    body = json.dumps({"context": {"email": ["x"], "customer": "yes", "page": {"a": [1]}, "view": 7}}).encode()
    status, _, told = asked(port, f"{FLAGS}/context-aware", body)

    assert (status, told["value"], told["reason"]) == (200, "EXTERNAL", "STALE")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"X-API-Key": ""}, {"X-API-Key": "s3cre"}])
def test_without_the_key_nobody_is_let_in(edge, headers):
    with serving(edge, keys=["other", "s3cret"]) as port:
        for path in (FLAGS, f"{FLAGS}/boolean-flag", f"{FLAGS}/missing-flag"):
            assert asked(port, path, **headers)[0] == 401
        assert asked(port, Authorization="Bearer s3cret")[0] == 200
        assert asked(port, **{"X-API-Key": "other"})[0] == 200


@pytest.mark.parametrize("keys", ["s3cret", [""], ["s3cret", ""]])
def test_keys_that_would_let_in_others_are_refused(edge, keys):
    with pytest.raises(tactful.UsageError, match="keys="):
        ofrep_app(edge, keys=keys)


def test_what_fails_reaches_no_client_and_no_server(edge, monkeypatch, caplog):
    monkeypatch.setattr(edge, "decide", lambda *_, **__: {}["ann@example.com"])
    answer = TestClient(ofrep_app(edge), base_url="http://localhost").post(f"{FLAGS}/row", json={"context": {}})

    assert (answer.status_code, answer.json()) == (500, {"errorDetails": "the evaluation failed"})
    assert "KeyError" in caplog.text
    assert "ann" not in caplog.text


def test_a_customer_who_cannot_be_fetched_is_decided_for_as_one_of_whom_nothing_is_known(edge, monkeypatch, caplog):
    async def fails(*_, **__):
        raise OSError("no profile of ann@example.com")

    monkeypatch.setattr(edge, "awarm", fails)
    answer = TestClient(ofrep_app(edge), base_url="http://localhost").post(
        f"{FLAGS}/row", json={"context": {"targetingKey": "ann"}}
    )

    assert answer.status_code == 200
    assert "OSError" in caplog.text
    assert "ann" not in caplog.text


def test_a_closed_edge_says_so(edge):
    with serving(edge) as port:
        edge.close()
        status, _, told = asked(port)

    assert (status, told["errorCode"]) == (503, "PROVIDER_NOT_READY")


def test_reading_is_no_way_in(port):
    assert [asked(port, FLAGS, None, method)[0] for method in ("GET", "PUT", "DELETE")] == [405] * 3


def test_the_answer_is_what_decide_says(port, edge):
    _, _, told = asked(port, f"{FLAGS}/row")

    decided = edge.decide("row", preview=True)
    assert [one["offer"] for one in told["value"]] == [pick.offer for pick in decided.picks]
    assert isinstance(edge, tactful.Edge)


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.2:80", "[::1"])
def test_without_keys_a_name_that_somebody_bound_to_this_address_is_refused(edge, host):
    with serving(edge) as port:
        for path in (FLAGS, f"{FLAGS}/boolean-flag", f"{FLAGS}/missing-flag"):
            status, _, told = asked(port, path, Host=host)
            assert (status, told["errorCode"]) == (421, "GENERAL")
        for own in ("localhost", f"127.0.0.1:{port}", "[::1]:80", "LOCALHOST."):
            assert asked(port, Host=own)[0] == 200
    with serving(edge, hosts=["Flags.internal"]) as port:
        assert asked(port, Host="flags.internal:443")[0] == 200
    with serving(edge, keys=["s3cret"]) as port:
        assert asked(port, Host="evil.example", **{"X-API-Key": "s3cret"})[0] == 200  # no page knows the key


@pytest.mark.parametrize("hosts", ["flags.internal", [""]])
def test_names_that_are_none_are_refused(edge, hosts):
    with pytest.raises(tactful.UsageError, match="hosts="):
        ofrep_app(edge, hosts=hosts)


def test_a_body_that_trickles_in_is_not_waited_for(edge, monkeypatch):
    monkeypatch.setattr(asgi_body, "BODY_S", 0.2)
    with serving(edge) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
        slow.sendall(
            f"POST {FLAGS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Content-Length: 999\r\n\r\n{".encode()
        )
        assert b" 408 " in slow.recv(1000)


def test_nobody_tries_out_who_is_a_customer(edge):
    edge._store.put_profile(tactful.Snapshot("bob", tactful.wall_clock(), {}))
    with serving(edge) as port:
        answers = [
            asked(port, f"{FLAGS}/row", json.dumps({"context": {"targetingKey": who}}).encode())[2]
            for who in ("bob", "nobody")
        ]
    for answer in answers:
        answer["metadata"].pop("tactful.token", None)
        answer["metadata"].pop("tactful.decision", None)
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "who", [{"targetingKey": "\ud800"}, {"identifiers": {"card": "a\udfff"}}, {"identifiers": {"\ud800": "4711"}}]
)
def test_an_id_with_half_a_character_is_no_context(port, who):
    for path in (FLAGS, f"{FLAGS}/row"):
        status, _, told = asked(port, path, json.dumps({"context": who}).encode())
        assert (status, told["errorCode"]) == (400, "INVALID_CONTEXT")
