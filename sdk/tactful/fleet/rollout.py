"""A bundle goes from ring to ring, and stops by itself where it does harm. It is worked out from reports: no I/O.

A ring gets a bundle once enough of the one before have run it for a while without an error. Errors stop it; then only
those who have it already keep it, as no edge takes an older one. It goes on when somebody says so, and not by itself.
"""

import enum
from collections import Counter
from collections.abc import Iterable
from math import ceil, floor
from typing import Final

import attrs

from ..clock import DAY_US, SECOND_US
from ..errors import UsageError
from ..relay.devices import RINGS

#: Who has not reported for so long holds up no ring [us].
QUIET_US: Final = DAY_US


class State(enum.Enum):
    """How a release stands."""

    GOING = "going"
    STOPPED = "stopped"
    DONE = "done"
    REPLACED = "replaced"


@attrs.frozen
class Terms:
    """
    When a release goes on, and when it stops.

    Attributes:
        tolerated: The share of devices of a ring that may report errors, 0 to 1; rounded down, so of a few none.
        soak_s: It stays in a ring for so long at least [s].
        enough: The share of devices of a ring that must run it without errors, 0 to 1.
    """

    tolerated: float = 0.02
    soak_s: int = 3600
    enough: float = 0.9

    def __attrs_post_init__(self) -> None:
        if not (0 <= self.tolerated < 1 and 0 < self.enough <= 1 and self.soak_s >= 0):
            raise UsageError("of a ring, 0 to 1 may have errors, more than 0 must run it, and time does not run back")


@attrs.frozen
class Release:
    """
    A bundle on its way.

    Attributes:
        epoch: The bundle's epoch.
        sha256: The digest of its bytes, in hex.
        state: How it stands.
        reached: How many rings it has reached, 1 to 3.
        since_us: When it reached the last one, or went on there [us since 1970].
        terms: When it goes on, and when it stops.
        reason: Why it was stopped; empty if it was not.
        waived: The devices whose errors somebody has seen, and let it go on.
    """

    epoch: int
    sha256: str
    since_us: int
    state: State = State.GOING
    reached: int = 1
    terms: Terms = Terms()
    reason: str = ""
    waived: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        if not 1 <= self.reached <= len(RINGS):
            raise UsageError(f"there are {len(RINGS)} rings, and it has reached one of them at least")

    @property
    def ring(self) -> str:
        """The ring that it reached last."""
        return RINGS[self.reached - 1]


@attrs.frozen
class Seen:
    """
    What a device last reported, as far as it tells of a release.

    Attributes:
        device: Its name.
        ring: Its ring.
        at_us: When [us since 1970].
        epoch: The epoch that it runs; None if it runs none.
        error: What went wrong under that epoch, in one word; empty if nothing did.
        refused_sha256: The digest of the bundle that it refused; empty if it refused none.
        refused_code: The code of that.
    """

    device: str
    ring: str
    at_us: int
    epoch: int | None
    error: str = ""
    refused_sha256: str = ""
    refused_code: str = ""

    def harmed_by(self, release: Release) -> str:
        """Return in one word what a release does to the device; empty if it does no harm."""
        if self.refused_sha256 == release.sha256:
            return self.refused_code or "bundle"
        return self.error if self.epoch == release.epoch else ""


def judged(release: Release, seen: Iterable[Seen], now_us: int) -> Release:
    """
    Return a release as it stands after what devices reported: as before, a ring further, done, or stopped.

    Args:
        release: How it stood.
        seen: The last report of each device that is not killed.
        now_us: The moment [us since 1970].
    """
    if release.state is not State.GOING:
        return release
    reached = [one for one in seen if RINGS.index(one.ring) < release.reached]
    harmed = {one.device: harm for one in reached if (harm := one.harmed_by(release))}
    counted = {device: harm for device, harm in harmed.items() if device not in release.waived}
    if len(counted) > floor(release.terms.tolerated * len(reached)):
        return attrs.evolve(release, state=State.STOPPED, reason=_reason(release, counted, len(reached)))
    here = [one for one in reached if one.ring == release.ring and one.at_us > now_us - QUIET_US]
    running = sum(one.epoch == release.epoch and one.device not in harmed for one in here)
    if not here or running < ceil(release.terms.enough * len(here)):
        return release  # in a ring of nobody it was never tried
    if now_us - release.since_us < release.terms.soak_s * SECOND_US:
        return release
    return further(release, now_us)


def further(release: Release, now_us: int) -> Release:
    """Return a release one ring further; or done, if it has reached them all."""
    if release.reached == len(RINGS):
        return attrs.evolve(release, state=State.DONE)
    return attrs.evolve(release, reached=release.reached + 1, since_us=now_us)


def resumed(release: Release, seen: Iterable[Seen], now_us: int) -> Release:
    """
    Return a release that goes on where it stopped; the devices that it harms now stop it no more.

    Raises:
        UsageError: If it was not stopped.
    """
    if release.state is not State.STOPPED:
        raise UsageError(f"epoch {release.epoch} is {release.state.value}, not stopped: there is nothing to resume")
    waived = {one.device for one in seen if one.harmed_by(release)} | set(release.waived)
    return attrs.evolve(release, state=State.GOING, reason="", since_us=now_us, waived=tuple(sorted(waived)))


def given(releases: Iterable[Release], ring: str, runs: int | None) -> Release | None:
    """
    Return the release that a device is to have: the newest that has reached its ring, or that it has already.

    Args:
        releases: All of them.
        ring: The device's ring.
        runs: The epoch that it runs; None if it runs none, or that is not known.
    """
    found = [
        one for one in releases if one.epoch == runs or (_goes_out(one, ring) and (runs is None or one.epoch > runs))
    ]
    return max(found, key=lambda one: one.epoch, default=None)


def _goes_out(release: Release, ring: str) -> bool:
    if release.state is State.GOING:
        return RINGS.index(ring) < release.reached
    return release.state is State.DONE


def _reason(release: Release, harmed: dict[str, str], devices: int) -> str:
    codes = ", ".join(f"{code} {count}" for code, count in sorted(Counter(harmed.values()).items()))
    return f"in ring {release.ring}, {len(harmed)} of {devices} devices report errors: {codes}"
