"""What the endpoint takes and refuses: keys, sizes, compression, malformed bodies. Nothing is half written."""

import gzip
import io
import json
import logging
import zlib
from pathlib import Path
from wsgiref.validate import validator

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

import tactful
from tactful_adapters.segment import SegmentApp, SegmentWSGI
from tactful_adapters.segment_body import BATCH_MAX_BYTES, EVENT_MAX_BYTES

from .conftest import KEY, YES

CAPTURED = [json.loads(line) for line in (Path(__file__).parent / "captured_requests.jsonl").read_text().splitlines()]
SIZED = {"userId": "u1", "event": "Size Chosen", "properties": {"size": 43}, "context": YES}
PERSONAL = "s3cret-Ann"


def test_each_path_takes_its_kind(post, known, contacts, edge):
    bodies = {
        "identify": {"userId": "u1", "traits": {"firstName": "Ann"}, "context": YES},
        "track": SIZED,
        "page": {"userId": "u1", "name": "Home"},
        "screen": {"userId": "u1", "name": "Kiosk", "properties": {"town": "Bonn"}},
        "group": {"userId": "u1", "groupId": "g1", "traits": {"plan": "gold"}},
        "alias": {"userId": "u1", "previousId": "a1"},
    }
    for kind, body in bodies.items():
        answer = post(f"/v1/{kind}", body)
        assert (answer.status_code, answer.json()) == (200, {"success": True}), kind

    assert known("u1") == {"first_name": "Ann", "shoe_size": 43, "town": "Bonn", "plan": "gold"}
    assert contacts("u1") == ["visit", "visit"]
    assert edge._store.identify({"customer": "u1"}).household == "g1"
    assert edge._store.identify({"cookie": "a1"}).customer == "u1"


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/import", "/v1/batch/"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_batch_takes_events_of_any_kind(post, known, path, packed):
    body = {"batch": [{**SIZED, "type": "track"}, {"type": "identify", "userId": "u2", "traits": {"newsletter": True}}]}
    assert post(path, body, packed=packed).json() == {"success": True}
    assert (known("u1"), known("u2")) == ({"shoe_size": 43}, {"newsletter": True})


@pytest.mark.parametrize("request_", CAPTURED, ids=lambda one: one["headers"]["user-agent"])
def test_what_real_clients_sent_is_taken(app, request_):
    told = {"content-type": "application/json", "authorization": request_["headers"]["authorization"]}
    answer = TestClient(app).post(request_["path"], json=request_["body"], headers=told)
    assert (answer.status_code, answer.json()) == (200, {"success": True})


def test_it_can_be_mounted(app, known):
    mounted = Starlette(routes=[Mount("/segment", app)])
    assert TestClient(mounted).post("/segment/v1/track", json=SIZED, auth=(KEY, "")).status_code == 200
    assert known("u1") == {"shoe_size": 43}


# who is let in


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic !!!", "Basic V1gy", "Bearer V0s6", "Basic V0s=", "Basic Og==", "Basic \xff"]
)
def test_without_a_key_nobody_is_let_in(post, known, header):
    answer = post("/v1/track", SIZED, authorization=header.encode("latin-1"))
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert known("u1") == {}


def test_every_key_is_compared_whole_and_all_of_them_are(app, monkeypatch):
    compared = []
    monkeypatch.setattr("hmac.compare_digest", lambda one, other: compared.append((one, other)) or one == other)
    assert TestClient(app).post("/v1/track", json=SIZED, auth=(KEY, "")).status_code == 200
    assert compared == [(b"WK", b"WK"), (b"WK", b"another")]


@pytest.mark.parametrize("keys", [[], [""], "WK"])
def test_an_endpoint_without_keys_is_none(edge, keys):
    with pytest.raises(tactful.UsageError, match="write_keys"):
        SegmentApp(edge, keys)


def test_a_page_in_a_browser_is_refused(post, known):
    assert post("/v1/track", SIZED, origin="https://elsewhere.example").status_code == 403
    assert known("u1") == {}


def test_nothing_tells_who_is_known(post):
    post("/v1/track", SIZED)
    answers = [post("/v1/alias", {"userId": "u3", "previousId": one, "context": YES}) for one in ("u1", "nobody")]
    assert answers[0].content == answers[1].content
    assert answers[0].headers == answers[1].headers


# what is no request


