"""How long a withdrawal at one edge takes until another edge decides by it, with hints and without them."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from typing import Any, Final

import attrs
from tests.stores.shop import POLICY

import tactful
from tactful import Consent, Consents, ConsentState, How, Observation, Snapshot, Source, SyncOptions, wall_clock
from tactful.centre_ports import Centre
from tactful.sync.joining import centre_of
from tactful.testing.faulty_centres import WrappedCentre

from .servers import PostgreSQLServer, served

#: What is promised [ms], 99 times of 100.
GOALS_MS: Final[Mapping[str, int]] = {"streaming": 1000, "polling": 3000}
_LOOK_EVERY_S: Final = 0.002


@attrs.frozen
class Latency:
    """
    What was found.

    Attributes:
        withdrawals: So many were made at random moments, some while others were under way.
        never: So many had not taken effect when patience was over.
        came_back: So many had taken effect, and were gone in the end.
        p50_ms: Half of the others took effect within so long [ms].
        p99_ms: 99 of 100 did [ms].
        max_ms: All did [ms].
    """

    withdrawals: int
    never: int
    came_back: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class Unhinted(WrappedCentre):
    """A centre that cannot tell when something is new, so that its edges have to ask."""

    def __init__(self, inner: Centre) -> None:
        super().__init__(inner)
        self._closed = threading.Event()

    def wait(self, line: str, after: int, timeout_s: float) -> bool:
        """Wait the time out."""
        self._closed.wait(timeout_s)
        return False

    def close(self) -> None:
        """Let go those who wait."""
        self._closed.set()
        super().close()


def latency(
    server: str,
    how: str,
    count: int,
    folder: Path,
    *,
    gap_s: float = 0.25,
    database: PostgreSQLServer | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Latency:
    """
    Withdraw at one edge for so many customers, and ask the other edge until it has nothing for them any more.

    Both edges are in this process, each with a file and connections of its own; the server is not.

    Args:
        server: One of `SERVERS`.
        how: "streaming", with the hints that the server gives; or "polling", without any, every two seconds.
        count: So many withdrawals.
        folder: Takes the edges' files.
        gap_s: So much time passes between two of them on average, as chance has it [s].
        database: The PostgreSQL server to take, if one is needed; else one is started.
        progress: Is told how many were made.
    """
    with served(server, folder, database) as (url, straight), closing(centre_of(straight)) as filled:
        return between(
            lambda: url if how == "streaming" else Unhinted(centre_of(url)), filled, count, folder, gap_s, progress
        )


def between(
    centre: Callable[[], Centre | str],
    filled: Any,
    count: int,
    folder: Path,
    gap_s: float = 0.25,
    progress: Callable[[int], None] = lambda _: None,
    patience_s: float = 30.0,
) -> Latency:
    """Measure between two edges, each of which follows what `centre` gives; `filled` gets customers and their yes."""
    names = [f"customer {number}" for number in range(count)]
    with ExitStack() as stack:
        one, other = (_edge(stack, centre(), folder / f"{name}.db") for name in ("one", "other"))
        _fill(filled, names)
        for name in names:
            for edge in (one, other):
                _until(lambda edge=edge, name=name: edge.warm(name, deadline_s=10) and _sees(edge, name) == ["bread"])
        took_s = _measured(one, other, names, gap_s, progress, patience_s)
        came_back = sum(_sees(other, name) != [] for name in took_s)
    ordered = sorted(took_s.values()) or [0.0]
    at = [ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000 for share in (0.5, 0.99, 1.0)]
    return Latency(count, count - len(took_s), came_back, *(round(ms, 1) for ms in at))


def _measured(
    one: tactful.Edge,
    other: tactful.Edge,
    names: list[str],
    gap_s: float,
    progress: Callable[[int], None],
    patience_s: float,
) -> dict[str, float]:
    """Return how long each withdrawal took that took effect [s], by name."""
    began_s, took_s, over = dict[str, float](), dict[str, float](), threading.Event()

    def ask() -> None:
        while not over.is_set():
            for name, at_s in list(began_s.items()):
                if name not in took_s and _sees(other, name) == []:
                    took_s[name] = time.monotonic() - at_s
            time.sleep(_LOOK_EVERY_S)

    asking = threading.Thread(target=ask)
    asking.start()
    chance = Random(7)
    try:
        for done, name in enumerate(names):
            time.sleep(chance.expovariate(1 / gap_s))
            began_s[name] = time.monotonic()  # before it is made: what is measured includes keeping it
            one.opt_out(name)
            progress(done + 1)
        until_s = time.monotonic() + patience_s
        while len(took_s) < len(names) and time.monotonic() < until_s:
            time.sleep(0.01)
    finally:
        over.set()
        asking.join()
    return took_s


def _edge(stack: ExitStack, centre: Centre | str, store: Path) -> tactful.Edge:
    if not isinstance(centre, str):
        stack.callback(centre.close)
    return stack.enter_context(tactful.open(POLICY, store=f"sqlite:///{store}", centre=centre, sync=SyncOptions()))


def _fill(centre: Any, names: list[str]) -> None:
    """Let customers like bread and say yes."""
    for name in names:
        now_us = wall_clock()
        centre.put_profile(Snapshot(name, now_us, {"favourite": Observation("bread", Source.STATED, now_us)}))
        yes = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, now_us)
        centre.put_consents(name, Consents((yes,), now_us))


def _sees(edge: tactful.Edge, name: str) -> list[str]:
    """Return what a customer would be offered; a look takes no room, so that no cap ends what a no should end."""
    return [pick.offer for pick in edge.decide("page", name, preview=True).picks]


def _until(holds: Callable[[], bool], within_s: float = 60) -> None:
    until_s = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > until_s:
            raise TimeoutError("it did not come about")
        time.sleep(0.005)
