"""Serves a relay over HTTP, or HTTPS, by uvicorn. It adds nothing to what the application answers."""

import socket
from pathlib import Path
from typing import Final

from ..errors import ExtraMissing

try:
    import uvicorn

    from .http_server import configured
except ImportError as error:
    raise ExtraMissing("the relay", "relay") from error

from .app import relay_app
from .certificate import RenewedCertificate
from .relaying import Relay

_HEAD_MAX_BYTES: Final = 32_768
#: uvicorn ticks ten times a second; files are looked at once.
_TICKS: Final = 10


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
    config = configured(
        relay_app(relay),
        host=host,
        port=port,
        tls=tls,
        head_max_bytes=_HEAD_MAX_BYTES,
        at_once=relay.options.listeners * 2 + 200,
        lifespan=True,
    )
    certificate = None if tls is None or config.ssl is None else RenewedCertificate(config.ssl, *tls)
    return _Server(config, relay, certificate)


class _Server(uvicorn.Server):
    """A server that takes up a renewed certificate, and ends without waiting for those who listen."""

    def __init__(self, config: uvicorn.Config, relay: Relay, certificate: RenewedCertificate | None) -> None:
        super().__init__(config)
        self._relay, self._certificate = relay, certificate

    async def on_tick(self, counter: int) -> bool:
        """Look after what is due, and return whether it is to end."""
        if self._certificate is not None and counter % _TICKS == 0:
            self._certificate.look()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let listeners go, and end."""
        self._relay.end_listening()
        await super().shutdown(sockets)
