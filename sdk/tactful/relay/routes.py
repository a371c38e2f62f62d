"""The routes of a relay, all of them; a further one is a function and a line in `ROUTES`. Who may ask is known here.

What is answered is signed, also that nothing is new; what is refused is not, as nobody should believe more of it than
that there is no answer.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, cast

import attrs
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ..changes import LINES, Changes, Delivery, Line
from ..clock import wall_clock
from ..contacts import Contact
from ..disclosures import Disclosure, Passed
from ..errors import BundleError, CentreError
from . import wire
from .answer import HEADER, Question, digest
from .asking import (
    CHANGES_MAX,
    EVENTS_MAX,
    Refused,
    body_of,
    nonce_of,
    token_of,
    unknown_path,
    unzipped,
    whole,
)
from .devices import Device
from .relaying import Door, Relay

#: An answer has at most so many bytes [B]; of changes that would be more, the first ones are told.
ANSWER_MAX_BYTES: Final = 16 * 1024 * 1024
#: Of each device, so many may listen at the same time.
_LISTENERS_EACH: Final = 4
_LISTEN_MAX_S: Final = 900.0
_FIELDS: Final = frozenset(field.name for cls in (Contact, Disclosure, Passed) for field in attrs.fields(cls))


@attrs.frozen
class Ask:
    """A request of a device that may ask."""

    relay: Relay
    device: Device
    request: Request

    @property
    def line(self) -> Line:
        """
        The line that is asked for.

        Raises:
            Refused: If there is no such line.
        """
        found = self.request.path_params["line"]
        if found not in LINES:
            raise Refused(404, "field", f"expected one of {', '.join(LINES)}", field="line")
        return cast("Line", found)


async def changes(ask: Ask) -> Response:
    """Tell what has changed on a line since an epoch."""
    line, after, count = ask.line, whole(ask.request, "after"), whole(ask.request, "count", CHANGES_MAX)
    relay = ask.relay
    question = Question(relay.tenant, "changes", nonce_of(ask.request), line, after, count)
    # What makes no sense is for the edge to say: also that the centre's epochs are lower than they were.
    told = await relay.lanes[line].run(lambda: relay.centres[line].changes(line, after, count))
    relay.asked(ask.device, line, after, told.epoch)
    body = await relay.lanes[line].run(lambda: _bounded(told))
    return answered(ask, question, body, epoch=told.epoch, at_us=told.at_us, media_type=wire.MEDIA_TYPE)


async def events(ask: Ask) -> Response:
    """Take events, each once by its id."""
    relay, raw = ask.relay, await body_of(ask.request)
    question = Question(relay.tenant, "events", nonce_of(ask.request), sent=digest(raw))
    body = unzipped(raw, ask.request.headers.get("Content-Encoding", ""))
    try:
        taken = await relay.lanes["events"].run(lambda: wire.unpack_events(body, EVENTS_MAX))
    except BundleError as error:
        place, _, detail = str(error).rpartition(": ")
        raise Refused(400, "field", detail, field=_place(place)) from None
    found = await relay.lanes["events"].run(lambda: relay.centres["events"].deliver(taken.events))
    refused = dict.fromkeys(taken.unreadable - found.accepted, "event-unreadable")
    packed = wire.pack_delivery(Delivery(found.accepted, {**found.refused, **refused}))
    return answered(ask, question, packed, at_us=wall_clock(), media_type=wire.MEDIA_TYPE)


async def bundle(ask: Ask) -> Response:
    """Give the policy's bundle, as its authors signed it."""
    relay, followed = ask.relay, ask.relay.bundle
    question = Question(relay.tenant, "bundle", nonce_of(ask.request))
    found = None if followed is None else await relay.lanes["bundle"].run(lambda: followed.current_for(ask.device))
    if found is None:
        raise Refused(404, "no-bundle", "there is no bundle here", field="path")
    return answered(ask, question, found.raw, at_us=wall_clock(), sha256=found.sha256)


