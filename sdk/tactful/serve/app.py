"""Decisions over HTTP as an ASGI application: who is let in, what is refused, and whether it is well.

Nothing that came in is logged, and no error's message: only codes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import attrs

from ..engine.edge import Edge
from ..errors import ExtraMissing, StoreError, TokenError, UsageError

try:
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.cors import CORSMiddleware
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route
except ImportError as error:
    raise ExtraMissing("tactful serve", "serve") from error

from .answer import answer_of
from .asking import Decide, OptOut, Record
from .body import BODY_MAX_BYTES
from .guard import Guard
from .health import Health
from .openapi import openapi
from .problem import Problem, misfit

_log = logging.getLogger("tactful")
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_NO_STORE: Final = {"Cache-Control": "no-store"}
_BODY_S: Final = 10.0
_AGAIN_S: Final = "1"
_Take = Callable[[bytes], Awaitable[Mapping[str, object]]]
_Endpoint = Callable[[Request], Awaitable[Response]]


def serve_app(edge: Edge, *, guard: Guard = Guard(), deadline_s: float = 0.05) -> Starlette:  # noqa: B008 - frozen
    """
    Return the application.

    Args:
        edge: What decides; the application does not close it.
        guard: Who may ask.
        deadline_s: So long a decision waits until a customer is here [s].
    """
    served = _Served(edge, guard, deadline_s)
    paths = {"/v1/decide": served.decide, "/v1/record": served.record, "/v1/opt-out": served.opt_out}
    routes = [Route(path, served.taking(take), methods=["POST"]) for path, take in paths.items()]
    routes += [
        Route("/openapi.json", _answering(served.document), methods=["GET"]),
        Route("/health/live", served.live, methods=["GET"]),
        Route("/health/ready", _answering(served.ready), methods=["GET"]),
        Route("/{rest:path}", _answering(served.nothing), methods=_METHODS),
    ]
    pages = Middleware(
        CORSMiddleware,
        allow_origins=sorted(guard.origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
    )
    return Starlette(routes=routes, middleware=[pages] if guard.origins else [])


class _Served:
    def __init__(self, edge: Edge, guard: Guard, deadline_s: float) -> None:
        self._edge, self._guard, self._deadline_s = edge, guard, deadline_s
        self._health = Health(edge)

    def taking(self, take: _Take) -> _Endpoint:
        """Return the endpoint that lets a request in, reads its body, and tells what became of it."""

        async def taken(request: Request) -> Response:
            self._guard.let_in(request.headers)
            self._guard.takes_json(request.headers)
            body = await _body_of(request)
            self._is_open()
            return JSONResponse(await take(body), headers=_NO_STORE)

        return _answering(taken)

    def _is_open(self) -> None:
        if self._edge.closed:
            raise Problem(503, "closed", "the edge is closed")

    async def decide(self, body: bytes) -> Mapping[str, object]:
        """Decide."""
        asked = Decide.of(body, self._edge.plan)
        if asked.who is not None:
            await self._here(asked)
        decision = self._edge.decide(
            asked.placements,
            asked.who,
            asked.context,
            refused=asked.refused,
            view=asked.view,
            preview=asked.preview,
        )
        return answer_of(decision, for_agent=asked.for_agent)

    async def _here(self, asked: Decide) -> None:
        """Wait a little for a customer; who cannot be fetched is decided for as one of whom nothing is known."""
        try:
            await self._edge.awarm(asked.who, deadline_s=self._deadline_s)
        except Exception as error:  # noqa: BLE001 - a source of the user's can raise anything
            _log.warning("serve: a customer could not be fetched: %s", type(error).__name__)

    async def record(self, body: bytes) -> Mapping[str, object]:
        """Record what became of a decision."""
        told = Record.of(body)
        try:
            new = await asyncio.to_thread(self._edge.record, told.token, told.event, slot=told.slot)
        except TokenError as error:
            raise Problem(400, error.code, "expected the token of a decision of this edge's store", "token") from None
        except UsageError:
            raise misfit("slot", "a filled slot of the decision, or none if only one is filled") from None
        return {"new": new}

    async def opt_out(self, body: bytes) -> Mapping[str, object]:
        """Leave a customer in peace; the answer is the same, whether or not there is one."""
        asked = OptOut.of(body, self._edge.plan)
        try:
            await asyncio.to_thread(self._edge.opt_out, asked.who, asked.purpose, channel=asked.channel)
        except UsageError as error:
            if error.code != "nobody":
                raise Problem(501, "consents", "consents come from elsewhere here: opt out there") from None
        return {"accepted": True}

    async def document(self, request: Request) -> Response:
        """Return the OpenAPI document."""
        self._guard.let_in(request.headers)
        return JSONResponse(openapi(self._edge.plan), headers=_NO_STORE)

    async def live(self, _: Request) -> Response:
        """Return that it runs."""
        return JSONResponse({"live": True}, headers=_NO_STORE)

    async def ready(self, _: Request) -> Response:
        """Return whether it decides by what is young enough, and can keep what it must; if not, why."""
        lacks = await self._health.lacks()
        told = {"ready": not lacks, "lacks": [attrs.asdict(one) for one in lacks]}
        return JSONResponse(told, 503 if lacks else 200, headers=_NO_STORE)

    async def nothing(self, request: Request) -> Response:
        """Refuse what is not there; who may not ask hears the same of every path."""
        self._guard.let_in(request.headers)
        raise Problem(404, "not-found", "there is no such path, or not with this method")


def _answering(endpoint: _Endpoint) -> _Endpoint:
    """Return the endpoint that tells what cannot be answered; a server would log what it raises, message and all."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Problem as problem:
            return _response(problem)
        except StoreError as error:
            return _response(_away(error.code))
        except Exception as error:  # noqa: BLE001 - its message, which may be personal, must reach no log
            return _response(_failed(error))

    return answered


async def _body_of(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_MAX_BYTES:
                    raise Problem(413, "too-large", f"the body has more than {BODY_MAX_BYTES:,} bytes", "body")
    except TimeoutError:
        raise Problem(408, "too-slow", f"the body took more than {_BODY_S:.0f} s", "body") from None
    except ClientDisconnect:
        raise Problem(400, "cut-off", "the body did not come to its end", "body") from None
    return bytes(body)


def _response(problem: Problem) -> Response:
    headers = {**_NO_STORE, **problem.headers}
    return JSONResponse(problem.told(), problem.status, headers=headers, media_type="application/problem+json")


def _away(code: str) -> Problem:
    _log.warning("serve: %s", code)
    return Problem(503, code, "the store cannot keep it now; send it again", headers={"Retry-After": _AGAIN_S})


def _failed(error: Exception) -> Problem:
    _log.error("serve: a request failed: %s", type(error).__name__)
    return Problem(500, "failed", "the request failed")
