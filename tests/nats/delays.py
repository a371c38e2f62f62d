"""How long a withdrawal at one edge takes until another edge, which follows the same centre in NATS, decides by it."""

import time
from pathlib import Path
from random import Random

import attrs
from tests.stores.shop import POLICY

import tactful
from tactful import Consent, Consents, ConsentState, How, Observation, Snapshot, Source, SyncOptions, wall_clock
from tactful_adapters.nats_centre import NATSCentre

_PATIENCE_S = 30.0
_LOOK_EVERY_S = 0.001


@attrs.frozen
class Delays:
    """
    What was found.

    Attributes:
        withdrawals: So many were made, one after the other, at random moments.
        median_ms: Half of them took effect within so long [ms].
        p99_ms: All but one in a hundred did.
        longest_ms: All of them did.
    """

    withdrawals: int
    median_ms: float
    p99_ms: float
    longest_ms: float


def delays(url, folder: Path, count: int, *, progress=lambda done: None) -> Delays:
    """
    Withdraw for so many customers, one at a time, and look at the other edge until it has no offer any more.

    Up to a second passes between two of them. Both edges and their decisions are in this process.
    """
    took_s, by_chance = [], Random(7)  # noqa: S311 - the same pauses each time
    with (
        NATSCentre(url) as filling,
        _Edge(url, folder / "one.db") as one,
        _Edge(url, folder / "other.db") as other,
    ):
        names = [f"customer {number}" for number in range(count)]
        for name in names:
            now_us = wall_clock()
            filling.put_profile(Snapshot(name, now_us, {"favourite": Observation("bread", Source.STATED, now_us)}))
            yes = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, now_us)
            filling.put_consents(name, Consents((yes,), now_us))
        for done, name in enumerate(names):
            for edge in (one, other):
                _until(lambda edge=edge, name=name: edge.warm(name, deadline_s=10) and offers(edge, name) == ["bread"])
            time.sleep(by_chance.uniform(0, 1))
            began_s = time.monotonic()
            one.opt_out(name)
            _until(lambda name=name: offers(other, name) == [])
            took_s.append(time.monotonic() - began_s)
            progress(done + 1)
    took_s.sort()
    at = [took_s[min(int(share * count), count - 1)] * 1_000 for share in (0.5, 0.99, 1.0)]
    return Delays(count, *(round(one, 1) for one in at))


class _Edge:
    """An edge with a connection of its own for each part, as one that is opened by URL has."""

    def __init__(self, url, store):
        self._centre = NATSCentre(url)
        self._edge = tactful.open(POLICY, store=f"sqlite:///{store}", centre=self._centre, sync=SyncOptions())

    def __enter__(self):
        return self._edge

    def __exit__(self, *_):
        self._edge.close()
        self._centre.close()


def offers(edge, name):
    """What would be shown; a look takes no room, so that no cap ends what a no should end."""
    return [pick.offer for pick in edge.decide("page", name, preview=True).picks]


def _until(holds):
    until_s = time.monotonic() + _PATIENCE_S
    while not holds():
        if time.monotonic() > until_s:
            raise TimeoutError("it did not come about")
        time.sleep(_LOOK_EVERY_S)
