"""Releases in a fleet's file: each bundle that was rolled out, how it stands, and which one a device is to have."""

import sqlite3
from collections.abc import Sequence

import attrs

from .. import bundle
from ..bundle import codec
from ..bundle.packing import pack, unpack
from ..errors import UsageError
from ..relay.answer import digest
from ..relay.bundle_file import Bytes
from ..relay.devices import Device
from .fleet_file import FleetFile
from .reports import last_of, living
from .rollout import Release, State, Terms, further, given, judged, resumed

#: So many are kept; of more, the oldest go.
_KEPT_MAX = 20


def roll_out(file: FleetFile, raw: bytes, *, now_us: int, terms: Terms, everywhere: bool = False) -> Release:
    """
    Begin to roll out a bundle; one that is on its way goes no further.

    Args:
        file: The fleet's file.
        raw: The bundle, which the devices verify.
        now_us: The moment [us since 1970].
        terms: When it goes on, and when it stops.
        everywhere: Whether all rings get it at once.

    Raises:
        BundleError: If it cannot be read.
        UsageError: If it is another tenant's than the last one, or not newer.
        StoreError: If the file cannot be written.
    """
    header, sha256 = bundle.read_unsigned(raw).header, digest(raw)
    release = Release(header.epoch, sha256, now_us, reached=3 if everywhere else 1, terms=terms)
    with file.transaction() as db:
        newest = db.execute("select epoch, tenant from releases order by epoch desc limit 1").fetchone()
        if newest is not None and header.tenant != newest[1]:
            raise UsageError(f"the bundle is for tenant {header.tenant!r}; what was rolled out is for {newest[1]!r}")
        if newest is not None and header.epoch <= newest[0]:
            raise UsageError(f"epoch {newest[0]} was rolled out already; build the bundle with a greater one")
        for one in _all(db):
            if one.state in (State.GOING, State.STOPPED):
                _change(db, attrs.evolve(one, state=State.REPLACED))
        db.execute(
            "insert into releases (epoch, tenant, sha256, raw, packed) values (?, ?, ?, ?, ?)",
            (release.epoch, header.tenant, sha256, raw, _packed(release)),
        )
        _forget_old(db)
    return release


def releases_of(file: FleetFile) -> Sequence[Release]:
    """
    Return all releases that are kept, newest first.

    Raises:
        StoreError: If the file cannot be read.
    """
    with file.transaction() as db:
        return _all(db)


def follow(db: sqlite3.Connection, now_us: int) -> None:
    """Work out anew how the release stands that is on its way, after a report has come."""
    for before in _all(db):
        if before.state is State.GOING:
            after = judged(before, living(db), now_us)
            if after != before:
                _change(db, after)


def resume(file: FleetFile, now_us: int) -> Release:
    """
    Let the newest release go on after it was stopped.

    Raises:
        UsageError: If there is none, or it was not stopped.
        StoreError: If the file cannot be written.
    """
    with file.transaction() as db:
        release = resumed(_newest(db), living(db), now_us)
        _change(db, release)
    return release


def advance(file: FleetFile, now_us: int) -> Release:
    """
    Let the newest release go to the next ring now.

    Raises:
        UsageError: If there is none, or it is not on its way.
        StoreError: If the file cannot be written.
    """
    with file.transaction() as db:
        release = _newest(db)
        if release.state is not State.GOING:
            raise UsageError(f"epoch {release.epoch} is {release.state.value}, and goes nowhere")
        release = further(release, now_us)
        _change(db, release)
    return release


def stop(file: FleetFile) -> Release:
    """
    Stop the newest release by hand.

    Raises:
        UsageError: If there is none, or it is not on its way.
        StoreError: If the file cannot be written.
    """
    with file.transaction() as db:
        release = _newest(db)
        if release.state is not State.GOING:
            raise UsageError(f"epoch {release.epoch} is {release.state.value}, and cannot be stopped")
        release = attrs.evolve(release, state=State.STOPPED, reason="stopped by hand")
        _change(db, release)
    return release


def release_for(db: sqlite3.Connection, device: Device) -> Release | None:
    """Return the release that a device is to have, or None."""
    last = last_of(db, device)
    return given(_all(db), device.ring, None if last is None else last.report.policy_epoch)


class Rings:
    """Gives each device the bundle of its ring."""

    def __init__(self, file: FleetFile) -> None:
        """Give what is in a fleet's file."""
        self._file = file

    def current_for(self, device: Device) -> Bytes | None:
        """
        Return the bundle that a device is to have, or None.

        Raises:
            StoreError: If the file cannot be read.
        """
        with self._file.transaction() as db:
            release = release_for(db, device)
            if release is None:
                return None
            (raw,) = db.execute("select raw from releases where epoch = ?", (release.epoch,)).fetchone()
        return Bytes(raw, release.sha256)


def _newest(db: sqlite3.Connection) -> Release:
    found = _all(db)
    if not found:
        raise UsageError("nothing was rolled out yet: `tactful rollout BUNDLE`")
    return found[0]


def _all(db: sqlite3.Connection) -> Sequence[Release]:
    rows = db.execute("select packed from releases order by epoch desc").fetchall()
    return [codec.decode(Release, unpack(raw, "a release")) for (raw,) in rows]


def _change(db: sqlite3.Connection, release: Release) -> None:
    db.execute("update releases set packed = ? where epoch = ?", (_packed(release), release.epoch))


def _packed(release: Release) -> bytes:
    return pack(codec.encode(Release, release))


def _forget_old(db: sqlite3.Connection) -> None:
    """Keep the last ones, and the newest that was done: whoever is new gets that."""
    done = next((one.epoch for one in _all(db) if one.state is State.DONE), -1)
    last = "select epoch from releases order by epoch desc limit ?"
    db.execute(f"delete from releases where epoch != ? and epoch not in ({last})", (done, _KEPT_MAX))  # noqa: S608 - ours
