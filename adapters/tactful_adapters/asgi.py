"""Middleware for ASGI applications: Starlette, FastAPI and any other. It needs no library of theirs.

app.add_middleware(TactfulMiddleware, site=site)
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .web import Page, Request, Site, current

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class TactfulMiddleware:
    """
    Makes each HTTP request a page, and records what was shown once the answer is out.

    Args:
        app: The application within. A session's middleware, if the site keeps who asks in one, goes around this one.
        site: How the site is personalized.
    """

    def __init__(self, app: App, site: Site) -> None:
        self.app = app
        self.site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; what is not HTTP goes by."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        page = self.site.page(_request(scope))
        await page.awarm()
        status = 500
        start: Message | None = None

        async def sending(message: Message) -> None:
            nonlocal status, start
            if message["type"] == "http.response.start":
                status, start = message["status"], message  # it waits for the body: what is decided by then counts
                return
            if start is not None:
                first, start = start, None
                await send({**first, "headers": _marked(first.get("headers", ()), page)})
            await send(message)

        token = current.set(page)
        try:
            await self.app(scope, receive, sending)
        finally:
            current.reset(token)
        if page.has_shown:  # else there is nothing that could hold up the loop
            await asyncio.to_thread(page.confirm, status)


def _request(scope: Scope) -> Request:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    return Request(scope["method"], headers, scope.get("session") or {})


def _marked(headers: Any, page: Page) -> list[tuple[bytes, bytes]]:
    """Return an answer's headers with those that a personal page needs: nothing weaker stays beside them."""
    ours = [(name.lower().encode(), value.encode()) for name, value in page.sent_headers()]
    if not ours:
        return list(headers)
    kept = [(name, value) for name, value in headers if name.lower() not in (b"cache-control", b"etag", b"expires")]
    return [*kept, *ours]
