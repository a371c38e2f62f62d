"""An edge at work for long, over very many customers: whether its memory stays flat, and it keeps to every no.

Everything is in one process: the edge with its SQLite file, the centre that it follows, and those who decide, change
their mind, and bring new bundles. So the memory that is measured is that of all of them together.
"""

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

import attrs

import tactful
from tactful import SyncOptions
from tactful.authoring import compile_files
from tactful.engine.noes import _IDS_MAX

from .crowd import CrowdCentre

SHOP: Final = """
name: soak
channels: {web: private}
placements: {page: web}
topics: {food: {}}
purposes: {offers: consent}
profile:
  shop:
    all: {owner: crm, purpose: offers, source: observed, max_age: 3650d}
    first_name: text
offers:
  olives:
    intent: help
    topic: food
    treatments: [{title: Olives}, {title: "{profile.first_name}, your olives", lift: 9}]
"""
#: Those who are asked for now; who they are moves on, so that everyone's turn comes and goes.
_AROUND: Final = 3000
_BUNDLE_EVERY_S: Final = 30.0
_DECIDERS: Final = 3
#: The edge keeps so many customers, and so many of their views, in memory.
_HELD: Final = 5_000
#: Memory is flat if the second half of the time took no more than this share above the first.
FLAT: Final = 0.03


@attrs.frozen
class Soaked:
    """
    What was found.

    Attributes:
        minutes: For so long, after everyone had come in.
        customers: So many the edge's store held.
        decisions: So many were made.
        personal: So many of them used what is known of the customer.
        violations: So many of those began after the edge had applied a no.
        withdrawals: So many were made, at the edge and at the centre.
        updates: So many profiles and yeses came from the centre.
        bundles: So many times the policy was replaced.
        lost: Events that were recorded and never arrived, less those that arrived twice.
        failures: So many calls raised something, by what it was.
        rss_mb: The memory held at the end [MB].
        growth_mb: By so much the mean of the second half of the time was above that of the first [MB].
        slope_mb_per_hour: The slope of a straight line through all samples after the first fifth [MB/h].
        blocks: So many pieces of memory Python had given out at the end, wherever they lay.
        blocks_growth: By so many the mean of the second half of the time was above that of the first.
    """

    minutes: float
    customers: int
    decisions: int
    personal: int
    violations: int
    withdrawals: int
    updates: int
    bundles: int
    lost: int
    failures: dict[str, int]
    rss_mb: float
    growth_mb: float
    slope_mb_per_hour: float
    blocks: int
    blocks_growth: int


