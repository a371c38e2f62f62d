"""Hundreds of devices in one process, each asking a real relay by HTTP: a bundle that is good, one that is not, a kill.

Every device has an edge's manners and no edge: the judgement, the relay, the signatures and the wire are the real ones,
and what a device does with a bundle (verify, take or refuse, report) is done with the library's own reader.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlencode

import attrs

from tactful import MemoryCentre, bundle, wall_clock
from tactful.authoring import compile_files
from tactful.bundle import make_keys
from tactful.bundle.header import SDK
from tactful.clock import DAY_US, SECOND_US
from tactful.errors import BundleError, CentreError
from tactful.fleet import releases
from tactful.fleet.client import FleetRelay
from tactful.fleet.enrolling import enrol
from tactful.fleet.enrolment import make_enrolment
from tactful.fleet.fleet_file import FleetFile
from tactful.fleet.report import Report, packed
from tactful.fleet.reports import last_reports
from tactful.fleet.rollout import Release, Seen, Terms, judged
from tactful.fleet.routes import routes
from tactful.fleet.served import Fleet
from tactful.relay.address import Address
from tactful.relay.answer import digest
from tactful.relay.devices import RINGS, Device, DevicesFile, kill_device, remove_device
from tactful.relay.relaying import Relay, RelayOptions
from tactful.relay.serving import server

POLICY = """
channels: {kiosk: private}
placements: {screen: kiosk}
topics: {food: {}}
purposes: {offers: consent}
offers:
  olives: {intent: sell, topic: food, purpose: offers, treatments: Olives}
