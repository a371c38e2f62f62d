"""Some weeks of the grocer's life, logged with evidence, for `tactful replay` to decide again.

Households come on the days on which they shopped, to the screen at the entrance and to the page; on Mondays each gets
the letter. Everything that is chosen is shown.
"""

import argparse
import base64
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

import tactful
from tactful import Policy, bundle

from .affinity import Affinities
from .coupons import DEMO_DAY
from .households import Households
from .journey import Journey, load, moment_of
from .rounds import PLACEMENTS, context_of, who
from .variants import grocer, without

#: The data is of 2017: evidence of then must still be there today [s].
KEEP_S = 30 * 365 * 86_400
WEEKDAYS, MONDAY = 7, 1  # day 0 is a Sunday
_HOUR_US = 3_600_000_000


def live(folder: Path, weeks: int, count: int) -> int:
    """
    Log some weeks of decisions into `edge.db`, with the bundles to replay them by beside it; return how many.

    Args:
        folder: Where all goes.
        weeks: So many weeks, up to the day of the demo.
        count: Of so many households.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "evidence.key"
    key.write_bytes(base64.b64encode(os.urandom(32)))
    policy = grocer()
    policy = attrs.evolve(policy, values=attrs.evolve(policy.values, evidence_s=KEEP_S))
    _write(folder / "grocer.bundle", policy)
    for use in policy.guardrails:
        _write(folder / f"without-{use.name}.bundle", without(policy, use.name))
    journey = load()
    households = Households(journey, Affinities(journey))
    numbers = households.numbers[:: max(len(households.numbers) // count, 1)][:count]
    now_us = moment_of(DEMO_DAY)
    url = f"sqlite:///{folder / 'edge.db'}?shared=no"
    decided = 0
    with tactful.open(
        folder / "grocer.bundle", development=True, store=url, log=True, evidence_key=key, clock=lambda: now_us
    ) as edge:
        for day, hour, number, placements in visits(journey, numbers, weeks):
            now_us = moment_of(day) + hour * _HOUR_US
            decided += _visit(edge, households, number, day, placements)
    return decided


def visits(journey: Journey, numbers: Sequence[int], weeks: int) -> Iterator[tuple[int, int, int, tuple[str, ...]]]:
    """Yield who comes when, in order: day, hours after noon, household, channels."""
    lines = journey.lines
    first = DEMO_DAY - WEEKDAYS * weeks
    shopped = lines[lines["household"].isin(numbers) & lines["day"].between(first, DEMO_DAY - 1)]
    there = set(shopped[["household", "day"]].itertuples(index=False, name=None))
    for day in range(first, DEMO_DAY):
        if day % WEEKDAYS == MONDAY:
            yield from ((day, 0, number, ("email",)) for number in numbers)
        yield from ((day, 5, number, ("kiosk", "web")) for number in numbers if (number, day) in there)


def _visit(edge: tactful.Edge, households: Households, number: int, day: int, channels: Sequence[str]) -> int:
    """Let a household come as it was that day; everything that is chosen is shown."""
    one, store = households.as_of(number, day), edge._store  # noqa: SLF001 - as an edge's own process fills it
    store.link(who(one), customer=one.id)
    store.put_many([one.snapshot], {one.id: one.consents}, one.contacts)
    edge.forget(one.id)
    edge.warm(who(one))
    for channel in channels:
        decision = edge.decide(PLACEMENTS[channel], who(one), context_of(one, channel))
        if decision.picks:
            edge.record(decision)
    return len(channels)


def _write(path: Path, policy: Policy) -> None:
    """Write a bundle that is signed with a key of nobody's: for a look, not for a customer."""
    private, _ = bundle.make_keys()
    issued_us = moment_of(0)
    path.write_bytes(
        bundle.write(
            policy,
            private_key=private,
            tenant="grocer",
            epoch=1,
            issued_us=issued_us,
            expires_us=issued_us + KEEP_S * 1_000_000,
        )
    )


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--weeks", type=int, default=4)
    arguments.add_argument("--households", type=int, default=200)
    given = arguments.parse_args()
    print(f"{live(given.folder, given.weeks, given.households):,} decisions are logged in {given.folder}")  # noqa: T201 - a program