class Soak:
    """One edge, its centre, and the threads that use them."""

    def __init__(self, folder: Path, customers: int, centre: CrowdCentre, keep: int = 0) -> None:
        """Open the edge; `keep` is the control: so many bytes are taken for each decision and never given back."""
        self.centre, self._keep, self._kept = centre, keep, list[bytes]()
        self._policies = [
            compile_files({"shop.yaml": SHOP.replace("lift: 9", f"lift: {lift}").encode()}) for lift in (9, 8)
        ]
        self.customers = customers
        self.edge = tactful.open(
            self._policies[0],
            store=f"sqlite:///{folder / 'soak.db'}",
            centre=centre,  # type: ignore[arg-type]
            sync=SyncOptions(poll_s=1, batch=1000),
            options=tactful.Options(customers_max=_HELD, views_max=_HELD),
        )
        self.counts: Counter[str] = Counter()
        self.recorded: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self._applied = 0
        self._over = threading.Event()
        self._first = 0
        self._lock = threading.Lock()

    def fill(self) -> None:
        """Wait until the edge's store has everyone, and what it keeps in memory is full: that is no growth later on."""
        until(lambda: all(self._followed(line) >= self.customers for line in ("consents", "profiles")), 1800)
        for whose in range(max(self.customers - _HELD, 0), self.customers):
            self.edge.warm(str(whose), deadline_s=1)
            self.edge.decide("page", str(whose))
        for number in range(_IDS_MAX):  # noes that are remembered until others make them make way
            self.edge._snapshots.withdraw({f"nobody {number}"}, ("offers",), tactful.wall_clock())

    def run(self, seconds: float, per_s: float, sample: Callable[[], None]) -> None:
        """Let all of it go on for so long, with so many decisions in a second; sample on the way."""
        works: Sequence[tuple[Callable[[Random], None], float]] = (
            *((self._decide, per_s / _DECIDERS) for _ in range(_DECIDERS)),
            (self._change, per_s / 4),
            (self._leave, per_s / 20),
            (lambda _: self._look(), 20),
            (lambda _: self._replace(), 1 / min(_BUNDLE_EVERY_S, seconds / 3)),
        )
        threads = [
            threading.Thread(target=self._pace, args=(work, often, Random(seed)))
            for seed, (work, often) in enumerate(works)
        ]
        for thread in threads:
            thread.start()
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            time.sleep(min(5.0, seconds / 40))
            sample()
        self._over.set()
        for thread in threads:
            thread.join()

    def end(self) -> int:
        """Wait until what was recorded has arrived, or a minute; return how much is missing, and close."""
        with suppress(TimeoutError):
            until(lambda: self._missing() == 0, 60)
        missing = self._missing()
        self.edge.close()
        return missing

    def _missing(self) -> int:
        return sum(self.recorded.values()) - sum(self.centre.taken[name] for name in ("shown", "withdrawal"))

    def _pace(self, work: Callable[[Random], None], per_s: float, chance: Random) -> None:
        while not self._over.wait(chance.uniform(0, 2 / per_s)):
            try:
                work(chance)
            except Exception as error:  # noqa: BLE001 - none is expected, and each counts
                with self._lock:
                    self.failures[type(error).__name__] += 1

    def _someone(self, chance: Random) -> int:
        return (self._first + chance.randrange(_AROUND)) % self.customers

    def _decide(self, chance: Random) -> None:
        whose = self._someone(chance)
        if chance.random() < 0.5:
            self.edge.warm(str(whose), deadline_s=1)
        applied, no, yes = self._applied, self.centre.no_epoch[whose], self.centre.yes_epoch[whose]
        decision = self.edge.decide("page", str(whose))
        personal = (decision.content or {}).get("title", "").endswith(", your olives")
        forbidden = yes < no <= applied and self.centre.yes_epoch[whose] == yes
        new = decision.content is not None and bool(decision.picks) and self.edge.record(decision)
        with self._lock:
            self.counts["decisions"] += 1
            self.counts["personal"] += personal
            self.counts["violations"] += personal and forbidden
            self.recorded["shown"] += new
            self._first += self.counts["decisions"] % 4 == 0
        if self._keep:
            self._kept.extend(b"x" * size for size in (400,) * (self._keep // 400))

    def _change(self, chance: Random) -> None:
        whose = self._someone(chance)
        (self.centre.move, self.centre.grant, self.centre.grant, self.centre.withdraw)[kind := chance.randrange(4)](
            whose
        )
        with self._lock:
            self.counts["withdrawals" if kind == 3 else "updates"] += 1

    def _leave(self, chance: Random) -> None:
        self.edge.opt_out(str(self._someone(chance)), "offers")
        with self._lock:
            self.counts["withdrawals"] += 1
            self.recorded["withdrawal"] += 1

    def _look(self) -> None:
        self._applied = self._followed("consents")

    def _replace(self) -> None:
        self.counts["bundles"] += 1
        self.edge.update(self._policies[self.counts["bundles"] % 2])

    def _followed(self, line: str) -> int:
        told = self.edge.status()["centre"]
        return int(told[line]["epoch"] or 0)  # type: ignore[index]


def soak(
    folder: Path,
    minutes: float,
    customers: int,
    per_s: float,
    *,
    centre: type[CrowdCentre] = CrowdCentre,
    keep: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> Soaked:
    """
    Let an edge work for some minutes, and say what was found.

    Args:
        folder: Takes the edge's file.
        minutes: For so long, after all customers have come in.
        customers: So many there are.
        per_s: About so many decisions are made in a second, and a quarter as many changes come from the centre.
        centre: Makes the centre; the control's forgets to tell of a no.
        keep: The control for memory: so many bytes stay for each decision.
        progress: Is told the seconds that are over.
    """
    one = Soak(folder, customers, centre(customers), keep)
    one.fill()
    began_s, samples, blocks = time.monotonic(), list[tuple[float, float]](), list[tuple[float, float]]()

    def sample() -> None:
        at_s = time.monotonic() - began_s
        samples.append((at_s, rss_mb()))
        blocks.append((at_s, sys.getallocatedblocks()))
        progress(int(at_s))

    one.run(minutes * 60, per_s, sample)
    lost = one.end()
    growth, slope = trend(samples)
    counts = one.counts
    return Soaked(
        minutes,
        customers,
        *(counts[name] for name in ("decisions", "personal", "violations", "withdrawals", "updates", "bundles")),
        lost,
        dict(one.failures),
        round(samples[-1][1], 1),
        round(growth, 1),
        round(slope, 1),
        int(blocks[-1][1]),
        round(trend(blocks)[0]),
    )


def trend(samples: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return by how much the second half is above the first, and the slope per hour; the first fifth is left out."""
    later = samples[len(samples) // 5 :]
    half = len(later) // 2
    mean_s, mean = (sum(one[at] for one in later) / len(later) for at in (0, 1))
    growth = sum(one for _, one in later[half:]) / (len(later) - half) - sum(one for _, one in later[:half]) / half
    spread = sum((at_s - mean_s) ** 2 for at_s, _ in later)
    return growth, 3600 * sum((at_s - mean_s) * (one - mean) for at_s, one in later) / spread


def rss_mb() -> float:
    """Return the memory that this process holds [MB]."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell a process's memory")


def until(holds: Callable[[], bool], within_s: float) -> None:
    """Wait until something holds; raise TimeoutError if it never does."""
    until_s = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > until_s:
            raise TimeoutError("it did not come about")
        time.sleep(0.02)
