"""What two edges sell under one strict cap while the server that counts it has a fault, and after: never too much."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import partial
from typing import Any, Final

import attrs
from tests.valkey.server import Server

import tactful
from tactful import Ask, StoreError
from tactful.authoring import compile_files
from tactful.ports import StrictCaps
from tactful_adapters.valkey_strict import ValkeyStrictCaps

from .place import TIMEOUT_S, done, on, soon
from .valkey_faults import altered, for_good, stopped, valkey
from .wire import Wire

COUNT: Final = 60
#: So many are sold before the fault.
BEFORE: Final = 40
_HOLD_S: Final = 3.0
#: No room for so long is none at all [s]: who got none asks again after one.
_NONE_S: Final = 2.5
#: What is left to be sold, a question and a confirmation each, and for each edge one a second.
_REQUESTS_MAX: Final = 2 * (COUNT - BEFORE) + 2 * 2 * int(_HOLD_S) + 20
_POLICY: Final = compile_files(
    {
        "shop.yaml": b"""\
channels: {web: private}
placements: {page: web}
topics: {food: {}}
purposes: {offers: contract}
offers: {bread: {intent: sell, topic: food, treatments: Your bread}}
guardrails: {breaking_bonds: off}
"""
        + f"caps: {{b: {{count: {COUNT}, within: month, per: everyone, strict: true}}}}".encode()
    }
)


@attrs.frozen
class StrictFound:
    """
    What was found.

    Attributes:
        said: What the status said of the server; empty if it went on answering.
        unclear: So often it told no words, or not for how long.
        raised: So many decisions raised.
        sold: So many were sold in all, of `COUNT`; after a loss, until somebody had it begin anew.
        anew: So many after that.
        lost: So many that were sold are not confirmed at the server; after a loss, none is looked for.
        meanwhile: So many calls were made to the server while the fault lasted.
        requests: So many from then on until all had gone well again.
        mended_s: So long that took [s]; None if it never did.
    """

    said: str
    unclear: int
    raised: int
    sold: int
    anew: int
    lost: int
    meanwhile: int
    requests: int
    mended_s: float | None


class Counted:
    """A centre of strict caps whose calls are counted."""

    def __init__(self, inner: StrictCaps) -> None:
        self.inner, self.calls = inner, Counter[str]()

    def reserve(self, asks: Sequence[Ask]) -> Sequence[Sequence[str]]:
        """Reserve room."""
        self.calls["reserve"] += 1
        return self.inner.reserve(asks)

    def confirm(self, units: Iterable[str]) -> int:
        """Keep that room was used."""
        self.calls["confirm"] += 1
        return self.inner.confirm(units)

    def release(self, units: Iterable[str]) -> int:
        """Give back room."""
        self.calls["release"] += 1
        return self.inner.release(units)


class Generous(Counted):
    """The control: it takes errors for room."""

    def reserve(self, asks: Sequence[Ask]) -> Sequence[Sequence[str]]:
        """Reserve room; where nobody answers, all there could be."""
        try:
            return super().reserve(asks)
        except StoreError:
            return [[f"made up {number}" for number in range(ask.wanted)] for ask in asks]


@attrs.frozen
class Till:
    """
    A server of strict caps, and what can befall it.

    Attributes:
        url: The edges' way to it.
        confirmed: Gives how many units it has as used.
        faults: What can befall it, by name.
        forgets: The faults by which it loses what it counted, so that somebody has to begin anew.
        keep_a_copy: Keeps the state of now, to be put back.
    """

    url: str
    confirmed: Callable[[], int]
    faults: Mapping[str, Callable[[], AbstractContextManager[object]]]
    forgets: frozenset[str]
    keep_a_copy: Callable[[], None]


@contextmanager
def till(fault: str | None = None) -> Iterator[Till]:
    """Give a server for one fault; if it is the failover, one with a replica that takes over."""
    with ExitStack() as stack:
        server = stack.enter_context(valkey())
        wire = stack.enter_context(closing(Wire(server.port)))
        faults = {
            **stopped(server),
            **forgetting(server),
            FAILOVER: lambda: _fail_over(server, replica, wire),
            **on(wire),
        }
        options, at, replica = f"timeout_s={TIMEOUT_S}", [server], server
        if fault == FAILOVER:
            replica = stack.enter_context(valkey(replicaof=f"127.0.0.1 {server.port}"))
            options, at = "timeout_s=3&replicas=1", [replica]
        yield Till(
            f"valkey://127.0.0.1:{wire.port}?{options}",
            lambda: _confirmed(at[0]),
            faults,
            frozenset(forgetting(server)),
            server.keep_a_copy,
        )


FAILOVER: Final = "it is lost, and a replica takes over"


def forgetting(server: Server) -> Mapping[str, Callable[[], AbstractContextManager[object]]]:
    """Return by what a server loses what it counted, by name."""

    def at_once(change: Callable[[], object]) -> Callable[[], AbstractContextManager[object]]:
        return partial(for_good, change)

    def evict() -> None:
        for key in server.run("KEYS", "*strict:*"):
            server.run("DEL", key)

    return {
        "it has forgotten everything": at_once(partial(server.run, "FLUSHALL")),
        "it has forgotten a key": at_once(evict),
        "an older state is put back": at_once(server.lose_what_came_since),
        "a key holds something else": partial(
            done, partial(altered, server, "strict"), partial(server.run, "DEL", "{tactful}:strict")
        ),
    }


@contextmanager
def _fail_over(primary: Server, replica: Server, wire: Wire) -> Iterator[None]:
    primary.stop()
    yield
    replica.run("REPLICAOF", "NO", "ONE")
    primary.follow(replica)  # who comes back follows, so that again two have what is promised
    wire.to = replica.port


def _confirmed(server: Server) -> int:
    keys = server.run("KEYS", "*strict:*")
    return sum(one.startswith(b"c") for key in keys for one in server.run("ZRANGE", key, 0, -1))


def suffer_strict(fault: str, *, careless: bool = False, hold_s: float = _HOLD_S) -> StrictFound:
    """
    Let two edges sell under one strict cap while its server suffers one fault.

    Args:
        fault: One of the names of its faults.
        careless: Whether it is the control.
        hold_s: How long it suffers [s].
    """
    with till(fault) as place, ExitStack() as stack:
        counted = [(Generous if careless else Counted)(ValkeyStrictCaps(place.url)) for _ in range(2)]
        soon(lambda: _begun(counted[0].inner))
        edges = [stack.enter_context(tactful.open(_POLICY, store=tactful.MemoryStore(), strict=one)) for one in counted]
        run = _Run(edges, counted)
        run.sell(until=lambda: run.sold >= BEFORE // 2)
        place.keep_a_copy()
        run.sell(until=lambda: run.sold >= BEFORE)
        return run.suffer(place, fault, hold_s)


@attrs.define
class _Run:
    edges: Sequence[tactful.Edge]
    counted: Sequence[Counted]
    sold: int = 0
    raised: int = 0
    unclear: int = 0
    said: str = ""

    def suffer(self, place: Till, fault: str, hold_s: float) -> StrictFound:
        """Sell while the fault lasts, and what is left after it."""
        before = self._calls()
        with place.faults[fault]():
            over_s = time.monotonic() + hold_s
            self.sell(until=lambda: time.monotonic() > over_s, pause_s=0.05)
            sold, meanwhile = self.sold, self._calls() - before
        if fault in place.forgets:
            soon(lambda: _begun(self.counted[0].inner))
        began_s, before = time.monotonic(), self._calls()
        is_well = soon(self._is_well)
        mended_s, requests = (round(time.monotonic() - began_s, 1) if is_well else None), self._calls() - before
        last_s = [time.monotonic()]
        self.sell(until=lambda: time.monotonic() > last_s[0] + _NONE_S, sold=lambda: last_s.insert(0, time.monotonic()))
        soon(self._is_well)
        anew = self.sold - sold if fault in place.forgets else 0
        lost = 0 if fault in place.forgets else max(self.sold - place.confirmed(), 0)
        told = (self.said, self.unclear, self.raised, self.sold - anew, anew, lost, meanwhile, requests)
        return StrictFound(*told, mended_s)

    def sell(self, until: Callable[[], bool], pause_s: float = 0.01, sold: Callable[[], object] = bool) -> None:
        """Sell at each edge in turn."""
        while not until():
            for edge in self.edges:
                if self._sell(edge):
                    sold()
                self._read(edge)
            time.sleep(pause_s)

    def _sell(self, edge: tactful.Edge) -> bool:
        try:
            decision = edge.decide("page")
            if decision.picks:
                edge.record(decision)
        except Exception:  # noqa: BLE001 - this is what must not be
            self.raised += 1
            return False
        self.sold += bool(decision.picks)
        return bool(decision.picks)

    def _read(self, edge: tactful.Edge) -> None:
        told: Any = edge.status()["strict"]
        if told["last_error"]:
            self.unclear += not told["says"] or told["failing_s"] is None
            self.said = told["says"]

    def _is_well(self) -> bool:
        for edge in self.edges:
            edge.decide("page", preview=True)
        told: list[Any] = [edge.status() for edge in self.edges]
        return not any(one["strict"]["last_error"] or one["strict_confirmations_waiting"] for one in told)

    def _calls(self) -> int:
        return sum(one.calls.total() for one in self.counted)


def _begun(caps: Any) -> bool:
    try:
        caps.begin()
        caps.check()
    except StoreError:
        return False
    return True


def strict_verdict(found: StrictFound) -> list[str]:
    """Return what was promised and not held, in words; none if all was."""
    broken = {
        "over": found.sold > COUNT or found.anew > COUNT,
        "unclear": found.unclear,
        "raised": found.raised,
        "lost": found.lost,
        "never mended": found.mended_s is None,
        "a storm": max(found.meanwhile, found.requests) > _REQUESTS_MAX,
    }
    return [name for name, is_so in broken.items() if is_so]
