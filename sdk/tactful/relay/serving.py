"""Serves a relay over HTTP, or HTTPS, by uvicorn. It adds nothing to what the application answers."""

import socket
from pathlib import Path
from typing import Final

from ..errors import ExtraMissing, UsageError

try:
    import uvicorn
except ImportError as error:
    raise ExtraMissing("the relay", "relay") from error

from .app import relay_app
from .relaying import Relay

_HEAD_MAX_BYTES: Final = 32_768
_GRACE_S: Final = 5


def server(
    relay: Relay, *, host: str = "127.0.0.1", port: int = 8787, tls: tuple[Path, Path] | None = None
) -> uvicorn.Server:
    """
    Return a server, which `run` starts.

    Args:
        relay: What it serves, and closes with itself.
        host: Where it listens.
        port: Where it listens; 0 takes one that is free.
        tls: The files of its certificate, with those above it, and of the private key; None is plain HTTP.

    Raises:
        UsageError: If the certificate or its key cannot be used.
    """
    certificate, key = (None, None) if tls is None else tls
    config = uvicorn.Config(
        relay_app(relay),
        host=host,
        port=port,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
        lifespan="on",
        ws="none",
        proxy_headers=False,
        h11_max_incomplete_event_size=_HEAD_MAX_BYTES,
        timeout_graceful_shutdown=_GRACE_S,
        limit_concurrency=relay.options.listeners * 2 + 200,
        http="h11",
        loop="asyncio",
    )
    try:
        config.load()
    except OSError:  # also what is wrong with TLS; its words name a place in OpenSSL
        raise UsageError("the certificate or its key cannot be read, or they do not belong together") from None
    return _Server(config, relay)


class _Server(uvicorn.Server):
    """A server that ends without waiting for those who listen."""

    def __init__(self, config: uvicorn.Config, relay: Relay) -> None:
        super().__init__(config)
        self._relay = relay

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let listeners go, and end."""
        self._relay.end_listening()
        await super().shutdown(sockets)