def test_other_paths_and_methods(app, post):
    assert [post(path, {}).status_code for path in ("/", "/v1", "/v1/delete", "/v2/track", "/v1/track/x")] == [404] * 5
    answer = TestClient(app).get("/v1/track")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[", b"\xff", b'{"userId": NaN}', b"1" * 5000, b"[" * 30_000, b'"x"', b"[]", b"null"]
)
def test_a_body_that_is_none(post, raw):
    answer = post("/v1/track", raw)
    assert answer.status_code == 400
    assert answer.json()["field"] == "body"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"\x1f\x8b",
        gzip.compress(b"{}", mtime=0)[:-4],
        gzip.compress(b"{}", mtime=0) + b"rest",
        zlib.compress(b"{}"),
    ],
)
def test_a_body_that_is_not_packed_as_it_says(post, raw):
    answer = post("/v1/track", raw, content_encoding="gzip")
    assert (answer.status_code, answer.json()["field"]) == (400, "body")


def test_other_packings_are_not_taken(post):
    answer = post("/v1/track", SIZED, content_encoding="br")
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip")


def padded(body, size):
    """A body that is so many bytes long."""
    raw = json.dumps({**body, "pad": ""}).encode()
    return json.dumps({**body, "pad": "x" * (size - len(raw))}).encode()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("path", "body", "most"), [("/v1/track", SIZED, EVENT_MAX_BYTES), ("/v1/batch", {"batch": []}, BATCH_MAX_BYTES)]
)
def test_a_body_is_no_larger_than_it_may_be(post, path, body, most, packed):
    assert post(path, padded(body, most), packed=packed).status_code == 200
    assert post(path, padded(body, most + 1), packed=packed).status_code == 413


def test_a_bomb_is_never_unpacked(post, monkeypatch):
    made = []
    real = zlib.decompressobj

    class Watched:
        def __init__(self, wbits):
            self._unpacking = real(wbits)

        def decompress(self, packed, most):
            found = self._unpacking.decompress(packed, most)
            made.append(len(found))
            return found

        def __getattr__(self, name):
            return getattr(self._unpacking, name)

    monkeypatch.setattr("zlib.decompressobj", Watched)
    assert post("/v1/batch", gzip.compress(b" " * 100_000_000), content_encoding="gzip").status_code == 413
    assert post("/v1/batch", gzip.compress(b" " * 1000) * 5000, content_encoding="gzip").status_code == 413
    assert 0 < sum(made) <= 2 * (BATCH_MAX_BYTES + 1)


def test_a_body_that_does_not_say_how_long_it_is_ends_too(app):
    def parts():
        for _ in range(100):
            yield b" " * 1000

    assert TestClient(app).post("/v1/track", content=parts(), auth=(KEY, "")).status_code == 413


def test_of_too_many_requests_at_a_time_the_others_are_told_to_come_again(edge):
    app = SegmentApp(edge, [KEY], waiting_max=0)
    answer = TestClient(app).post("/v1/track", json=SIZED, auth=(KEY, ""))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


def test_an_edge_that_is_closed_asks_for_patience(app, edge):
    edge.close()
    answer = TestClient(app).post("/v1/track", json=SIZED, auth=(KEY, ""))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


# what is malformed

WRONG = {
    "userId": [
        {"userId": None},
        {"userId": ""},
        {"userId": " "},
        {"userId": {"a": PERSONAL}},
        {"userId": PERSONAL * 100},
        {"userId": True},
        {"userId": "\ud800"},
        {"userId": "a\0b"},
    ],
    "anonymousId": [{"anonymousId": [PERSONAL]}],
    "event": [{"event": None}, {"event": 7}, {"event": ""}],
    "properties": [{"properties": PERSONAL}, {"properties": [1]}, {"properties": {"size": "\udc00"}}],
    "messageId": [{"messageId": 7}, {"messageId": PERSONAL * 200}],
    "timestamp": [{"timestamp": PERSONAL}, {"timestamp": 7}, {"timestamp": "2026-13-01"}],
    "sentAt": [{"timestamp": "2026-01-01T00:00:00Z", "sentAt": PERSONAL}],
    "context": [{"context": PERSONAL}],
    "context.consent": [{"context": {"consent": [PERSONAL]}}],
    "context.consent.categoryPreferences": [
        {"context": {"consent": {"categoryPreferences": {"Advertising": PERSONAL}}}}
    ],
    "context.consentManagement.deniedConsentIds": [{"context": {"consentManagement": {"deniedConsentIds": PERSONAL}}}],
    "type": [{"type": "page"}, {"type": [PERSONAL]}],
}
CASES = [(field, change) for field, changes in WRONG.items() for change in changes]


