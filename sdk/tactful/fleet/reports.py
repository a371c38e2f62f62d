"""The last report of each device, one row each: bounded by how many devices there are. It judges nothing."""

import sqlite3
from collections.abc import Sequence

import attrs

from ..relay.devices import Device
from .fleet_file import FleetFile
from .report import Report, packed, unpacked
from .rollout import Seen


@attrs.frozen
class Kept:
    """
    What a device last reported, and when.

    Attributes:
        device: The device, as it was known then.
        at_us: When, by the relay's clock [us since 1970].
        report: What it told.
    """

    device: Device
    at_us: int
    report: Report

    @property
    def offset_us(self) -> int:
        """How far its clock is ahead of the relay's [us]; what the report took on its way makes it less."""
        return self.report.clock_us - self.at_us

    def seen(self) -> Seen:
        """Return it as far as it tells of a release."""
        told = self.report
        return Seen(
            self.device.id,
            self.device.ring,
            self.at_us,
            told.policy_epoch,
            told.error,
            told.refused_sha256,
            told.refused_code,
        )


def keep(db: sqlite3.Connection, device: Device, report: Report, now_us: int) -> None:
    """Keep a device's report in the place of its last one."""
    db.execute(
        "insert or replace into reports (device, killed, ring, at_us, packed) values (?, ?, ?, ?, ?)",
        (device.id, device.killed, device.ring, now_us, packed(report)),
    )


def last_of(db: sqlite3.Connection, device: Device) -> Kept | None:
    """Return the last report of a device, or None."""
    query = "select device, killed, ring, at_us, packed from reports where device = ? and killed = ?"
    found = db.execute(query, (device.id, device.killed)).fetchone()
    return None if found is None else _kept(found)


def all_of(db: sqlite3.Connection) -> Sequence[Kept]:
    """Return the last reports of all devices, by name."""
    return [_kept(row) for row in db.execute("select device, killed, ring, at_us, packed from reports order by device")]


def living(db: sqlite3.Connection) -> Sequence[Seen]:
    """Return what devices that are not killed tell of releases."""
    return [one.seen() for one in all_of(db) if not one.device.killed]


def last_reports(file: FleetFile) -> Sequence[Kept]:
    """
    Return the last reports of all devices, by name.

    Raises:
        StoreError: If the file cannot be read.
    """
    with file.transaction() as db:
        return all_of(db)


def _kept(row: tuple[str, int, str, int, bytes]) -> Kept:
    device, killed, ring, at_us, raw = row
    return Kept(Device(device, killed=bool(killed), ring=ring), at_us, unpacked(Report, raw))
