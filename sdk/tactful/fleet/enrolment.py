"""Letting devices in by one-time codes: each is for one device in one store, for a while, and for one use.

Whoever does not know a code learns nothing: unknown codes, and those of other stores, are answered alike.
"""

import enum
from typing import Final

from ..clock import DAY_US
from ..errors import UsageError
from ..relay.devices import Device, DevicesFile, check_name, check_ring
from .asked import Admitted, Asked
from .codes import kept_of, make_code, proof_of, seal_device_key
from .fleet_file import FleetFile

#: A code that was sent from so many wrong stores counts no more.
WRONG_STORES_MAX: Final = 5
#: So long a code may be used, and then is kept to tell those who come late [us].
LIFE_MAX_US: Final = 30 * DAY_US


class Refusal(enum.Enum):
    """Why a code lets nobody in."""

    UNKNOWN = "enrol-unknown"
    EXPIRED = "enrol-expired"
    USED = "enrol-used"


def make_enrolment(
    file: FleetFile, device: Device, *, now_us: int, life_us: int, device_key: bytes | None = None
) -> str:
    """
    Return a new code for a device; of earlier codes for it, those that were not used count no more.

    Args:
        file: The fleet's file.
        device: Its name, its store and its ring.
        now_us: The moment [us since 1970].
        life_us: For how long it may be used [us].
        device_key: The key that the device's packs are made with, or None.

    Raises:
        UsageError: If a name is none, or the time is too long or none.
        StoreError: If the file cannot be written.
    """
    check_name(device.id)
    check_name(device.store)
    check_ring(device.ring)
    if not 0 < life_us <= LIFE_MAX_US:
        raise UsageError("a code may be used for 30 days at most, and for some time at least")
    code = make_code()
    sealed = b"" if device_key is None else seal_device_key(device_key, code, device.id)
    with file.transaction() as db:
        db.execute("delete from codes where device = ? and used_by is null", (device.id,))
        db.execute("delete from codes where expires_us < ?", (now_us - LIFE_MAX_US,))
        db.execute(
            "insert into codes (kept, device, store, ring, sealed_key, expires_us) values (?, ?, ?, ?, ?, ?)",
            (kept_of(proof_of(code)), device.id, device.store, device.ring, sealed, now_us + life_us),
        )
    return code


def admit(file: FleetFile, devices: DevicesFile, asked: Asked, now_us: int) -> Admitted | Refusal:
    """
    Use a code once, and let its device in.

    The same device may ask again, with the same token: the answer to it may have been lost. Whoever was killed, removed
    or replaced since does not come in again that way.

    Raises:
        StoreError: If the fleet's file cannot be read or written; then the code was not used.
        UsageError: If the devices' file cannot be; the same device may ask again.
    """
    with file.transaction() as db:
        found = db.execute(
            "select device, store, ring, sealed_key, expires_us, used_by, tries, let_in from codes where kept = ?",
            (kept_of(asked.proof),),
        ).fetchone()
        if found is None:
            return Refusal.UNKNOWN
        device, store, ring, sealed_key, expires_us, used_by, tries, let_in = found
        refusal = _refusal(asked, store, expires_us, used_by, tries, now_us)
        if refusal is not None:
            db.execute("update codes set tries = tries + 1 where kept = ?", (kept_of(asked.proof),))
            return refusal
        db.execute(
            "update codes set used_by = ?, used_us = coalesce(used_us, ?) where kept = ?",
            (asked.token_sha256, now_us, kept_of(asked.proof)),
        )
    if not _is_in(file, devices, asked, Device(device, ring=ring, store=store), was_in=bool(let_in)):
        return Refusal.USED
    return Admitted(device, store, ring, sealed_key.hex())


def _is_in(file: FleetFile, devices: DevicesFile, asked: Asked, device: Device, *, was_in: bool) -> bool:
    """Let a device in that never was; return whether it is in. What became of it is kept with its code."""
    is_in = devices.is_in(asked.token_sha256) if was_in else devices.let_in(device, asked.token_sha256)
    became = "let_in = 1" if is_in else "tries = tries + 1"
    with file.transaction() as db:
        db.execute(f"update codes set {became} where kept = ?", (kept_of(asked.proof),))  # noqa: S608 - ours
        if is_in and not was_in:  # whoever came in by an earlier code is replaced by this device
            db.execute("update codes set tries = 0 where device = ? and kept != ?", (device.id, kept_of(asked.proof)))
    return is_in


def refused_tries(file: FleetFile) -> dict[str, int]:
    """
    Return how often a device's codes were sent and refused, by its name: somebody else has, or had, the code.

    Once the device has come in by a newer code, those who tried the earlier ones count no more.
    """
    with file.transaction() as db:
        found = db.execute("select device, sum(tries) from codes group by device having sum(tries) > 0")
        return dict(found.fetchall())


def _refusal(asked: Asked, store: str, expires_us: int, used_by: str | None, tries: int, now_us: int) -> Refusal | None:
    if asked.store != store or (used_by is None and tries >= WRONG_STORES_MAX):
        return Refusal.UNKNOWN
    if used_by is not None and used_by != asked.token_sha256:
        return Refusal.USED
    return Refusal.EXPIRED if now_us >= expires_us else None
