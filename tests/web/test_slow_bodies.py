"""A body that trickles in is not waited for, wherever an ASGI application of ours takes one."""

import asyncio

import pytest

import tactful
from tactful.authoring import compile_files
from tactful_adapters import asgi_body
from tactful_adapters.asgi_body import NotTaken, body_of
from tactful_adapters.email.serving import asgi
from tactful_adapters.email.unsubscribe import Unsubscribing
from tactful_adapters.segment import SegmentApp

SHOP = """
channels: {email: private}
placements: {letter: email}
topics: {food: {}}
purposes: {offers: consent}
offers: {bread: {intent: sell, topic: food, purpose: offers, treatments: Bread}}
"""


@pytest.fixture
def edge(tmp_path):
    with tactful.open(compile_files({"policy.yaml": SHOP.encode()}), store=f"sqlite:///{tmp_path}/edge.db") as opened:
        yield opened


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(asgi_body, "BODY_S", 0.1)


def receiver(*messages):
    """What gives these messages, and then nothing any more."""
    left = list(messages)

    async def receive():
        if not left:
            await asyncio.sleep(60)
        return left.pop(0)

    return receive


def piece(body, *, more):
    return {"type": "http.request", "body": body, "more_body": more}


def asked(app, path, receive, *headers):
    """Return the status of an application's answer, and its body."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": list(headers)}
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ([], 408),
        ([piece(b"x", more=True)], 408),
        ([piece(b"x" * 9, more=False)], 413),
        ([piece(b"x" * 5, more=True), piece(b"x" * 5, more=True)], 413),
        ([piece(b"x", more=True), {"type": "http.disconnect"}], 400),
    ],
)
def test_it_is_not_taken_and_the_status_says_why(messages, status):
    with pytest.raises(NotTaken) as caught:
        asyncio.run(body_of(receiver(*messages), 8))
    assert caught.value.status == status


def test_one_that_comes_in_pieces_is_taken():
    pieces = receiver(piece(b"abcd", more=True), piece(b"", more=True), piece(b"efgh", more=False))
    assert asyncio.run(body_of(pieces, 8)) == b"abcdefgh"


def test_events_are_not_waited_for_for_ever(edge):
    app = SegmentApp(edge, ["WK"])
    key = (b"authorization", b"Basic V0s6")
    kind = (b"content-type", b"application/json")
    status, told = asked(app, "/v1/track", receiver(piece(b"{", more=True)), key, kind)
    assert (status, b"took more than" in told) == (408, True)
    assert app._waiting == 0


def test_nobody_is_unsubscribed_by_half_a_body(edge):
    unsubscribing = Unsubscribing(edge, edge._store, "https://shop.example/unsubscribe/")
    link = unsubscribing.link("ann", "offers", "email", "spring")
    kind = (b"content-type", b"application/x-www-form-urlencoded")
    half = receiver(piece(b"List-Unsubscribe=One-Click", more=True))
    status, _ = asked(asgi(unsubscribing), link.removeprefix("https://shop.example"), half, kind)
    assert status == 400
    whole = receiver(piece(b"List-Unsubscribe=One-Click", more=False))
    assert asked(asgi(unsubscribing), link.removeprefix("https://shop.example"), whole, kind)[0] == 200
