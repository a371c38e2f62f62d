"""A centre in PostgreSQL, and what can befall its server, its tables and the wire to it."""

import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Final
from urllib.parse import parse_qs, urlsplit

from tests.stores.conftest import PostgreSQLServer

from tactful.sync.joining import centre_of

from .place import TIMEOUT_S, Place, done, on, paused
from .servers import postgresql
from .store_faults import Fault
from .wire import Wire

#: Ends the connections of the role by which edges come.
_SHUT: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'edge'"
#: Whether an edge is in the middle of a transaction and waits for a lock.
_WITHIN: Final = (
    "SELECT 1 FROM pg_stat_activity WHERE usename = 'edge' AND wait_event_type = 'Lock' AND xact_start < now()"
)
_FULL: Final = (
    "CREATE FUNCTION full_() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END$$; "
    "CREATE TRIGGER full_ BEFORE INSERT ON contact FOR EACH ROW EXECUTE FUNCTION full_()"
)


@contextmanager
def in_postgresql(folder: Path, database: PostgreSQLServer | None = None) -> Iterator[Place]:
    """Give a centre in PostgreSQL, which edges enter by a role that owns nothing."""
    with ExitStack() as stack:
        server = stack.enter_context(nullcontext(database) if database else postgresql())
        there = stack.enter_context(closing(centre_of(server.url(folder))))
        schema = server.schema(folder)
        known = server.run("SELECT 1 FROM pg_roles WHERE rolname = 'edge'")
        server.run(
            "DROP OWNED BY edge" if known else "CREATE ROLE edge LOGIN",
            f"GRANT ALL ON SCHEMA {schema} TO edge",
            f"GRANT ALL ON ALL SEQUENCES IN SCHEMA {schema} TO edge",
            f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO edge",
        )
        url = server.url(folder, timeout_s=TIMEOUT_S).replace("//postgres:", "//edge:")
        socket = parse_qs(urlsplit(server.uri).query)["host"][0]
        wire = stack.enter_context(closing(Wire(f"{socket}/.s.PGSQL.5432")))
        url = url.replace(f"host={socket}", f"host=127.0.0.1&port={wire.port}")
        faults = {**_at_the_server(server, folder), **_at_the_tables(server, folder), **on(wire)}
        yield Place(url, there, lambda: server.inside(folder, "SELECT count(*) FROM contact")[0][0], faults)


def _at_the_server(server: PostgreSQLServer, folder: Path) -> Mapping[str, Fault]:
    def told(change: Sequence[str], mend: Sequence[str]) -> Fault:
        return partial(done, partial(server.run, *change), partial(server.run, *mend))

    tables = f"ON ALL TABLES IN SCHEMA {server.schema(folder)}"
    reload = "SELECT pg_reload_conf()"
    return {
        "the server stands still": lambda: paused(server.pid),
        "it stands still in the middle of a transaction": partial(_paused_within, server, folder),
        "the server is killed": partial(done, partial(server.stop, signal.SIGQUIT), server.start),
        "it takes no changes": told(
            ("ALTER SYSTEM SET default_transaction_read_only = on", reload, _SHUT),
            (
                "SET default_transaction_read_only = off",
                "ALTER SYSTEM RESET default_transaction_read_only",
                reload,
                _SHUT,
            ),
        ),
        "rights are taken away": told((f"REVOKE ALL {tables} FROM edge",), (f"GRANT ALL {tables} TO edge",)),
        "the role is shut out": told(("ALTER ROLE edge NOLOGIN", _SHUT), ("ALTER ROLE edge LOGIN",)),
        "somebody holds a lock": partial(_locked, server, folder),
    }


def _at_the_tables(server: PostgreSQLServer, folder: Path) -> Mapping[str, Fault]:
    def altered(change: str, mend: str) -> Fault:
        return partial(done, partial(server.inside, folder, change), partial(server.inside, folder, mend))

    kind = "ALTER TABLE contact ALTER at_us TYPE"
    return {
        "its disk is full": altered(_FULL, "DROP FUNCTION full_ CASCADE"),
        "a table is renamed": altered("ALTER TABLE change RENAME TO old", "ALTER TABLE old RENAME TO change"),
        "a column is renamed": altered(
            "ALTER TABLE contact RENAME at_us TO at_", "ALTER TABLE contact RENAME at_ TO at_us"
        ),
        "a column is added that must be given": altered(
            "ALTER TABLE contact ADD theirs int NOT NULL DEFAULT 0; ALTER TABLE contact ALTER theirs DROP DEFAULT",
            "ALTER TABLE contact DROP theirs",
        ),
        "a column has another type": altered(f"{kind} text", f"{kind} bigint USING at_us::bigint"),
    }


@contextmanager
def _locked(server: PostgreSQLServer, folder: Path) -> Iterator[None]:
    import psycopg  # noqa: PLC0415 - an extra

    with psycopg.connect(server.uri) as connection:
        connection.execute(f"SET search_path = {server.schema(folder)}")
        connection.execute("LOCK TABLE contact, consent, change")
        yield


@contextmanager
def _paused_within(server: PostgreSQLServer, folder: Path) -> Iterator[None]:
    """Have the server stand still once an edge is in the middle of a transaction, which waits for a lock."""
    import psycopg  # noqa: PLC0415 - an extra

    over, within = Event(), Event()

    def pause() -> None:
        with psycopg.connect(server.uri) as connection:
            connection.execute(f"SET search_path = {server.schema(folder)}")
            connection.execute("LOCK TABLE change IN EXCLUSIVE MODE")
            while not over.is_set() and not server.run(_WITHIN):
                time.sleep(0.01)
            with paused(server.pid):
                within.set()
                over.wait()

    pausing = Thread(target=pause)
    pausing.start()
    try:
        yield
    finally:
        was_within = within.is_set()
        over.set()
        pausing.join()
    assert was_within, "no transaction was under way"