async def hints(ask: Ask) -> Response:
    """Tell whenever there may be something newer on a line, and in between that there is not (server-sent events)."""
    line, after = ask.line, whole(ask.request, "after")
    if _is_full(ask, more=1):
        raise Refused(429, "too-many-listeners", "poll, and listen again later", retry_after_s=30)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_hints(ask, line, after), headers=headers, media_type="text/event-stream")


#: Answers at a path.
Route = Callable[[Ask], Awaitable[Response]]


@attrs.frozen
class Opened:
    """A route that is opened beside those of here: its method, its path, what answers there, and to whom."""

    method: str
    path: str
    route: Route
    door: Door = Door.DEVICES


#: The method and the path of each route, and what answers there.
ROUTES: Final[Sequence[tuple[str, str, Route]]] = (
    ("GET", "/v1/lines/{line}/changes", changes),
    ("GET", "/v1/lines/{line}/hints", hints),
    ("POST", "/v1/events", events),
    ("GET", "/v1/bundle", bundle),
)


async def nothing(_: Ask) -> Response:
    """Say that there is no such path."""
    raise unknown_path()


def answered(
    ask: Ask,
    question: Question,
    body: bytes,
    *,
    at_us: int,
    epoch: int = 0,
    sha256: str | None = None,
    media_type: str = "application/octet-stream",
) -> Response:
    """
    Return a signed answer; without its body if the one who asks has it.

    Args:
        ask: Who asks.
        question: What is asked.
        body: What is answered.
        at_us: The moment [us since 1970].
        epoch: The epoch that goes with it.
        sha256: The body's digest in hex, where it is known; None works it out.
        media_type: What the body is.
    """
    sha256 = digest(body) if sha256 is None else sha256
    etag = f'"{sha256}"'
    is_known = ask.request.method == "GET" and ask.request.headers.get("If-None-Match") == etag
    signed = ask.relay.vouch(question, epoch, at_us, sha256, is_known=is_known)
    headers = {HEADER: signed, "ETag": etag, "Cache-Control": "no-store"}
    if is_known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _place(place: str) -> str:
    """Return where something in the body does not fit: by numbers and by names of ours, never by what came in."""
    parts = (part for part in place.split("/") if part.isdecimal() or part in _FIELDS)
    return "/".join(("body", *parts))


def _bounded(told: Changes) -> bytes:
    """Return changes as bytes: all of them, or as many as an answer may have."""
    page = wire.Page(told.changes, told.epoch, told.is_complete)
    while len(body := wire.pack_page(page)) > ANSWER_MAX_BYTES:
        if len(page.changes) == 1:
            raise CentreError("one change alone is larger than an answer may be", code="centre-too-large")
        page = wire.Page(page.changes[: len(page.changes) // 2], told.epoch, is_complete=False)
    return body


def _is_full(ask: Ask, more: int = 0) -> bool:
    """Return whether more listen than may: of all devices, or of this one."""
    found = ask.relay.listeners
    total = sum(found.values()) + more
    return total > ask.relay.options.listeners or found.get(ask.device.id, 0) + more > _LISTENERS_EACH


async def _hints(ask: Ask, line: Line, after: int) -> AsyncIterator[bytes]:
    """Give hints until the device goes, may ask no more, or has listened for long; then it comes again."""
    relay, device, token = ask.relay, ask.device.id, token_of(ask.request)
    watch, until_s = relay.watches[line], asyncio.get_running_loop().time() + _LISTEN_MAX_S
    relay.listeners[device] = relay.listeners.get(device, 0) + 1
    try:
        if _is_full(ask):  # of several that came at once, each saw room
            return
        with watch.listening() as wake:
            yield b": \n\n"
            while not watch.ended and relay.standing(token) and asyncio.get_running_loop().time() < until_s:
                wake.clear()
                if watch.epoch > after:
                    after = watch.epoch
                    yield b"data: %d\n\n" % after
                    continue
                with suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), relay.options.heartbeat_s)
                    continue
                yield b": \n\n"
    finally:
        relay.listeners[device] -= 1
        if not relay.listeners[device]:
            del relay.listeners[device]
