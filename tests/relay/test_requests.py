"""What a relay says to requests that do not fit: which field is wrong, never a value, and not who is known."""

import gzip
import json
import logging
import sys
import threading
import time
import zlib
from contextlib import contextmanager

import attrs
import httpx2
import pytest

from tactful import CentreError, Contact, MemoryCentre
from tactful.relay import asking, wire
from tactful.relay.answer import HEADER, NONCE
from tactful.relay.devices import Device, DevicesFile, add_device, hashed, remove_device
from tactful.testing.centre_kit import opt_in

from .conftest import QUICK

ASKED = {NONCE: "0" * 32}
CHANGES = "/v1/lines/consents/changes?after=0&count=9"
CANARY = "canary-4711"


@pytest.fixture
def served(serve):
    return serve(MemoryCentre())


@contextmanager
def asking_of(served):
    """Ask the relay as a device does, unless headers say otherwise."""
    with httpx2.Client(base_url=served.base) as client:

        def call(method, path, headers=None, **more):
            given = {"Authorization": f"Bearer {served.token}", **ASKED, **(headers or {})}
            return client.request(method, path, headers={k: v for k, v in given.items() if v is not None}, **more)

        yield call


@pytest.fixture
def ask(served):
    with asking_of(served) as call:
        yield call


@pytest.fixture
def ask_standing(standing):
    with asking_of(standing) as call:
        yield call


def problem(answer):
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert HEADER not in answer.headers
    told = answer.json()
    assert told["status"] == answer.status_code
    return answer.status_code, told.get("field")


@pytest.mark.parametrize(
    ("method", "path", "headers", "expected"),
    [
        ("GET", "/v1/lines/consents/changes?count=9", {}, (400, "after")),
        ("GET", "/v1/lines/consents/changes?after=-1&count=9", {}, (400, "after")),
        ("GET", "/v1/lines/consents/changes?after=0x1&count=9", {}, (400, "after")),
        ("GET", "/v1/lines/consents/changes?after=9223372036854775808&count=9", {}, (400, "after")),
        ("GET", "/v1/lines/consents/changes?after=٣&count=9", {}, (400, "after")),
        ("GET", "/v1/lines/consents/changes?after=0&count=2001", {}, (400, "count")),
        ("GET", "/v1/lines/consents/changes?after=0", {}, (400, "count")),
        ("GET", f"/v1/lines/{CANARY}/changes?after=0&count=9", {}, (404, "line")),
        ("GET", CHANGES, {NONCE: None}, (400, NONCE)),
        ("GET", CHANGES, {NONCE: "0" * 31}, (400, NONCE)),
        ("GET", CHANGES, {NONCE: CANARY}, (400, NONCE)),
        ("GET", "/v1/lines/consents/hints", {}, (400, "after")),
        ("GET", "/v1/bundle", {}, (404, "path")),
        ("GET", f"/v1/{CANARY}", {}, (404, "path")),
        ("HEAD", CHANGES, {}, None),
        ("DELETE", CHANGES, {}, (404, "path")),
        ("POST", "/v1/events", {NONCE: None}, (400, NONCE)),
        ("POST", "/v1/events", {"Content-Encoding": "br"}, (415, "Content-Encoding")),
        ("POST", "/v1/events", {"Content-Encoding": "gzip, gzip"}, (415, "Content-Encoding")),
    ],
)
def test_a_request_that_does_not_fit_is_told_its_field(ask_standing, method, path, headers, expected):
    answer = ask_standing(method, path, headers, content=b"\x90" if method == "POST" else None)
    if expected is None:
        assert answer.status_code == 404
    else:
        assert problem(answer) == expected
    assert CANARY not in answer.text


def bomb():
    return gzip.compress(b"\0" * (64 * 1024 * 1024))


GOOD = wire.pack_events([opt_in("1", "ada", 5)])


@pytest.mark.parametrize(
    ("body", "zipped", "expected"),
    [
        (b"", False, (400, "body")),
        (b"\x91", False, (400, "body")),
        (b"\xdd\xff\xff\xff\xff", False, (400, "body")),  # a list of four billion items in five bytes
        (b"\x80", False, (400, "body")),
        (b"\x91\xa3ada", False, (400, "body/0")),
        (b"\x91\x92\xa4word\x80", False, (400, "body/0")),
        (b"\x91\x92\xa7contact\x80", False, (400, "body/0/id")),
        (GOOD + b"\0", False, (400, "body")),
        (b"\x91" * 300 + b"\x90", False, (400, "body/0")),
        (b"\xc1" * 5_000_000, False, (413, "body")),
        (bomb(), True, (413, "body")),
        (gzip.compress(GOOD, mtime=0)[:-1], True, (400, "body")),
        (gzip.compress(GOOD, mtime=0) + gzip.compress(GOOD, mtime=0), True, (400, "body")),
        (GOOD, True, (400, "body")),
        (zlib.compress(GOOD), True, (400, "body")),
        (wire.pack_events([opt_in(str(n), "ada", n) for n in range(2001)]), False, (400, "body")),
    ],
)
def test_a_body_that_does_not_fit_is_told_its_place(ask_standing, standing, body, zipped, expected):
    answer = ask_standing("POST", "/v1/events", {"Content-Encoding": "gzip"} if zipped else {}, content=body)
    assert problem(answer) == expected
    assert standing.centre.events == ()


