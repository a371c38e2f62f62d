"""The grocer's year, logged with evidence, for `tactful replay` to decide it again. Two sign its bundles.

Each household comes on the first day of every week on which it shopped, to the page in one week and to the screen at
the entrance in the next; on the first Monday of a month each gets the letter. Everything that is chosen is shown.
"""

import base64
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import attrs

import tactful
from tactful import LoggedDecision, MemoryStore, SealedEvidence, StoreError, UsageError
from tactful_adapters.sqlite import SQLiteStore

from .affinity import Affinities
from .coupons import of_the_year, written
from .households import Household, Households, spread
from .journey import Journey, date_of, moment_of
from .rounds import PLACEMENTS, Progress, context_of, who
from .signing import Signers
from .variants import TIGHTER, with_coupons, without

#: The data is of 2017: evidence of then must still be there today [s].
KEEP_S = 30 * 365 * 86_400
DAYS = 365
FILE = "edge.db"
WEEKDAYS, MONDAY = 7, 1  # day 0 is a Sunday
#: Who comes in a week: in one to the page, in the next to the screen at the entrance.
IN_TURN = ("web", "kiosk")
_NOON, _EVENING = 12, 17
_WAITING_MAX = 5_000
_BREATH_S = 0.05


@attrs.frozen
class Visit:
    """Who comes when, and to which channel."""

    day: int
    hour: int
    number: int
    channel: str


def live(
    folder: Path,
    journey: Journey,
    affinities: Affinities,
    households: int | None,
    progress: Progress,
    days: int = DAYS,
) -> dict[str, object]:
    """
    Log a year of decisions into `edge.db`, with the bundles to replay them by beside it.

    Args:
        folder: Where all goes; there is no year in it yet.
        journey: The data.
        affinities: What coupons are worth.
        households: Of so many households, spread over all; None means every one.
        progress: Is told how many days are done.
        days: Only so many days of the year, from its beginning.

    Returns:
        What was logged, as plain values.

    Raises:
        UsageError: If there is a year in the folder already.
        StoreError: If a decision could not be logged.
    """
    start_s = time.perf_counter()
    if (folder / FILE).exists():
        raise UsageError(f"there is a year in {folder} already; remove it, or name another folder")
    everyone = Households(journey, affinities)
    numbers = spread(everyone.numbers, households)
    progress(0, days)
    signers = Signers.made()
    made = _prepare(folder, signers, written(of_the_year(journey, affinities)))
    counts = _log(folder, signers.pinned, everyone, by_day(journey, numbers, days), days, progress)
    return {
        "folder": str(folder),
        "households": len(numbers),
        "from": date_of(0),
        "until": date_of(days),
        "decisions": counts.total(),
        "channels": dict(counts),
        "bundles": made,
        "seconds": round(time.perf_counter() - start_s, 1),
    }


def by_day(journey: Journey, numbers: Sequence[int], days: int) -> Mapping[int, Sequence[Visit]]:
    """Return who comes on each day, in order."""
    found: dict[int, list[Visit]] = {}
    for day in range(MONDAY, days, WEEKDAYS):
        if date_of(day)[:7] != date_of(day - WEEKDAYS)[:7]:  # the first Monday of a month
            found[day] = [Visit(day, _NOON, number, "email") for number in numbers]
    lines = journey.lines
    here = lines[lines["household"].isin(numbers) & (lines["day"] < days)]
    first = here.assign(week=here["day"] // WEEKDAYS).groupby(["household", "week"])["day"].min()
    for number, week, day in first.reset_index().itertuples(index=False, name=None):
        found.setdefault(day, []).append(Visit(day, _EVENING, number, IN_TURN[week % len(IN_TURN)]))
    return found


def _prepare(folder: Path, signers: Signers, coupons: bytes) -> list[str]:
    """Write the keys, and the bundles of the policy and of others to decide by; return the bundles' names."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "evidence.key"
    key.touch(mode=0o600)
    key.write_bytes(base64.b64encode(os.urandom(32)))
    for name, public in signers.public.items():
        (folder / f"{name}.public").write_text(f"{public}\n", encoding="utf-8")
    policy, others = with_coupons(coupons), {"tighter": with_coupons(coupons, TIGHTER)}
    others |= {f"without-{use.name}": without(policy, use.name) for use in policy.guardrails}
    for name, one in {"grocer": policy, **others}.items():
        kept = attrs.evolve(one, values=attrs.evolve(one.values, evidence_s=KEEP_S))
        (folder / f"{name}.bundle").write_bytes(signers.bundle(kept, moment_of(0), KEEP_S))
    return ["grocer", *others]


class Process(MemoryStore):
    """What one process of the grocer's has in memory; what it decides is logged in a file."""

    def __init__(self, file: SQLiteStore, clock: Callable[[], int]) -> None:
        super().__init__(kinds={"card": "household"}, clock=clock)
        self._file = file

    def register(self, name: str) -> bytes | None:
        """Return what the file keeps under a name."""
        return self._file.register(name)

    def claim_register(self, name: str, value: bytes) -> bytes:
        """Keep the value in the file unless the name has one already."""
        return self._file.claim_register(name, value)

    def log_decisions(self, records: Sequence[LoggedDecision]) -> int:
        """Keep decisions in the file."""
        return self._file.log_decisions(records)

    def keep_evidence(self, rows: Sequence[SealedEvidence]) -> int:
        """Keep evidence in the file."""
        return self._file.keep_evidence(rows)


def _log(
    folder: Path,
    pinned: Sequence[str],
    households: Households,
    visits: Mapping[int, Sequence[Visit]],
    days: int,
    progress: Progress,
) -> Counter[str]:
    """Decide for all who come, and log it; return how many decisions there were on each channel."""
    counts: Counter[str] = Counter()
    now_us = moment_of(0)
    bundle_, key = folder / "grocer.bundle", folder / "evidence.key"
    with closing(SQLiteStore(folder / FILE, shared=False, clock=lambda: now_us)) as file:
        store = Process(file, lambda: now_us)
        with tactful.open(
            bundle_, key=pinned, signatures=2, store=store, log=True, evidence_key=key, clock=lambda: now_us
        ) as edge:
            for day in range(days):
                for visit in visits.get(day, ()):
                    now_us = moment_of(day, visit.hour)
                    _come(edge, store, households.as_of(visit.number, day), visit.channel)
                    counts[visit.channel] += 1
                _wait(edge)
                progress(day + 1, days)
    return counts


def _come(edge: tactful.Edge, store: MemoryStore, one: Household, channel: str) -> None:
    """Let a household come as it was that day; everything that is chosen is shown."""
    if not store.links(one.id):
        store.link(who(one), customer=one.id)
        edge.warm(who(one))
    decision = edge.decide(
        PLACEMENTS[channel],
        who(one),
        context_of(one, channel),
        profile=one.snapshot,
        consents=one.consents,
        contacts=(*one.contacts, *store.contacts(one.id, one.snapshot.at_us - edge.plan.longest_window_us)),
    )
    if decision.picks:
        edge.record(decision)


def _wait(edge: tactful.Edge) -> None:
    """Wait for the log where it lags far behind: what it has no room for is dropped."""
    while int(str((told := edge.status())["log_waiting"])) > _WAITING_MAX:
        time.sleep(_BREATH_S)
    if told["log_dropped"]:
        raise StoreError(f"{told['log_dropped']} decisions could not be logged; the year is not whole")
