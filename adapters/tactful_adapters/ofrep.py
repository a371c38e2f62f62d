"""The OpenFeature Remote Evaluation Protocol over an edge, as an ASGI application. It decides nothing itself.

The extra `ofrep` brings what it needs. Whoever may ask can ask for any customer: without keys it answers on localhost.
The protocol: https://github.com/open-feature/protocol, version 0.3.0.
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

import attrs

import tactful

try:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route
except ImportError as error:
    raise tactful.ExtraMissing("the OFREP server", "ofrep") from error

from .asgi_body import NotTaken, body_of
from .flags import IDENTIFIERS, TARGETING_KEY, Flag, Flags, NoFlag, Who
from .whole_text import is_whole

_log = logging.getLogger("tactful")
#: A request's body is no larger [B].
BODY_MAX_BYTES: Final = 65_536
#: The names of a machine to itself.
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_KEY_MAX: Final = 200
_NO_STORE: Final = {"Cache-Control": "no-store"}


class Refused(Exception):
    """A request that cannot be answered, with the protocol's code."""

    def __init__(self, code: str, details: str, status: int = 400) -> None:
        super().__init__(details)
        self.code, self.details, self.status = code, details, status


def ofrep_app(
    edge: tactful.Edge, *, keys: Sequence[str] = (), hosts: Sequence[str] = (), deadline_s: float = 0.05
) -> Starlette:
    """
    Return an ASGI application that answers remote evaluations.

    Args:
        edge: What decides; the application does not close it.
        keys: Keys of which a request must bring one, as a bearer token or in `X-API-Key`; none lets everybody in
            who calls it by a name of its own machine.
        hosts: Without keys, further names by which it is called: a page of a stranger could bind its own name to this
            address, and then ask from its visitors' browsers.
        deadline_s: So long a request waits until a customer is here [s].

    Raises:
        UsageError: If a key or a name is empty, or they are no list.
    """
    if isinstance(keys, str) or not all(keys):
        raise tactful.UsageError("keys= needs keys that are not empty, in a list; [] lets everybody in")
    if isinstance(hosts, str) or not all(hosts):
        raise tactful.UsageError("hosts= needs names that are not empty, in a list, such as flags.internal")
    named = _LOCAL | {host.lower() for host in hosts}
    served = _Served(Flags(edge), tuple(key.encode() for key in keys), named, deadline_s)
    path = "/ofrep/v1/evaluate/flags"
    routes = [
        Route(f"{path}/{{key:path}}", _answering(served.one), methods=["POST"]),
        Route(path, _answering(served.all), methods=["POST"]),
    ]
    return Starlette(routes=routes)


