"""Centres in real servers, each with what can befall it: entered, a fault begins; left, it is mended."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import attrs
from tests.nats.admin import events_on_record
from tests.nats.server import NATSServer
from tests.relay.conftest import Served
from tests.stores.conftest import PostgreSQLServer

from tactful import MemoryCentre, wall_clock
from tactful.clock import DAY_US
from tactful.relay.devices import remove_device
from tactful.relay.relaying import RelayOptions
from tactful.sync.joining import centre_of

from .folder_faults import in_a_folder
from .place import TIMEOUT_S, Place, done, on, paused
from .servers import postgresql
from .store_faults import Fault, OwnStore
from .valkey_faults import hinted_by_valkey
from .wire import Wire

#: Ends the connections of the role by which edges come.
_SHUT: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'edge'"
_FULL: Final = (
    "CREATE FUNCTION full_() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END$$; "
    "CREATE TRIGGER full_ BEFORE INSERT ON contact FOR EACH ROW EXECUTE FUNCTION full_()"
)


@contextmanager
def in_postgresql(folder: Path, database: PostgreSQLServer | None = None) -> Iterator[Place]:
    """Give a centre in PostgreSQL, which edges enter by a role that owns nothing."""
    with nullcontext(database) if database else postgresql() as server, closing(centre_of(server.url(folder))) as there:
        schema = server.schema(folder)
        known = server.run("SELECT 1 FROM pg_roles WHERE rolname = 'edge'")
        server.run(
            "DROP OWNED BY edge" if known else "CREATE ROLE edge LOGIN",
            f"GRANT ALL ON SCHEMA {schema} TO edge",
            f"GRANT ALL ON ALL SEQUENCES IN SCHEMA {schema} TO edge",
            f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO edge",
        )
        url = server.url(folder, timeout_s=TIMEOUT_S).replace("//postgres:", "//edge:")
        faults = {**_at_the_server(server, folder), **_at_the_tables(server, folder)}
        yield Place(url, there, lambda: server.inside(folder, "SELECT count(*) FROM contact")[0][0], faults)


def _at_the_server(server: PostgreSQLServer, folder: Path) -> Mapping[str, Fault]:
    def told(change: Sequence[str], mend: Sequence[str]) -> Fault:
        return partial(done, partial(server.run, *change), partial(server.run, *mend))

    tables = f"ON ALL TABLES IN SCHEMA {server.schema(folder)}"
    reload = "SELECT pg_reload_conf()"
    return {
        "the server stands still": lambda: paused(server.pid),
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
        "a column has another type": altered(f"{kind} text", f"{kind} bigint USING at_us::bigint"),
    }


@contextmanager
def in_nats(folder: Path) -> Iterator[Place]:
    """Give a centre in NATS."""
    server = NATSServer(folder / "nats").start()
    wire = Wire(server.port)
    try:
        with closing(centre_of(server.url("shop"))) as there:
            faults: Mapping[str, Fault] = {
                "the server stands still": partial(done, server.pause, server.go_on),
                "the server is killed": partial(done, server.stop, server.start),
                **on(wire),
            }
            url = server.url("shop", port=wire.port, timeout_s=TIMEOUT_S)
            yield Place(url, there, lambda: events_on_record(server.url("shop")), faults)
    finally:
        wire.close()
        server.stop()


@contextmanager
def behind_a_relay(folder: Path) -> Iterator[Place]:
    """Give a centre behind a relay, by HTTPS."""
    import trustme  # noqa: PLC0415 - for this alone

    authority, centre, now = trustme.CA(), MemoryCentre(), datetime.now(UTC)
    authority.cert_pem.write_to_path(folder / "authority.pem")

    def serve(name: str, until: datetime) -> Served:
        made = authority.issue_cert("127.0.0.1", not_before=now - timedelta(days=9), not_after=until)
        chain, key = folder / f"{name}.pem", folder / f"{name}.key"
        chain.write_bytes(b"".join(one.bytes() for one in made.cert_chain_pems))
        made.private_key_pem.write_to_path(key)
        options = RelayOptions(rate_per_s=100_000, burst=100_000, poll_s=0.05, heartbeat_s=0.05)
        return Served(folder / name, centre, options=options, tls=(chain, key))

    good, lapsed = serve("relay", now + timedelta(days=1)), serve("lapsed", now - timedelta(hours=1))
    wire = Wire(good.port)
    token = folder / "relay" / "kiosk-1.token"
    devices = good.devices
    known = devices.read_bytes()
    try:
        faults: Mapping[str, Fault] = {
            "its certificate has lapsed": lambda: wire.being("whole", lapsed.port),
            "the device is known no more": partial(
                done, partial(remove_device, devices, "kiosk-1"), partial(devices.write_bytes, known)
            ),
            **on(wire),
        }
        url = good.url(port=wire.port, ca=folder / "authority.pem", token=token)
        yield Place(url, centre, lambda: len(centre.events), faults)
    finally:
        wire.close()
        good.stop()
        lapsed.stop()


@contextmanager
def by_a_wrong_clock(_: Path) -> Iterator[Place]:
    """Give a centre that is well, and an edge whose clock is set."""
    centre, clock = MemoryCentre(), SetClock()
    faults: Mapping[str, Fault] = {
        f"its clock jumps two days {way}": partial(done, partial(clock.jump, us), partial(clock.jump, 0))
        for way, us in (("forward", 2 * DAY_US), ("back", -2 * DAY_US))
    }
    yield Place(centre, centre, lambda: len(centre.events), faults, clock, control=None)


@contextmanager
def in_its_own_store(_: Path) -> Iterator[Place]:
    """Give a centre that is well, and an edge whose own store suffers."""
    centre, own = MemoryCentre(), OwnStore()
    yield Place(centre, centre, lambda: len(centre.events), own.faults(), control=None, own=own)


@attrs.define
class SetClock:
    """The machine's clock, set wrongly; the time that only passes is not touched by that."""

    ahead_us: int = 0

    def __call__(self) -> int:
        """Return the moment [us since 1970]."""
        return wall_clock() + self.ahead_us

    def steady_us(self) -> int:
        """Return a time that only passes [us]."""
        return time.monotonic_ns() // 1000

    def jump(self, ahead_us: int) -> None:
        """Be ahead by so much [us]."""
        self.ahead_us = ahead_us


#: All ways, by the name of what suffers.
PLACES: Final[Mapping[str, Callable[[Path], AbstractContextManager[Place]]]] = {
    "postgresql": in_postgresql,
    "nats": in_nats,
    "relay": behind_a_relay,
    "valkey": hinted_by_valkey,
    "folder": in_a_folder,
    "clock": by_a_wrong_clock,
    "store": in_its_own_store,
}


@contextmanager
def _locked(server: PostgreSQLServer, folder: Path) -> Iterator[None]:
    import psycopg  # noqa: PLC0415 - an extra

    with psycopg.connect(server.uri) as connection:
        connection.execute(f"SET search_path = {server.schema(folder)}")
        connection.execute("LOCK TABLE contact, consent, change")
        yield
