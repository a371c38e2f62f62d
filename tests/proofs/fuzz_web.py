"""URLs of what an edge is opened with, and requests of a served edge and of unsubscribe links, wrong in any way."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.relay.conftest import PUBLIC

import tactful
from tactful.authoring import compile_files
from tactful.fleet.enrolling import _token_path
from tactful.installed import store_of
from tactful.relay.address import Address as RelayAddress
from tactful.relay.folder import FolderCentre, _named
from tactful.serve.app import serve_app
from tactful.sync.joining import centre_of
from tactful_adapters import nats_address, postgresql_address, valkey_address
from tactful_adapters.email.command import transport_of
from tactful_adapters.email.serving import asgi
from tactful_adapters.email.unsubscribe import Unsubscribing
from tactful_adapters.partner_webhook import WebhookPartner
from tactful_adapters.sqlite import SQLiteStore

#: Gives bytes that are like the first or the second, and are neither.
Altered = Callable[[bytes, bytes, Random], bytes]
Target = tuple[Callable[[Any], object], Iterator[Any]]
#: What means something in a URL, or to what is opened with it.
_TELLING: Final = (
    *"[]@:/?#%&=;,\\ \"'<>|^`{}~!$*+",
    *("\0", "\n", "\r", "\t", "\x7f", "\xa0", "\xad", "\u2100", "\u3002", "\uff0f", "\ud800", "٣", "é", "💥"),
    *("%00", "%2f", "%", "%zz", "%ff", "%ud800", "//", "..", "[::1", "::", "[v1.x]", ":99999", ":-1", ":٣", "@@"),
    *("nan", "inf", "1e999", "-0", "9" * 5000, "a" * 300, "?", "&&", "==", "timeout_s=", "schema=pg_", "xn--"),
)
_SHOP: Final = """
name: fuzz
channels: {web: private, letter: {privacy: private, outbound: true}}
placements: {home: {channel: web, slots: 2}}
context: {page: text, hour: int}
topics: {food: {}}
purposes: {offers: consent}
identifiers: {card: person}
profile: {shop: {all: {owner: crm, purpose: offers}, visits: {type: int, say: visits}}}
offers:
  all: {intent: sell, topic: food, purpose: offers}
  olives: {when: 'context.page == "deli" || profile.visits > 3', treatments: Olives}