@pytest.mark.parametrize(("field", "change"), CASES, ids=lambda part: part if isinstance(part, str) else "")
def test_a_field_that_is_malformed_is_named_and_nothing_of_it_told(post, known, caplog, field, change):
    caplog.set_level(logging.DEBUG)
    answer = post("/v1/track", {**SIZED, **change})
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert answer.headers["content-type"] == "application/problem+json"
    assert PERSONAL not in answer.text + caplog.text
    assert known("u1") == {}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/identify", {"userId": "u1", "traits": [PERSONAL]}, "traits"),
        ("/v1/alias", {"userId": "u1"}, "previousId"),
        ("/v1/alias", {"previousId": "u1", "anonymousId": "a"}, "userId"),
        ("/v1/group", {"userId": "u1"}, "groupId"),
        ("/v1/batch", {}, "batch"),
        ("/v1/batch", {"batch": {"a": PERSONAL}}, "batch"),
        ("/v1/batch", {"batch": [], "sentAt": PERSONAL}, "sentAt"),
        ("/v1/batch", {"batch": [], "context": PERSONAL}, "context"),
        ("/v1/batch", {"batch": [PERSONAL]}, "batch[0]"),
        ("/v1/batch", {"batch": [{**SIZED, "type": "delete"}]}, "batch[0].type"),
        ("/v1/batch", {"batch": [{**SIZED, "type": "track", "pad": "x" * EVENT_MAX_BYTES}]}, "batch[0]"),
    ],
)
def test_other_paths_name_their_fields(post, path, body, field):
    answer = post(path, body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert PERSONAL not in answer.text


def test_of_a_batch_with_a_bad_event_the_good_ones_are_kept(post, known, app):
    bad = {**SIZED, "type": "track", "userId": {"a": PERSONAL}}
    answer = post("/v1/batch", {"batch": [bad, {**SIZED, "type": "track"}, bad]})
    assert answer.status_code == 200
    told = answer.json()
    assert told["success"] is True
    assert [one["field"] for one in told["refused"]] == ["batch[0].userId", "batch[2].userId"]
    assert PERSONAL not in answer.text
    assert known("u1") == {"shoe_size": 43}
    assert app.counts == {"kept": 1, "malformed": 2}


def test_a_failing_store_is_told_as_such_and_the_events_can_come_again(post, edge, known, monkeypatch, caplog):
    def failing(*_):
        raise tactful.StoreError(PERSONAL)

    with monkeypatch.context() as patch:
        patch.setattr(type(edge._store), "amend_profile", failing)
        answer = post("/v1/track", SIZED)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert PERSONAL not in answer.text + caplog.text
    assert post("/v1/track", SIZED).status_code == 200
    assert known("u1") == {"shoe_size": 43}


def test_whatever_else_fails_tells_nothing(post, edge, monkeypatch, caplog):
    def failing(*_):
        raise KeyError(PERSONAL)

    monkeypatch.setattr(type(edge._store), "amend_profile", failing)
    answer = post("/v1/track", SIZED)
    assert (answer.status_code, answer.json()["title"]) == (500, "Internal Server Error")
    assert PERSONAL not in answer.text + caplog.text


# WSGI


def call(app, path, raw, **more):
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "here",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(raw)),
        "HTTP_AUTHORIZATION": "Basic V0s6",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(raw),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **more,
    }
    started = []
    body = validator(app)(
        {key: value for key, value in environ.items() if value is not None}, lambda *said: started.extend(said)
    )
    try:
        return started[0], json.loads(b"".join(body))
    finally:
        body.close()


def test_wsgi_takes_the_same(edge, known):
    app = SegmentWSGI(edge, [KEY])
    raw = json.dumps(SIZED).encode()
    assert call(app, "/v1/track", raw) == ("200 OK", {"success": True})
    assert call(app, "/v1/track", gzip.compress(raw), HTTP_CONTENT_ENCODING="gzip")[0] == "200 OK"
    assert known("u1") == {"shoe_size": 43}
    assert call(app, "/v1/track", raw, HTTP_AUTHORIZATION="Basic eA==")[0] == "401 Unauthorized"
    assert call(app, "/v1/track", raw, CONTENT_LENGTH=None)[0] == "411 Length Required"
    assert call(app, "/v1/track", b"x" * (EVENT_MAX_BYTES + 1))[0] == "413 Content Too Large"
    assert call(app, "/v1/track", b"{}")[1]["field"] == "userId"
