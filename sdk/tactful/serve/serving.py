"""Serves an edge over HTTP, or HTTPS, by uvicorn. It adds nothing to what the application answers."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ..engine.edge import Edge
from ..errors import ExtraMissing, UsageError
from ..relay.devices import DevicesFile

try:
    import uvicorn

    from ..relay.http_server import configured
except ImportError as error:
    raise ExtraMissing("tactful serve", "serve") from error

from .app import serve_app
from .guard import LOCAL, Guard

_HEAD_MAX_BYTES: Final = 65_536
_AT_ONCE: Final = 256
_EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - to know it, not to listen there


def guard_of(host: str, devices: Path | None = None, names: Iterable[str] = (), origins: Iterable[str] = ()) -> Guard:
    """
    Return who may ask a server that listens at an address.

    Args:
        host: Where it listens.
        devices: The file of those who have a token; at any address but this machine's own there must be one.
        names: Further names by which it is called.
        origins: The pages that may ask from a browser.

    Raises:
        UsageError: If there is no file and must be one, it cannot be read, or an origin is none.
    """
    if host not in LOCAL and devices is None:
        raise UsageError("whoever can reach this address could ask for any customer: give --devices, or --listen here")
    for one in origins:
        scheme, _, place = one.partition("://")
        if scheme not in ("http", "https") or not place or set(place) & set("/*?# "):
            raise UsageError("--origin is a scheme, a name and a port, such as http://localhost:8080")
    named = {name.lower() for name in names}
    anywhere = host in _EVERYWHERE and not named
    hosts = None if anywhere else frozenset({*LOCAL, *named, *(() if host in _EVERYWHERE else (host.lower(),))})
    return Guard(hosts, frozenset(origins), None if devices is None else DevicesFile(devices))


def server(
    edge: Edge,
    guard: Guard,
    *,
    host: str = "127.0.0.1",
    port: int = 8788,
    tls: tuple[Path, Path] | None = None,
) -> uvicorn.Server:
    """
    Return a server, which `run` starts.

    Args:
        edge: What decides; the server does not close it.
        guard: Who may ask.
        host: Where it listens.
        port: Where it listens; 0 takes one that is free.
        tls: The files of its certificate, with those above it, and of the private key; None is plain HTTP.

    Raises:
        UsageError: If the certificate or its key cannot be used.
    """
    config = configured(
        serve_app(edge, guard=guard),
        host=host,
        port=port,
        tls=tls,
        head_max_bytes=_HEAD_MAX_BYTES,
        at_once=_AT_ONCE,
        lifespan=False,
    )
    return uvicorn.Server(config)
