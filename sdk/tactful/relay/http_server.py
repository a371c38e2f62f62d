"""What every HTTP server of ours asks of uvicorn: no names of its own, no log of requests, and no endless waits.

It adds nothing to what the application answers. It must not be imported but by what needs it: uvicorn is an extra.
"""

import asyncio
from pathlib import Path
from typing import Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from ..errors import UsageError

#: So long a request's line and headers may take to come [s]; connections are few, and who is slow keeps others out.
HEAD_S: Final = 10.0
_GRACE_S: Final = 5


def configured(
    app: Any,
    *,
    host: str,
    port: int,
    tls: tuple[Path, Path] | None,
    head_max_bytes: int,
    at_once: int,
    lifespan: bool,
) -> uvicorn.Config:
    """
    Return the settings of a server.

    Args:
        app: The ASGI application.
        host: Where it listens.
        port: Where it listens; 0 takes one that is free.
        tls: The files of its certificate, with those above it, and of the private key; None is plain HTTP.
        head_max_bytes: The longest that a request's line and headers may be [bytes].
        at_once: So many connections are answered at once; one more hears 503.
        lifespan: Whether the application is told of start and end.

    Raises:
        UsageError: If the certificate or its key cannot be used.
    """
    certificate, key = (None, None) if tls is None else tls
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
        lifespan="on" if lifespan else "off",
        ws="none",
        proxy_headers=False,
        h11_max_incomplete_event_size=head_max_bytes,
        timeout_graceful_shutdown=_GRACE_S,
        limit_concurrency=at_once,
        http=_Prompt,
        loop="asyncio",
    )
    try:
        config.load()
    except OSError:  # also what is wrong with TLS; its words name a place in OpenSSL
        raise UsageError("the certificate or its key cannot be read, or they do not belong together") from None
    return config


class _Prompt(H11Protocol):
    """A connection that ends if a request has begun, or never does, and its headers are not here in time."""

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_answered() and not self.transport.is_closing():
            self.transport.close()  # by itself it would be held for what is left of a body that nobody reads
        if self.conn.their_state is h11.IDLE:
            self._wait()
        else:
            self._stop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _is_answered(self) -> bool:
        cycle: RequestResponseCycle | None = getattr(self, "cycle", None)  # before the first request there is none
        return cycle is not None and cycle.response_complete and self.conn.their_state is h11.SEND_BODY

    def _wait(self) -> None:
        if self._due is None:  # what comes byte by byte does not begin the wait anew
            self._due = self.loop.call_later(HEAD_S, self.transport.abort)

    def _stop(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
