"""What a relay, its client and a folder read from outside, made wrong in any way for the fuzzing."""

import asyncio
import base64
import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from tests.relay.conftest import PRIVATE, PUBLIC

import tactful
from tactful import Consent, Consents, ConsentState, Contact, How, MemoryCentre, Observation, Snapshot, Source
from tactful.clock import wall_clock
from tactful.errors import TactfulError
from tactful.relay import wire
from tactful.relay.answer import NONCE, Question, Statement, digest, sign, verified
from tactful.relay.app import relay_app
from tactful.relay.devices import Device
from tactful.relay.folder_state import HEAD_BYTES, Told, with_digest
from tactful.relay.relaying import Relay, RelayOptions

#: Gives bytes that are like the first or the second, and are neither.
Altered = Callable[[bytes, bytes, Random], bytes]
_OPTIONS = RelayOptions(rate_per_s=1e9, burst=10**9, patience_s=60)


class Everybody:
    """Devices of which one token is known."""

    def device_of(self, token: str) -> Device | None:
        """Return the device of the one token."""
        return Device("kiosk") if token == "token" else None  # noqa: S105 - a test's


def told() -> Told:
    """Return a centre that tells a change of each kind."""
    centre = Told(wall_clock)
    centre.put_consents("ann", Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 5, channel="web"),), 7))
    seen = {"visits": Observation(8, Source.OBSERVED, 5), "likes": Observation(("a", "b"), Source.STATED, 5, 0.5)}
    centre.put_profile(Snapshot("ann", 5, seen, 3, frozenset({"size"})))
    centre.link({"card": "4711"}, "ann")
    centre.merge("ann", "al")
    centre.split("ann")
    centre.unlink({"card": "4711"})
    centre.erase("bob")
    return centre


def _events() -> list[bytes]:
    shown = Contact("1", "ann", "shown", 5, topic="food", tags=("a", "b"))
    return [
        wire.pack_events([shown]),
        wire.pack_events([shown, Contact("2", "bob", "withdrawal", 6, tags=("offers",))]),
    ]


def requests(chance: Random, altered: Altered) -> Iterator[dict[str, Any]]:
    """Give requests in ASGI's form of which something is wrong: the path, the query, a header or the body."""
    bodies = _events() + [gzip.compress(one, mtime=0) for one in _events()]
    places = [
        b"/v1/events",
        b"/v1/lines/consents/changes",
        b"/v1/lines/profiles/changes",
        b"/v1/bundle",
        b"/health/live",
    ]
    queries = [b"after=0&count=9", b"after=3&count=100", b"after=0"]
    headers = [
        (b"authorization", b"Bearer token"),
        (NONCE.lower().encode(), b"0123456789abcdef" * 2),
        (b"content-encoding", b"gzip"),
        (b"if-none-match", b'"x"'),
        (b"content-length", b"30"),
    ]
    while True:
        sent = [
            (name, altered(value, name, chance) if chance.random() < 0.1 else value)
            for name, value in headers
            if chance.random() < 0.8 or name == b"authorization"
        ]
        wrong = chance.random()
        place, query, body = chance.choice(places), chance.choice(queries), chance.choice(bodies)
        path = altered(place, query, chance) if wrong < 0.15 else place
        yield {
            "method": chance.choice(("POST", "POST", "GET", "GET", "PUT", "HEAD")),
            "path": path.decode("latin-1"),
            "query": altered(query, place, chance) if 0.15 < wrong < 0.4 else query,
            "headers": sent,
            "body": altered(body, chance.choice(bodies), chance) if wrong > 0.3 else body,
        }


@contextmanager
def asked(chance: Random, altered: Altered) -> Iterator[tuple[Callable[[Any], object], Iterator[Any]]]:
    """Ask a relay; whatever it is asked, it answers, and with no status of a server that failed."""
    relay = Relay((MemoryCentre(),) * 3, tenant="shop", private_key=PRIVATE, devices=Everybody(), options=_OPTIONS)
    app, runner = relay_app(relay), asyncio.Runner()

    def ask(given: dict[str, Any]) -> object:
        answers: list[dict[str, Any]] = []
        scope = {
            "type": "http",
            "method": given["method"],
            "path": given["path"],
            "query_string": given["query"],
            "headers": given["headers"],
        }

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": given["body"], "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            answers.append(message)

        runner.run(app(scope, receive, send))
        if (status := answers[0]["status"]) >= 500 and given["path"] != "/health/ready":
            raise AssertionError(f"status {status}")
        if status >= 400:
            raise tactful.UsageError("refused")
        return status

    try:
        with runner:
            yield ask, requests(chance, altered)
    finally:
        relay.close()


@contextmanager
def answered(chance: Random, altered: Altered) -> Iterator[tuple[Callable[[Any], object], Iterator[Any]]]:
    """Give a client answers that are altered: none but the one that was signed is believed."""
    centre, question = told(), Question("shop", "changes", "0" * 32, "profiles", 0, 9)
    found = centre.changes("profiles", 0, 9)
    body = wire.pack_page(wire.Page(found.changes, found.epoch, is_complete=True))
    header = sign(Statement(question, found.epoch, found.at_us, digest(body)), PRIVATE).encode()

    def read(given: tuple[bytes, bytes]) -> object:
        try:
            said = verified(given[0].decode("latin-1"), question, (PUBLIC,))
        finally:
            _unpacked(given[1])
        if said.sha256 != digest(given[1]):
            raise tactful.CentreError("altered")
        if given[1] != body or base64.b64decode(given[0]) != base64.b64decode(header):
            raise AssertionError("it was believed")
        return said

    def inputs() -> Iterator[tuple[bytes, bytes]]:
        while True:
            which = chance.random()
            yield (
                altered(header, body, chance) if which < 0.6 else header,
                altered(body, header, chance) if which > 0.4 else body,
            )

    yield read, inputs()


def _unpacked(body: bytes) -> None:
    """Read a body as if it had been signed."""
    for read in (wire.unpack_page, wire.unpack_delivery, lambda raw: wire.unpack_events(raw, 100)):
        try:
            read(body)
        except TactfulError:
            continue


@contextmanager
def folders(chance: Random, altered: Altered) -> Iterator[tuple[Callable[[Any], object], Iterator[Any]]]:
    """Give a folder's file that is altered, with its digest as it was or as it would be."""
    good = told().packed()

    def inputs() -> Iterator[bytes]:
        while True:
            raw = altered(good, good[::-1], chance)
            yield raw if chance.random() < 0.5 else with_digest(raw[HEAD_BYTES:])

    yield lambda raw: Told.unpacked(raw, wall_clock), inputs()