"""


class _Parked(SQLiteStore):
    """A store whose file lies in a folder of ours, whatever the URL says of where."""

    folder: Path

    def __init__(self, path: str, **more: Any) -> None:
        super().__init__(self.folder / str(path).replace("/", "_"), **more)


class _ParkedFolder(FolderCentre):
    """A centre whose folder lies in one of ours, whatever the URL says of where."""

    parent: Path

    def __init__(self, folder: str | Path) -> None:
        super().__init__(self.parent / str(folder).replace("/", "_"))


def _sent(good: str, chance: Random) -> str:
    """Return a URL in which some pieces are others, are missing, or came in between."""
    found = good
    for _ in range(chance.randrange(4)):
        at, end = sorted(chance.randrange(len(found) + 1) for _ in "ab")
        end = end if chance.random() < 0.3 else min(at + chance.randrange(3), len(found))
        found = found[:at] + chance.choice(_TELLING) * chance.choice((0, 1, 1, 1, 2)) + found[end:]
    return found


@contextmanager
def urls(chance: Random, altered: Altered) -> Iterator[Target]:
    """Open what a URL names as far as that needs no server; files lie in a folder that is deleted at the end."""
    with tempfile.TemporaryDirectory() as folder:
        _Parked.folder = _ParkedFolder.parent = Path(folder) / "parked"
        key, token = Path(folder) / "key", Path(folder) / "token"
        key.write_text(PUBLIC)
        token.write_text("token")
        readers = _readers(f"tenant=shop&key={key}&token={token}")

        def read(given: tuple[int, str]) -> object:
            _Parked.folder.mkdir(exist_ok=True)
            try:
                return readers[given[0]][1](given[1])
            finally:
                shutil.rmtree(_Parked.folder)

        def inputs() -> Iterator[tuple[int, str]]:
            while True:
                which = chance.randrange(len(readers))
                good = chance.choice(readers)[0] if chance.random() < 0.05 else readers[which][0]
                raw = chance.random() < 0.2
                yield (
                    which,
                    altered(good.encode(), b"sqlite:///x", chance).decode("latin-1") if raw else _sent(good, chance),
                )

        yield read, inputs()


def _readers(relay: str) -> list[tuple[str, Callable[[str], object]]]:
    """Return what reads URLs, each with a good one; those whose extra is not installed are left out."""
    edge, store = tactful.open(compile_files({"policy.yaml": _SHOP.encode()})), tactful.MemoryStore()
    readers: list[tuple[str, Callable[[str], object]]] = [
        ("sqlite:///edge.db?shared=yes", lambda url: _Parked.from_url(url).close()),
        ("file:///srv/centre", lambda url: _ParkedFolder(_named(url)).close()),
        (f"relay+https://relay.example:8443/x?{relay}", RelayAddress.from_url),
        (f"relay+https://relay.example:8443/x?{relay}", _token_path),
        ("smtp://us%40er@mail.example:587", lambda url: None if url.startswith("maildir:") else transport_of(url)),
        ("https://shop.example/unsubscribe/", lambda url: Unsubscribing(edge, store, url)),
        ("https://partner.example:443/told", lambda url: WebhookPartner(url, b"k" * 32)),
        ("mongodb://host/x", lambda url: store_of(f"x{url}")),
        ("amqp://host/x", lambda url: centre_of(f"x{url}")),
    ]
    if find_spec("psycopg"):
        pg = "postgresql://role:secret@[::1]:5432/shop?schema=tactful&connections=8&timeout_s=5&sslmode=require"
        readers.append((pg, postgresql_address.Address.of))
    if find_spec("nats"):
        readers.append(("nats://user:secret@host:4222/shop?timeout_s=5&replicas=3", nats_address.Address.of))
    if find_spec("valkey"):
        valkey = "valkeys://user:secret@host:6379/0?prefix=shop&timeout_s=2&replicas=1&centre=nats://host"
        readers.append((valkey, valkey_address.Address.of))
    return readers


def status_of(
    runner: asyncio.Runner,
    app: Any,
    path: str,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
    method: str = "POST",
) -> int:
    """Return the status with which an application answers; a refusal is raised."""
    answers: list[dict[str, Any]] = []
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    runner.run(app(scope, receive, send))
    status: int = answers[0]["status"]
    if status >= 500:
        raise AssertionError(f"status {status}")
    if status >= 400:
        raise tactful.UsageError("refused")
    return status


@contextmanager
def served(chance: Random, altered: Altered) -> Iterator[Target]:
    """Ask a served edge for decisions, record them, and opt out."""
    edge, runner = tactful.open(compile_files({"policy.yaml": _SHOP.encode()})), asyncio.Runner()
    app = serve_app(edge, deadline_s=0)
    token = edge.decide("home", "ann", {"page": "deli"}).token
    good = [
        json.dumps(body).encode()
        for body in (
            {"placements": ["home"], "who": "ann", "context": {"page": "deli", "hour": 9}},
            {"placements": ["home"], "who": {"card": "4711"}},
            {"token": token},
            {"who": "ann", "purpose": "offers"},
        )
    ]
    paths = ("/v1/decide", "/v1/decide", "/v1/record", "/v1/opt-out", "/openapi.json", "/health/ready", "/%00", "")

    def ask(body: bytes) -> object:
        headers = [(b"host", b"localhost"), (b"content-type", chance.choice((b"application/json",) * 9 + (b"\xff",)))]
        for name, value in ((b"origin", b"https://x"), (b"authorization", b"Bearer \xff"), (b"content-length", b"-1")):
            if chance.random() < 0.03:
                headers.append((name, altered(value, name, chance)))
        method = chance.choice(("POST",) * 9 + ("GET", "PUT", "\u00e9", "OPTIONS"))
        return status_of(runner, app, chance.choice(paths), headers, body, method)

    def inputs() -> Iterator[bytes]:
        while True:
            yield altered(chance.choice(good), chance.choice(good), chance)

    with edge, runner:
        yield ask, inputs()


@contextmanager
def unsubscribed(chance: Random, altered: Altered) -> Iterator[Target]:
    """Follow unsubscribe links that are altered, with forms that are."""
    edge, runner = tactful.open(compile_files({"policy.yaml": _SHOP.encode()})), asyncio.Runner()
    unsubscribing = Unsubscribing(edge, tactful.MemoryStore(), "https://shop.example/leave")
    app = asgi(unsubscribing)
    links = [unsubscribing.link(who, "offers", "letter", "may").encode() for who in ("ann", "bob")]
    form = b"List-Unsubscribe=One-Click"
    parts = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    forms = [(b"application/x-www-form-urlencoded", form), (b"multipart/form-data; boundary=x", parts)]

    def ask(given: tuple[bytes, bytes, bytes, str]) -> object:
        link, kind, body, method = given
        return status_of(runner, app, link.decode("latin-1"), [(b"content-type", kind)], body, method)

    def inputs() -> Iterator[tuple[bytes, bytes, bytes, str]]:
        while True:
            kind, body = chance.choice(forms)
            link, wrong = chance.choice(links), chance.random()
            yield (
                altered(link, links[0], chance) if wrong < 0.4 else link,
                altered(kind, body, chance) if 0.3 < wrong < 0.7 else kind,
                altered(body, form, chance) if wrong > 0.5 else body,
                chance.choice(("POST",) * 9 + ("GET", "HEAD", "PUT", "")),
            )

    with edge, runner:
        yield ask, inputs()