@attrs.frozen
class _Served:
    flags: Flags
    keys: tuple[bytes, ...]
    hosts: frozenset[str]
    deadline_s: float

    async def one(self, request: Request) -> Response:
        """Answer for one flag."""
        key = request.path_params["key"]
        self._let_in(request)
        try:
            who, context = await self._context(request)
            flag = self.flags.evaluate(key, None, who, context)
        except NoFlag:
            raise Refused("FLAG_NOT_FOUND", "there is no such placement, nor such an offer in one", 404) from None
        return JSONResponse(_told(flag), headers=_NO_STORE)

    async def all(self, request: Request) -> Response:
        """Answer for every placement, or that nothing has changed."""
        self._let_in(request)
        who, context = await self._context(request)
        told = [_told(self.flags.evaluate(key, None, who, context)) for key in self.flags.names()]
        headers = {**_NO_STORE, "ETag": f'"{_digest(told)}"'}
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return Response(status_code=304, headers=headers)
        return JSONResponse({"flags": told}, headers=headers)

    def _let_in(self, request: Request) -> None:
        if not self.keys:
            if _host(request) not in self.hosts:
                raise Refused("GENERAL", "this server is not called so: give keys=, or name it in hosts=", 421)
            return
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        given = (request.headers.get("X-API-Key") or bearer).encode()
        fitting = [hmac.compare_digest(given, key) for key in self.keys]  # all of them: the time tells nothing
        if not any(fitting):
            raise Refused("GENERAL", "give a key as a bearer token or in X-API-Key", 401)

    async def _context(self, request: Request) -> tuple[Who, Mapping[str, object]]:
        """
        Return who is meant and the moment; the customer is here by then, if that was possible in time.

        Raises:
            Refused: If the body is no evaluation request.
        """
        body = await _json(request)
        context = body.get("context") if isinstance(body, dict) else None
        if not isinstance(context, dict):
            raise Refused("INVALID_CONTEXT", 'the body must be {"context": {…}}')
        key, named = context.get("targetingKey"), context.get(IDENTIFIERS)
        if key is not None and not isinstance(key, str):
            raise Refused("INVALID_CONTEXT", "targetingKey must be a text")
        if named is not None and not (isinstance(named, dict) and all(isinstance(one, str) for one in named.values())):
            raise Refused("INVALID_CONTEXT", "identifiers must be texts by name")
        if not all(map(is_whole, (key or "", *(named or {}), *(named or {}).values()))):
            raise Refused("INVALID_CONTEXT", "targetingKey and identifiers must be texts without half a character")
        who: Who = named or key or None
        edge = self.flags.edge
        if edge.closed:
            raise Refused("PROVIDER_NOT_READY", "the edge is closed", 503)
        if who is not None:
            await self._here(who)
        return who, {**context, **({TARGETING_KEY: key} if key else {})}

    async def _here(self, who: Who) -> None:
        """Wait a little for a customer; who cannot be fetched is decided for as one of whom nothing is known."""
        try:
            await self.flags.edge.awarm(who, deadline_s=self.deadline_s)
        except Exception as error:  # noqa: BLE001 - a source of the user's can raise anything
            _log.warning("ofrep: a customer could not be fetched: %s", type(error).__name__)


async def _json(request: Request) -> object:
    """Return a request's body; any page could have a browser send a type that is not JSON's, without asking first."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused("PARSE_ERROR", "the Content-Type must be application/json", 415)
    try:
        return json.loads(await body_of(request.receive, BODY_MAX_BYTES))
    except NotTaken as error:
        raise Refused("PARSE_ERROR", f"{error}; at most {BODY_MAX_BYTES:,} bytes", error.status) from None
    except (ValueError, RecursionError):
        raise Refused("PARSE_ERROR", "the body is no JSON") from None


def _host(request: Request) -> str:
    """Return the name by which a request calls this server; empty if there is none, or several."""
    values = request.headers.getlist("Host")
    try:
        return (urlsplit(f"//{values[0]}").hostname or "").removesuffix(".") if len(values) == 1 else ""
    except ValueError:
        return ""


def _told(flag: Flag) -> dict[str, object]:
    """Return a flag as the protocol writes it; without a value the client's own default stands."""
    value = {} if flag.value is None else {"value": flag.value}
    variant = {"variant": flag.variant}
    return {"key": flag.key, **value, "reason": flag.reason, **variant, "metadata": dict(flag.metadata)}


def _digest(told: Sequence[Mapping[str, object]]) -> str:
    """Return what changes with what is shown, and not with the token, which is another one each time."""
    values = [(one["key"], one.get("value"), one["reason"], one["variant"]) for one in told]
    return hashlib.blake2b(json.dumps(values, sort_keys=True).encode(), digest_size=16).hexdigest()


def _answering(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint that tells what cannot be answered; a server would log what it raises, message and all."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as refused:
            return _refused(request, refused)
        except Exception as error:  # noqa: BLE001 - its message, which may be personal, must reach no log
            _log.error("ofrep: a request failed: %s", type(error).__name__)
            return JSONResponse({"errorDetails": "the evaluation failed"}, 500, headers=_NO_STORE)

    return answered


def _refused(request: Request, refused: Refused) -> Response:
    key = request.path_params.get("key", "")[:_KEY_MAX]
    told = {"errorCode": refused.code, "errorDetails": refused.details, **({"key": key} if key else {})}
    return JSONResponse(told, refused.status, headers=_NO_STORE)
