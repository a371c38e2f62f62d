"""A relay as an ASGI application: who is let in, what is refused, and whether it is well. What it answers is `routes`'.

Nothing that came in is logged, and no error's message: only codes.
"""

import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import attrs

from ..errors import CentreError, ExtraMissing, TactfulError

try:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route as Path
except ImportError as error:
    raise ExtraMissing("the relay", "relay") from error

from ..sync.account import code_of
from .asking import Refused
from .relaying import Door, Relay
from .routes import ROUTES, Ask, Opened, Route, nothing

_log = logging.getLogger("tactful")
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_NO_STORE: Final = {"Cache-Control": "no-store"}


def relay_app(relay: Relay) -> Starlette:
    """
    Return the application of a relay; it begins and closes the relay with itself.

    Args:
        relay: What it serves.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        relay.start()
        try:
            yield
        finally:
            relay.close()

    async def live(_: Request) -> Response:
        return JSONResponse({"live": True}, headers=_NO_STORE)

    async def ready(_: Request) -> Response:
        lacks = await relay.lacks()
        told = {"ready": not lacks, "lacks": [attrs.asdict(one) for one in lacks], "ages_s": relay.ages_s()}
        return JSONResponse(told, 503 if lacks else 200, headers=_NO_STORE)

    every = (*(Opened(*one) for one in ROUTES), *relay.opened)
    paths = [Path(one.path, _endpoint(relay, one.route, one.door), methods=[one.method]) for one in every]
    health = [Path("/health/live", live), Path("/health/ready", ready)]
    for path in paths:
        path.methods = (path.methods or set()) - {"HEAD"}  # a head alone vouches for nothing
    # Whoever may not ask hears the same of every path, whether it is there or not.
    rest = Path("/{rest:path}", _endpoint(relay, nothing), methods=_METHODS)
    return Starlette(routes=[*health, *paths, rest], lifespan=lifespan)


def _endpoint(relay: Relay, route: Route, door: Door = Door.DEVICES) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        try:
            return await route(Ask(relay, relay.let_in(request, door), request))
        except Refused as refused:
            return refused.response()
        except CentreError as error:
            return _unavailable(error).response()
        except Exception as error:  # noqa: BLE001 - its message, which may be personal, must reach no log
            return _failed(error).response()

    return answered


def _unavailable(error: CentreError) -> Refused:
    _log.warning("relay: %s", error.code)
    wait_s = error.retry_after_s if error.retry_after_s is not None else 1.0
    return Refused(503, error.code, "the centre cannot answer now", retry_after_s=math.ceil(wait_s))


def _failed(error: Exception) -> Refused:
    """Return the answer when something was raised that is none of ours: mostly by the centre's client library."""
    code = code_of(error)
    _log.warning("relay: %s", code)
    told = code if isinstance(error, TactfulError) else "centre"
    return Refused(503, told, "the centre failed", retry_after_s=1)
