"""Centres in real servers, each with what can befall it: entered, a fault begins; left, it is mended."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import attrs
from tests.nats.admin import events_on_record
from tests.nats.server import NATSServer
from tests.relay.conftest import Served

from tactful import MemoryCentre, wall_clock
from tactful.clock import DAY_US
from tactful.relay.devices import remove_device
from tactful.relay.relaying import RelayOptions
from tactful.sync.joining import centre_of

from .folder_faults import in_a_folder
from .mounted import mounted
from .place import TIMEOUT_S, Place, done, on
from .postgresql_faults import in_postgresql
from .store_faults import Fault, OwnStore
from .valkey_faults import hinted_by_valkey
from .wire import Wire

_DISK_BYTES: Final = 16 * 1024 * 1024


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
def in_its_own_store(folder: Path) -> Iterator[Place]:
    """Give a centre that is well, and an edge whose own store suffers: on a disk of its own, if one may be mounted."""
    centre = MemoryCentre()
    with mounted(folder / "disk", _DISK_BYTES) as disk:
        own = OwnStore(disk)
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