"""
#: As usual, but that all of a fleet enrol at the same time here.
OPTIONS = RelayOptions(rate_per_s=1000, burst=1000, enrol_per_s=10_000, enrol_burst=10_000, patience_s=60, poll_s=60)
_AT_ONCE = Terms(soak_s=0)
_THREADS = 4
_ROUNDS_MAX = 20
#: The epoch of the policy under which decisions fail.
_HARMFUL = 3


@attrs.frozen
class FleetFigures:
    """
    What a fleet did.

    Attributes:
        devices: So many.
        enrolled: So many came in by their code.
        second_uses: So many came in by a code that another device had used before.
        rounds: In each, every device reports once and fetches what it is told to; so many until all ran a good bundle.
        order: The rings in the order in which the first device of each ran it.
        bad_taken: So many devices took the bundle whose decisions fail.
        bad_state: How that release stood in the end.
        bad_reason: Why.
        healed: So many run the policy of before in the end, under a new epoch.
        killed: So many destroyed their key when they were told to.
        killed_by_refusal: So many that were only refused did so.
        requests: How many requests the relay answered.
        request_ms: The median time of a report, all devices at once on this machine [ms].
        report_bytes: The size of the last reports all together [B].
    """

    devices: int
    enrolled: int
    second_uses: int
    rounds: int
    order: tuple[str, ...]
    bad_taken: int
    bad_state: str
    bad_reason: str
    healed: int
    killed: int
    killed_by_refusal: int
    requests: int
    request_ms: float
    report_bytes: int


class SimulatedDevice:
    """A device without an edge: it holds a bundle, and reports what a policy does to it."""

    def __init__(self, name: str, url: str, public: str, raw: bytes, harmful: int) -> None:
        self.name, self.key = name, b"the device's key"
        self._public, self._harmful = public, harmful
        self._relay = FleetRelay(Address.from_url(url))
        self._refused = ("", "")
        self.epoch = 0
        self.epoch = self._read(raw)
        self.took_harm = False
        self.times_ms: list[float] = []
        self.requests = 0

    def step(self) -> None:
        """Report once, and do what is told."""
        failed = 1 if self.epoch == self._harmful else 0
        told = Report(
            self.name,
            SDK,
            wall_clock(),
            policy_epoch=self.epoch,
            failed=failed,
            refused_code=self._refused[0],
            refused_sha256=self._refused[1],
            killed=not self.key,
        )
        self.requests += 1
        began_s = time.perf_counter()
        orders = self._relay.report(told)
        self.times_ms.append((time.perf_counter() - began_s) * 1000)
        if orders.kill:
            self.key = b""
        elif orders.bundle_sha256:
            raw = self._relay.bundle()
            self.requests += 1
            try:
                self.epoch = self._read(raw)
                self._refused = ("", "")
            except BundleError as error:
                self._refused = (error.code, digest(raw))
            self.took_harm |= self.epoch == self._harmful

    def close(self) -> None:
        self._relay.close()

    def _read(self, raw: bytes) -> int:
        highest, pinned = self.epoch, [self._public]
        found = bundle.read(raw, keys=pinned, tenant="shop", now_us=wall_clock(), highest_epoch=lambda _: highest)
        return found.header.epoch


class _World:
    """A relay with a fleet, and those who make its bundles."""

    def __init__(self, folder: Path, closing: ExitStack) -> None:
        self.folder, self._closing = folder, closing
        self.private, self.public = make_keys()
        relay_private, relay_public = make_keys()
        (folder / "relay.public").write_text(relay_public, encoding="ascii")
        (folder / "devices.json").write_text('{"devices": []}', encoding="utf-8")
        known, self.file = DevicesFile(folder / "devices.json"), FleetFile(folder / "fleet.db")
        fleet = Fleet(self.file, known)
        closing.callback(fleet.close)
        relay = Relay(
            (MemoryCentre(),) * 3,
            tenant="shop",
            private_key=relay_private,
            devices=known,
            bundle=fleet.rings,
            opened=routes(fleet),
            options=OPTIONS,
        )
        self._served = server(relay, port=0)
        self._thread = threading.Thread(target=self._served.run, daemon=True)
        self._thread.start()
        closing.callback(self._stop)
        while not self._served.started:
            time.sleep(0.01)
        self._port = self._served.servers[0].sockets[0].getsockname()[1]
        self._policy = compile_files({"policy.yaml": POLICY.encode()})

    def url(self, token: str) -> str:
        given = {"tenant": "shop", "key": self.folder / "relay.public", "token": self.folder / token}
        return f"relay+http://127.0.0.1:{self._port}/?{urlencode({name: str(one) for name, one in given.items()})}"

    def bundle_of(self, epoch: int) -> bytes:
        now_us = wall_clock()
        times = {"issued_us": now_us - SECOND_US, "expires_us": now_us + DAY_US}
        return bundle.write(self._policy, private_key=self.private, tenant="shop", epoch=epoch, **times)

    def enrolled(self, number: int, ring: str) -> tuple[str, str]:
        """Enrol a device by HTTP; return its name and its code."""
        name = f"kiosk-{number}"
        made = Device(name, ring=ring, store=f"store-{number}")
        code = make_enrolment(self.file, made, now_us=wall_clock(), life_us=DAY_US)
        enrol(self.url(f"{name}.token"), code, f"store-{number}")
        return name, code

    def comes_in_again(self, number: int, code: str) -> bool:
        """Return whether another device comes in by a code that was used."""
        try:
            enrol(self.url(f"thief-{number}.token"), code, f"store-{number}")
        except CentreError:
            return False
        return True

    def _stop(self) -> None:
        self._served.should_exit = True
        self._thread.join(20)


def run_fleet(
    folder: Path,
    count: int,
    *,
    stops: bool = True,
    seed: int = 5,
    progress: Callable[[int], None] = lambda done: None,
) -> FleetFigures:
    """
    Enrol a fleet, roll out a good bundle, then one whose decisions fail, then roll back, then kill some.

    Args:
        folder: Where the relay and the tokens lie.
        count: So many devices; a fortieth are canaries, an eighth early.
        stops: Whether a ring stops on errors; the control, in which none does, must harm all.
        seed: Of the order in which they report.
        progress: Told how many devices are done: first enrolled, then killed.
    """
    rng, sizes = random.Random(seed), (max(count // 40, 1), max(count // 8, 1))
    rings = [RINGS[(number >= sizes[0]) + (number >= sum(sizes))] for number in range(count)]
    with ExitStack() as closing, ThreadPoolExecutor(_THREADS) as pool:
        if not stops:
            closing.enter_context(patch.object(releases, "judged", _deaf))
        world = _World(folder, closing)
        known = list(pool.map(lambda pair: world.enrolled(*pair), enumerate(rings)))
        progress(len(known))
        first, again = world.bundle_of(1), range(0, count, 10)
        twice = sum(pool.map(lambda number: world.comes_in_again(number, known[number][1]), again))
        devices = [_device(world, name, first, closing) for name, _ in known]
        _out(world, 2)
        order, rounds = _rounds_until(lambda: all(one.epoch == 2 for one in devices), devices, rings, rng, pool)
        _round(devices, rng, pool)  # tells that it is done
        _out(world, _HARMFUL)
        for _ in range(8):
            _round(devices, rng, pool)
        bad = next(one for one in releases.releases_of(world.file) if one.epoch == _HARMFUL)
        _out(world, 4, everywhere=True)
        for _ in range(2):
            _round(devices, rng, pool)
        killed, only_refused = _killed(world, devices)
        progress(count)
        times = sorted(one for device in devices for one in device.times_ms)
        return FleetFigures(
            devices=count,
            enrolled=len({name for name, _ in known}),
            second_uses=twice,
            rounds=rounds,
            order=order,
            bad_taken=sum(one.took_harm for one in devices),
            bad_state=bad.state.value,
            bad_reason=bad.reason,
            healed=sum(one.epoch == 4 for one in devices),
            killed=killed,
            killed_by_refusal=only_refused,
            requests=sum(one.requests for one in devices) + count + len(again),
            request_ms=round(times[len(times) // 2], 1),
            report_bytes=sum(len(packed(one.report)) for one in last_reports(world.file)),
        )


def _deaf(release: Release, seen: Iterable[Seen], now_us: int) -> Release:
    """Judge a release as one who hears of no error: the control."""
    return judged(release, [attrs.evolve(one, error="", refused_sha256="") for one in seen], now_us)


def _device(world: _World, name: str, first: bytes, closing: ExitStack) -> SimulatedDevice:
    made = SimulatedDevice(name, world.url(f"{name}.token"), world.public, first, _HARMFUL)
    closing.callback(made.close)
    return made


def _out(world: _World, epoch: int, *, everywhere: bool = False) -> None:
    raw = world.bundle_of(epoch)
    releases.roll_out(world.file, raw, now_us=wall_clock(), terms=_AT_ONCE, everywhere=everywhere)


def _round(devices: Sequence[SimulatedDevice], rng: random.Random, pool: ThreadPoolExecutor) -> None:
    list(pool.map(SimulatedDevice.step, rng.sample(devices, len(devices))))


def _rounds_until(
    done: Callable[[], bool],
    devices: Sequence[SimulatedDevice],
    rings: Sequence[str],
    rng: random.Random,
    pool: ThreadPoolExecutor,
) -> tuple[tuple[str, ...], int]:
    """Have rounds until it is done; return the order in which rings got the newer bundle, and how many rounds."""
    order: list[str] = []
    for number in range(_ROUNDS_MAX):
        if done():
            return tuple(order), number
        _round(devices, rng, pool)
        got = Counter(ring for one, ring in zip(devices, rings, strict=True) if one.epoch > 1)
        order += [ring for ring in RINGS if ring in got and ring not in order]
    return tuple(order), _ROUNDS_MAX


def _killed(world: _World, devices: Sequence[SimulatedDevice]) -> tuple[int, int]:
    """Kill some and put some others out; return how many of each destroyed their key."""
    some, others = devices[:5], devices[5:10]
    for one in some:
        kill_device(world.folder / "devices.json", one.name)
    for one in others:
        remove_device(world.folder / "devices.json", one.name)
    time.sleep(1.2)  # the relay looks at the file once a second
    for one in (*some, *others):
        with suppress(CentreError):
            one.step()
    return sum(not one.key for one in some), sum(not one.key for one in others)
