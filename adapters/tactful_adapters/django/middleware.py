"""Middleware for Django, for requests that are handled with and without an event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from ..web import Page, current
from ..wsgi import marked, request_of
from .apps import site


@sync_and_async_middleware
def tactful(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Return middleware that makes each request a page, and records what was shown once the answer is out."""
    if asyncio.iscoroutinefunction(get_response):
        return _with_loop(get_response)

    def handle(request: HttpRequest) -> HttpResponseBase:
        page = _page(request)
        page.warm()
        token = current.set(page)
        try:
            response: HttpResponseBase = get_response(request)
        finally:
            current.reset(token)
        return _finished(response, page)

    return handle


def _with_loop(get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> Callable[[HttpRequest], Any]:
    async def handle(request: HttpRequest) -> HttpResponseBase:
        page = await asyncio.to_thread(_page, request)  # sessions are read from the database
        await page.awarm()
        token = current.set(page)
        try:
            response = await get_response(request)
        finally:
            current.reset(token)
        return _finished(response, page)

    return handle


def _page(request: HttpRequest) -> Page:
    session = getattr(request, "session", None)
    return site().page(request_of(request.META, {} if session is None else dict(session.items())))


def _finished(response: HttpResponseBase, page: Page) -> HttpResponseBase:
    """Return an answer that says whether it is personal, and at its end records what was shown."""
    headers = marked(response.items(), page)
    for name in [name for name, _ in response.items()]:
        del response[name]
    for name, value in headers:
        response[name] = f"{response[name]}, {value}" if name == "Vary" and name in response else value
    status = response.status_code
    closers: list[Callable[[], None]] = response._resource_closers  # type: ignore[attr-defined] # noqa: SLF001 - as Django
    closers.append(lambda: page.confirm(status))
    return response
