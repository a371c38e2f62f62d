"""Segment's HTTP interface over an edge, for its clients and RudderStack's: as an ASGI application, or for WSGI.

It needs no library. What of an event is kept the policy says, in its section `events`. Whoever has a write key can
speak for any customer: it belongs on your servers.

    app = SegmentApp(edge, write_keys=[os.environ["WRITE_KEY"]])
"""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Final, Protocol

import attrs

import tactful
from tactful import Event

from .asgi_body import TOO_LARGE, NotTaken, body_of
from .segment_body import Answer, Problem, Route, parsed, routed, too_large
from .segment_events import Malformed, one, several

_log = logging.getLogger("tactful")
_RETRY_S: Final = "5"
_SOON_S: Final = "1"
#: So many refused events of a batch are named.
_NAMED_MAX: Final = 100
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
#: What follows once events are kept; it may be called again with the same ones.
Then = Callable[[Sequence[Event]], object]


class _StartResponse(Protocol):
    def __call__(self, status: str, headers: list[tuple[str, str]], /) -> object: ...


class _Receiver:
    """Takes requests, whatever server brings them."""

    def __init__(self, edge: tactful.Edge, write_keys: Sequence[str], clock: tactful.Clock, then: Then | None) -> None:
        if isinstance(write_keys, str) or not write_keys or not all(write_keys):
            raise tactful.UsageError("write_keys= needs at least one key that is not empty, in a list")
        self._edge, self._clock, self._then = edge, clock, then
        self._keys = tuple(key.encode() for key in write_keys)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def counts(self) -> Mapping[str, int]:
        """What became of events and their parts since the start, and how often, for monitors."""
        with self._lock:
            return dict(self._counts)

    def __repr__(self) -> str:  # the keys are secret
        return f"<{type(self).__name__}>"

    def _route(self, method: str, path: str, headers: Mapping[str, str]) -> Route:
        return routed(method, path, headers, self._keys)

    def _take(self, route: Route, raw: bytes) -> Answer:
        """Keep the events of a request; return what the client is told."""
        try:
            return self._kept(route, parsed(route, raw))
        except Malformed as error:
            self._count({"malformed": 1})
            raise Problem(400, str(error), field=error.field) from None
        except RecursionError:
            raise Problem(400, "the body is nested too deeply", field="body") from None
        except (tactful.StoreError, tactful.UsageError) as error:
            _log.error("events could not be kept: %s", type(error).__name__)
            raise Problem(
                503, "events cannot be kept now; send them again", headers={"Retry-After": _RETRY_S}
            ) from None

    def _kept(self, route: Route, body: object) -> Answer:
        now_us = self._clock()
        if route.kind != "batch":
            self._hear([one(route.kind, body, now_us)])
            return Answer(200, {"success": True})
        events, wrong = several(body, now_us)
        if wrong and not events:
            raise wrong[0]
        self._hear(events)
        self._count({"malformed": len(wrong)})
        refused = [attrs.asdict(error) for error in wrong[:_NAMED_MAX]]
        return Answer(200, {"success": True, **({"refused": refused} if refused else {})})

    def _hear(self, events: Sequence[Event]) -> None:
        self._count({fate.value: count for fate, count in self._edge.hear(events).items()})
        if self._then is not None:
            self._then(events)

    def _count(self, counts: Mapping[str, int]) -> None:
        with self._lock:
            self._counts.update({name: count for name, count in counts.items() if count})

    def _failed(self, error: Exception) -> Answer:
        _log.error("a request with events failed: %s", type(error).__name__)
        return Problem(500, "the request failed").answer()


class SegmentApp(_Receiver):
    """
    An ASGI application; mount it, or serve it alone.

    Args:
        edge: What keeps the events, and decides; the application does not close it.
        write_keys: A request must bring one of them.
        waiting_max: Of more requests at a time the others are told to come again soon.
        clock: Gives the moment [us since 1970].
        then: Called with events once they are kept, such as `Triggers.heard`; if it raises, they come again.

    Raises:
        UsageError: If there is no key.
    """

    def __init__(
        self,
        edge: tactful.Edge,
        write_keys: Sequence[str],
        *,
        waiting_max: int = 64,
        clock: tactful.Clock = tactful.wall_clock,
        then: Then | None = None,
    ) -> None:
        super().__init__(edge, write_keys, clock, then)
        self._waiting_max = waiting_max
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; it takes part in a server's lifespan, and refuses what is not HTTP."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            raise tactful.UsageError("events come by HTTP")
        try:
            answer = await self._answer(scope, receive)
        except Problem as problem:
            answer = problem.answer()
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told nothing of it
            answer = self._failed(error)
        headers, body = answer.sent()
        encoded = [(name.lower().encode(), value.encode()) for name, value in headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        route = self._route(scope["method"], path, headers)
        if self._waiting >= self._waiting_max:
            raise Problem(429, "too many requests at a time", headers={"Retry-After": _SOON_S})
        self._waiting += 1
        try:
            raw = await _body(route, receive)
            return await asyncio.to_thread(self._take, route, raw)
        finally:
            self._waiting -= 1


class SegmentWSGI(_Receiver):
    """
    The same for WSGI; a server's threads bound how many requests are handled at a time.

    Args:
        edge: What keeps the events, and decides; the application does not close it.
        write_keys: A request must bring one of them.
        clock: Gives the moment [us since 1970].
        then: As for `SegmentApp`.

    Raises:
        UsageError: If there is no key.
    """

    def __init__(
        self,
        edge: tactful.Edge,
        write_keys: Sequence[str],
        *,
        clock: tactful.Clock = tactful.wall_clock,
        then: Then | None = None,
    ) -> None:
        super().__init__(edge, write_keys, clock, then)

    def __call__(self, environ: Mapping[str, Any], start_response: _StartResponse) -> Iterable[bytes]:
        """Handle one request."""
        try:
            answer = self._answer(environ)
        except Problem as problem:
            answer = problem.answer()
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told nothing of it
            answer = self._failed(error)
        headers, body = answer.sent()
        start_response(f"{answer.status} {answer.reason}", headers)
        return [body]

    def _answer(self, environ: Mapping[str, Any]) -> Answer:
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
        }
        route = self._route(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""), headers)
        if "content-length" not in headers and not environ.get("wsgi.input_terminated"):
            raise Problem(411, "the request must say how long its body is")
        length = int(headers.get("content-length", route.max_bytes + 1))
        raw = environ["wsgi.input"].read(length)
        if len(raw) > route.max_bytes:
            too_large(route)
        return self._take(route, raw)


async def _body(route: Route, receive: Receive) -> bytes:
    try:
        return await body_of(receive, route.max_bytes)
    except NotTaken as error:
        if error.status == TOO_LARGE:
            too_large(route)
        raise Problem(error.status, str(error), field="body") from None


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
