"""Middleware for WSGI applications: Flask, Django and any other. It needs no library of theirs.

app.wsgi_app = TactfulMiddleware(app.wsgi_app, site)
"""

from collections.abc import Callable, Iterable, Iterator
from contextvars import Context, copy_context
from typing import Any

from .web import Page, Request, Site, current

Environ = dict[str, Any]
#: (status, headers, exc_info) -> write
Start = Callable[..., Callable[[bytes], object]]
App = Callable[[Environ, Start], Iterable[bytes]]
_WEAKER = ("cache-control", "etag", "expires")


class TactfulMiddleware:
    """
    Makes each request a page, and records what was shown once the answer is out.

    Args:
        app: The application within.
        site: How the site is personalized.
        session: Tells what the site keeps between requests, by the request's environment; None without sessions.
    """

    def __init__(self, app: App, site: Site, session: Callable[[Environ], Any] = lambda _: None) -> None:
        self.app = app
        self.site = site
        self._session = session

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """Handle one request."""
        page = self.site.page(request_of(environ, self._session(environ)))
        page.warm()
        return _Answer(page, start_response).around(self.app, environ)


class _Answer:
    """An answer while it goes out: the page is there for all of it, also where a body is made piece by piece."""

    def __init__(self, page: Page, start: Start) -> None:
        self._page = page
        self._start = start
        self._begun: tuple[str, list[tuple[str, str]], tuple[Any, ...]] | None = None
        self._status = 500
        self._write: Callable[[bytes], object] | None = None
        self._context: Context = copy_context()
        self._context.run(current.set, page)
        self._body: Iterable[bytes] = ()

    def around(self, app: App, environ: Environ) -> "_Answer":
        self._body = self._context.run(app, environ, self._begin)
        return self

    def _begin(self, status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
        self._status = int(status[:3])
        self._begun = status, headers, more  # it waits for the body: what is decided by then counts
        return self._written

    def _send(self) -> None:
        """Send the headers, if there are any that have not been sent."""
        if self._begun is not None:
            (status, headers, more), self._begun = self._begun, None
            self._write = self._start(status, marked(headers, self._page), *more)

    def _written(self, piece: bytes) -> None:
        self._send()
        if self._write is not None:
            self._write(piece)

    def __iter__(self) -> Iterator[bytes]:
        pieces = self._context.run(iter, self._body)
        end = object()
        while (piece := self._context.run(next, pieces, end)) is not end:
            self._send()
            yield piece  # type: ignore[misc] # the end is none of them
        self._send()

    def close(self) -> None:
        """End the answer; servers call it once it is out."""
        if (close := getattr(self._body, "close", None)) is not None:
            self._context.run(close)
        self._page.confirm(self._status)


def request_of(environ: Environ, session: Any = None) -> Request:
    """Return a WSGI request; WSGI joins headers of one name, so that Global Privacy Control sent twice is `1,1`."""
    headers = [(key[5:].replace("_", "-").lower(), value) for key, value in environ.items() if key.startswith("HTTP_")]
    control = environ.get("HTTP_SEC_GPC", "")
    headers += [("sec-gpc", part.strip()) for part in control.split(",") if "," in control]
    return Request(environ.get("REQUEST_METHOD", "GET"), tuple(headers), session or {})


def marked(headers: Iterable[tuple[str, str]], page: Page) -> list[tuple[str, str]]:
    """Return an answer's headers with those that a personal page needs: nothing weaker stays beside them."""
    ours = list(page.sent_headers())
    return [*((n, v) for n, v in headers if not ours or n.lower() not in _WEAKER), *ours]
