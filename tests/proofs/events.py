"""How soon an event that comes by HTTP changes the same customer's next decision, in the server and beside it.

The server is a process of its own; the other edge is in this one, and shares the store. Both are asked until they know.
"""

import base64
import http.client
import json
import multiprocessing
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import attrs
import uvicorn

import tactful
from tactful.authoring import compile_files
from tactful_adapters.segment import SegmentApp

SHOP: Final = b"""
channels: {web: private}
placements: {home: web}
topics: {shoes: {}}
purposes: {offers: consent}
profile: {shop: {all: {owner: crm, purpose: offers}, size: {type: int, say: your size}}}
guardrails: {comfort: off, overcrowding: off}
offers:
  all: {intent: sell, topic: shoes}
  big: {when: profile.size == 43, value: 2, treatments: Big}
  small: {when: profile.size == 38, value: 2, treatments: Small}
  any: {treatments: Any}
events:
  consent: {Advertising: {purpose: offers, yes: explicit}}
  track: {Size Chosen: {properties: {size: size}}}
"""
KEY: Final = "key"
_ASK_EVERY_S: Final = 0.002
#: An edge follows the ledger from its first decision on.
_SETTLES_S: Final = 1.0
_PATIENCE_S: Final = 20.0
_TITLES: Final = {43: "Big", 38: "Small"}


@attrs.frozen
class Delays:
    """
    How long it took from sending an event to the first decision that knows of it.

    Attributes:
        events: So many events there were.
        lost: Those that no decision ever knew of.
        p50_ms: Half of the others took at most so long [ms].
        p99_ms: 99 of 100 did [ms].
        max_ms: All did [ms].
    """

    events: int
    lost: int
    p50_ms: float
    p99_ms: float
    max_ms: float


def delays(count: int, where: str, folder: Path, progress: Callable[[int], None] = lambda _: None) -> Delays:
    """
    Send events, one after the other, and measure.

    Args:
        count: So many events.
        where: Who decides: "the same process" as takes the events, or "another process" that shares the store.
        folder: Takes the store.
        progress: Is told how many are over.
    """
    took: list[float] = []
    with (
        _serving(folder) as address,
        tactful.open(_policy(), store=_store(folder)) as beside,
        closing(http.client.HTTPConnection(*address)) as client,
    ):
        customers = [f"c{number}" for number in range(10)]
        beside.decide("home", customers[0], preview=True)
        time.sleep(_SETTLES_S)
        for number in range(count):
            turn, whose = divmod(number, len(customers))
            customer, size = customers[whose], list(_TITLES)[turn % 2]

            def shown(customer: str = customer) -> str:
                if where == "the same process":
                    return _asked(client, customer)
                return beside.decide("home", customer, preview=True).content.get("title", "")

            if number < len(customers):
                beside.warm(customer)
            began_s = time.monotonic()
            _send(client, customer, size, number)
            while shown() != _TITLES[size] and time.monotonic() - began_s < _PATIENCE_S:
                time.sleep(_ASK_EVERY_S)
            took.append((time.monotonic() - began_s) * 1000)
            progress(number + 1)
    in_time = sorted(one for one in took if one < _PATIENCE_S * 1000) or [0.0]
    return Delays(
        count,
        count - sum(one < _PATIENCE_S * 1000 for one in took),
        _share(in_time, 0.5),
        _share(in_time, 0.99),
        round(in_time[-1], 1),
    )


def _share(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)


def _policy() -> tactful.Policy:
    return compile_files({"shop.yaml": SHOP})


def _store(folder: Path) -> str:
    return f"sqlite:///{folder / 'edge.db'}"


def _send(client: http.client.HTTPConnection, customer: str, size: int, number: int) -> None:
    event = {
        "userId": customer,
        "messageId": f"m{number}",
        "event": "Size Chosen",
        "properties": {"size": size},
        "context": {"consent": {"categoryPreferences": {"Advertising": True}}},
    }
    key = base64.b64encode(f"{KEY}:".encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {key}"}
    client.request("POST", "/v1/track", json.dumps(event), headers)
    answer = client.getresponse()
    told = answer.read()
    if answer.status != 200:
        raise RuntimeError(told)


def _asked(client: http.client.HTTPConnection, customer: str) -> str:
    client.request("GET", f"/decide/{customer}")
    return client.getresponse().read().decode()


@contextmanager
def _serving(folder: Path) -> Iterator[tuple[str, int]]:
    spawned = multiprocessing.get_context("spawn")
    here, there = spawned.Pipe()
    server = spawned.Process(target=_serve, args=(folder, there), daemon=True)
    server.start()
    try:
        if not here.poll(60):
            raise RuntimeError("the server did not start")
        yield "127.0.0.1", here.recv()
    finally:
        server.terminate()
        server.join(10)


def _serve(folder: Path, told: Connection) -> None:
    with tactful.open(_policy(), store=_store(folder)) as edge:
        events = SegmentApp(edge, [KEY])

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and scope["path"].startswith("/decide/"):
                customer = scope["path"].removeprefix("/decide/")
                body = edge.decide("home", customer, preview=True).content.get("title", "").encode()
                headers = [(b"content-length", str(len(body)).encode())]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send({"type": "http.response.body", "body": body})
            else:
                await events(scope, receive, send)

        config = uvicorn.Config(app, log_level="error")
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()  # from here on a client waits, and is not refused
            told.send(listening.getsockname()[1])
            uvicorn.Server(config).run(sockets=[listening])