def test_a_bomb_is_never_unpacked():
    with pytest.raises(asking.Refused) as caught:
        asking.unzipped(bomb(), "gzip")
    assert caught.value.status == 413


def test_an_event_that_cannot_be_read_holds_up_no_other(ask, served):
    good = opt_in("1", "ada", 5)
    newer = ["contact", {"id": "2", "customer": "ada", "event": "shown", "at_us": 5, "mood": CANARY}]
    body = wire.pack(
        [["contact", attrs.asdict(good, filter=lambda _, value: value != "") | {"tags": ["offers", "explicit"]}], newer]
    )
    answer = ask("POST", "/v1/events", content=body.replace(b"\xa9until_us\xc0", b""))
    told = wire.unpack_delivery(answer.content)
    assert (told.accepted, told.refused) == ({"1"}, {"2": "event-unreadable"})
    assert [one.id for one in served.centre.events] == ["1"]


def test_whoever_may_not_ask_hears_the_same_of_everything(ask, served):
    """Unknown, removed, disabled, without a token, on a path that is there or not: one answer."""
    removed = add_device(served.devices, "kiosk-2")
    remove_device(served.devices, "kiosk-2")
    disabled = add_device(served.devices, "kiosk-3")
    told = json.loads(served.devices.read_text(encoding="utf-8"))
    for one in told["devices"]:
        one["enabled"] = one["id"] != "kiosk-3"
    served.devices.write_text(json.dumps(told), encoding="utf-8")
    served.relay._devices = DevicesFile(served.devices)
    answers = set()
    for token in (
        None,
        "",
        "Bearer",
        f"Bearer {removed}",
        f"Bearer {disabled}",
        f"Basic {served.token}",
        "Bearer ünk".encode(),
    ):
        for method, path in (("GET", CHANGES), ("GET", "/v1/bundle"), ("POST", "/v1/events"), ("GET", "/v1/nothing")):
            answer = ask(method, path, {"Authorization": token, NONCE: None})
            problem(answer)
            answers.add((answer.status_code, answer.content, tuple(sorted(answer.headers.items()))))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 401
    assert ask("GET", CHANGES).status_code == 200


def test_it_takes_as_many_steps_to_refuse_one_that_is_known_as_one_that_is_not(served):
    """The time tells nothing, as the same lines run for both."""

    class Asking:
        def __init__(self, token):
            self.headers = {"Authorization": f"Bearer {token}"}

    known = served.relay._devices
    known._by_hash = {**known._by_hash, hashed("disabled"): Device("kiosk-3", enabled=False)}

    def lines(token):
        seen = []

        def trace(frame, event, _):
            if "tactful" in frame.f_code.co_filename:
                seen.append((frame.f_code.co_name, frame.f_lineno, event))
            return trace

        sys.settrace(trace)
        try:
            with pytest.raises(asking.Refused):
                served.relay.let_in(Asking(token))
        finally:
            sys.settrace(None)
        return seen

    lines("warm")
    unknown, disabled = lines("unknown"), lines("disabled")
    assert len(unknown) > 20
    assert unknown == disabled


def test_who_asks_too_often_is_told_when_to_come_again(serve, opened):
    served = serve(MemoryCentre(), options=attrs.evolve(QUICK, rate_per_s=0.5, burst=2))
    other = add_device(served.devices, "kiosk-2")
    served.relay._devices = DevicesFile(served.devices)
    one = opened(served.url())
    for _ in range(2):
        one.changes("consents", 0, 9)
    with pytest.raises(CentreError) as caught:
        one.changes("consents", 0, 9)
    assert caught.value.code == "centre-busy"
    assert 1 <= caught.value.retry_after_s <= 2
    (served.where / "other").write_text(other, encoding="utf-8")
    opened(served.url(token=served.where / "other")).changes("consents", 0, 9)  # it has a bucket of its own


def test_guessing_is_slowed_down_and_harms_nobody(serve, opened):
    served = serve(MemoryCentre(), options=attrs.evolve(QUICK, rate_per_s=0.1, burst=5))
    with httpx2.Client(base_url=served.base) as client:
        statuses = [
            client.get(CHANGES, headers={"Authorization": f"Bearer guess-{number}"}).status_code for number in range(8)
        ]
    assert statuses == [401] * 5 + [429] * 3
    opened(served.url()).changes("consents", 0, 9)


