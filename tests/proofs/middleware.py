"""What the middleware adds to an empty page, with and without it in turn, by the time that the processor works.

The page itself is the framework's shortest, so that no ratio looks better than it is; no socket is in between.
"""

import asyncio
import io
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import flask
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import tactful
from tactful import Observation, Snapshot, Source
from tactful.authoring import compile_files
from tactful_adapters.asgi import TactfulMiddleware as ForASGI
from tactful_adapters.flask import Tactful
from tactful_adapters.web import Site, from_header
from tactful_adapters.wsgi import TactfulMiddleware as ForWSGI

SHOP: Final = b"""
channels: {web: private}
placements: {hero: web}
topics: {food: {}}
purposes: {offers: consent}
profile: {shop: {all: {owner: crm, purpose: offers}, visits: {type: int, say: how often you visit}}}
offers: {thanks: {intent: sell, topic: food, when: profile.visits >= 6, purpose: offers, treatments: Thanks}}
"""
FRAMEWORKS: Final = ("asgi", "wsgi", "flask", "django")
_BATCH: Final = 20
#: Handles so many requests, one after the other.
Serve = Callable[[int], None]


@attrs.frozen
class Added:
    """
    What the middleware adds to an empty page.

    Attributes:
        requests: So many there were, with and without it each.
        without_us: A request without it takes so long, half of the time [us].
        with_us: One with it does [us].
        added_us: The middleware's part [us].
        ratio: With to without.
    """

    requests: int
    without_us: float
    with_us: float
    added_us: float
    ratio: float


def added(framework: str, who: str | None, count: int, folder: Path, progress: Callable[[int], None] = print) -> Added:
    """
    Measure pairs of batches, with and without it in turn.

    Args:
        framework: One of `FRAMEWORKS`.
        who: The customer that asks, or None for a visitor.
        count: How many requests, with and without it each.
        folder: Where the store's file goes.
        progress: Told how many requests of each sort are done.
    """
    with ExitStack() as stack:
        site = stack.enter_context(_site(folder))
        make = {"asgi": _asgi, "wsgi": _wsgi, "flask": _flask, "django": _django}[framework]
        serves = [stack.enter_context(make(one, who)) for one in (None, site)]
        for serve in serves:
            serve(_BATCH)  # what is made once is made
        taken: tuple[list[float], list[float]] = ([], [])
        for done in range(0, count, _BATCH):
            for number in (0, 1) if done // _BATCH % 2 else (1, 0):
                taken[number].append(_us(serves[number]))
            progress(done + _BATCH)
    plain, ours = map(statistics.median, taken)
    return Added(
        len(taken[0]) * _BATCH, round(plain, 1), round(ours, 1), round(ours - plain, 1), round(ours / plain, 2)
    )


def _us(serve: Serve) -> float:
    """Return how long the processor works for a request, on any thread [us]."""
    begun_ns = time.process_time_ns()
    serve(_BATCH)
    return (time.process_time_ns() - begun_ns) / 1000 / _BATCH


@contextmanager
def _site(folder: Path) -> Iterator[Site]:
    with tactful.open(compile_files({"policy.yaml": SHOP}), store=f"sqlite:///{folder / 'edge.db'}") as edge:
        now_us = tactful.wall_clock()
        edge._store.put_profile(Snapshot("ann", now_us, {"visits": Observation(8, Source.OBSERVED, now_us)}))
        edge.opt_in("ann", "offers")
        yield Site(edge=edge, who=from_header("x-who"))


@contextmanager
def _asgi(site: Site | None, who: str | None) -> Iterator[Serve]:
    async def home(_: object) -> PlainTextResponse:
        return PlainTextResponse("")

    app: Any = Starlette(routes=[Route("/", home)])
    app = app if site is None else ForASGI(app, site)
    headers = [] if who is None else [(b"x-who", who.encode())]
    with asyncio.Runner() as runner:

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(_: object) -> None:
            pass

        async def serve(count: int) -> None:
            for _ in range(count):
                scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "query_string": b""}
                await app(scope, receive, send)

        yield lambda count: runner.run(serve(count))


def _of_wsgi(app: Any, who: str | None) -> Serve:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        **({} if who is None else {"HTTP_X_WHO": who}),
    }

    def serve(count: int) -> None:
        for _ in range(count):
            body = app(dict(environ), lambda *_: None)
            b"".join(body)
            if hasattr(body, "close"):
                body.close()

    return serve


@contextmanager
def _wsgi(site: Site | None, who: str | None) -> Iterator[Serve]:
    def home(_: object, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [b""]

    yield _of_wsgi(home if site is None else ForWSGI(home, site), who)


@contextmanager
def _flask(site: Site | None, who: str | None) -> Iterator[Serve]:
    shop = flask.Flask("shop")
    shop.add_url_rule("/", view_func=lambda: "")
    if site is not None:
        Tactful(site).init_app(shop)
    yield _of_wsgi(shop, who)


@contextmanager
def _django(site: Site | None, who: str | None) -> Iterator[Serve]:
    from tests.web.django_project import served  # noqa: PLC0415 - configures Django

    with served(site, "") as app:
        yield _of_wsgi(app, who)
