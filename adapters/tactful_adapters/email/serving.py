"""What answers unsubscribe links, as an application for ASGI and for WSGI; Django's view is in django/.

Mount it at the path of the links: the last part of the path is the token. It stands beside the site's own middleware,
so that no cookie, session or CSRF check comes in between.
"""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus

from ..asgi import App as ASGIApp
from ..asgi import Receive, Scope, Send
from ..asgi_body import TOO_LARGE, NotTaken, body_of
from ..wsgi import App as WSGIApp
from ..wsgi import Environ, Start
from .unsubscribe import BODY_MAX_BYTES, Answer, Unsubscribing


def asgi(unsubscribing: Unsubscribing) -> ASGIApp:
    """Return an ASGI application that answers the links."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _body(receive)
        kinds = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"content-type"]
        kind = kinds[0] if len(kinds) == 1 else ""
        answer = await asyncio.to_thread(unsubscribing.answer, scope["method"], _token(scope["path"]), kind, body)
        headers = [(name.lower().encode(), value.encode()) for name, value in _with_length(answer)]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    return app


def wsgi(unsubscribing: Unsubscribing) -> WSGIApp:
    """Return a WSGI application that answers the links."""

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        size = min(int(length), BODY_MAX_BYTES + 1) if length.isascii() and length.isdigit() else 0
        body = environ["wsgi.input"].read(size) if size else b""
        kind = environ.get("CONTENT_TYPE", "")
        answer = unsubscribing.answer(environ["REQUEST_METHOD"], _token(environ.get("PATH_INFO", "")), kind, body)
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(_with_length(answer)))
        return [answer.body]

    return app


def _token(path: str) -> str:
    return path.rpartition("/")[2]


def _with_length(answer: Answer) -> Iterable[tuple[str, str]]:
    """Return the headers, with the length of a body that is there."""
    return (*answer.headers, ("Content-Length", str(len(answer.body)))) if answer.body else answer.headers


async def _body(receive: Receive) -> bytes:
    """Return the body; of one that is too large what shows that, and of one that does not come to its end nothing."""
    try:
        return await body_of(receive, BODY_MAX_BYTES)
    except NotTaken as error:
        return bytes(BODY_MAX_BYTES + 1) if error.status == TOO_LARGE else b""