def test_a_header_cannot_be_split(served):
    """What is asked for is in no header of an answer, and a line break within a header ends the request."""
    import socket  # noqa: PLC0415 - here alone

    for path, headers in (
        ("/v1/lines/x%0d%0aSet-Cookie:%20a=b/changes?after=0&count=9", "X: y"),
        (CHANGES, f'If-None-Match: "{CANARY}"\r\nX-{CANARY}: y\r\n\t folded'),
        (CHANGES, f"{NONCE}: {'0' * 31}\nSet-Cookie: {CANARY}"),
        (CHANGES, "Content-Length: 5\r\nContent-Length: 6"),
    ):
        token = f"Authorization: Bearer {served.token}"
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\n{token}\r\n{headers}\r\nConnection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", served.port), 10) as raw:
            raw.sendall(request.encode())
            answer = b""
            while piece := raw.recv(65_536):
                answer += piece
        head = answer.partition(b"\r\n\r\n")[0].lower()
        assert head.startswith(b"http/1.1 4"), head
        assert b"set-cookie" not in head
        assert CANARY.encode() not in answer.lower()


class Failing(MemoryCentre):
    """A centre whose errors hold what they should not."""

    def changes(self, line, after, count):
        raise ValueError(f"no row for {CANARY}")

    def deliver(self, events):
        raise KeyError(CANARY)


def test_nothing_personal_is_in_a_log_or_an_answer(serve, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("uvicorn").setLevel(logging.DEBUG)
    served = serve(Failing())
    try:
        with httpx2.Client(
            base_url=served.base, headers={"Authorization": f"Bearer {served.token}", **ASKED}
        ) as client:
            event = Contact("1", CANARY, "shown", 5, topic=CANARY)
            answers = [
                client.get(CHANGES),
                client.post("/v1/events", content=wire.pack_events([event])),
                client.post("/v1/events", content=CANARY.encode()),
                client.post(
                    "/v1/events", content=b"\x91\x92\xa7contact\x81\xab" + CANARY.encode() + b"\xab" + CANARY.encode()
                ),
                client.get(f"/v1/lines/{CANARY}/changes?after={CANARY}", headers={NONCE: CANARY}),
                client.get("/v1/bundle", headers={"Authorization": f"Bearer {CANARY}"}),
            ]
        served.stop()
    finally:
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
    assert [one.status_code for one in answers] == [503, 503, 400, 400, 404, 401]
    ours = [one for one in caplog.records if not one.name.startswith(("httpx2", "httpcore2"))]  # not the test's client
    logged = "".join(f"{one.getMessage()} {one.exc_text} {one.args}" for one in ours)
    written = "".join(capfd.readouterr()) + logged + "".join(one.text + str(one.headers) for one in answers)
    assert CANARY not in written
    assert served.token not in written
    assert "relay: ValueError" in logged


class Hanging(MemoryCentre):
    """A centre that answers to events when it is let."""

    def __init__(self):
        super().__init__()
        self.let = threading.Event()

    def deliver(self, events):
        self.let.wait(30)
        return super().deliver(events)


def test_uploads_that_hang_hold_up_no_consents_and_are_bounded(serve, opened):
    centre = Hanging()
    served = serve(centre, options=attrs.evolve(QUICK, threads=1, patience_s=0.2))
    client, codes = opened(served.url()), []

    def deliver(number):
        try:
            client.deliver([opt_in(str(number), "ada", 5)])
        except CentreError as error:
            codes.append(error.code)

    before = threading.active_count()
    threads = [threading.Thread(target=deliver, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    assert opened(served.url()).changes("consents", 0, 9).epoch == 0
    for one in threads:
        one.join(20)
    assert len(codes) == 8
    assert set(codes) <= {"centre-busy", "centre-behind"}  # the relay has no thread, or waited for the centre in vain
    assert threading.active_count() - before < 20
    centre.let.set()
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            assert client.deliver([opt_in("9", "ada", 5)]).accepted == {"9"}
            break
        except CentreError:
            continue
    assert time.monotonic() < until


def test_health_tells_the_age_of_what_is_told_and_asks_for_no_token(served, serve):
    def ready(one):
        return httpx2.get(f"{one.base}/health/ready")

    assert httpx2.get(f"{served.base}/health/live").json() == {"live": True}
    until = time.monotonic() + 20
    while ready(served).status_code != 200 and time.monotonic() < until:
        time.sleep(0.01)
    told = ready(served).json()
    assert told["ready"] is True
    assert all(0 <= age_s < 20 for age_s in told["ages_s"].values())
    broken = ready(serve(Failing()))
    assert (broken.status_code, broken.json()["ages_s"]) == (503, {"consents": None, "profiles": None})
    assert {(one["part"], one["code"]) for one in broken.json()["lacks"]} == {
        ("consents", "not-heard"),
        ("profiles", "not-heard"),
    }
