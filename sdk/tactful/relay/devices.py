"""Which device a token stands for: a small port, and the file that usually is behind it. It knows no request.

A token is 32 random bytes, so its plain digest tells nothing of it; only digests are kept.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Final, Protocol

import attrs

from ..errors import UsageError
from .swapping import read_bounded, write_swapped

_FILE_MAX_BYTES: Final = 16 * 1024 * 1024
NAME_MAX: Final = 100
#: In this order bundles go out.
RINGS: Final = ("canary", "early", "all")
#: The file is looked at so often [s]; a token that was taken back counts no longer than that.
_LOOK_S: Final = 1.0
_TOKEN_BYTES: Final = 32


@attrs.frozen
class Device:
    """
    One that may ask.

    Attributes:
        id: Its name.
        enabled: Whether it may; one that may not is answered as if it were unknown.
        killed: Whether it is to destroy its key and its pack; it may do nothing but report, and hears that.
        ring: The ring that it gets bundles with: "canary", "early" or "all".
        store: The store, or other place, that it stands in; empty if nobody said.
    """

    id: str
    enabled: bool = True
    killed: bool = False
    ring: str = "all"
    store: str = ""

    @property
    def may_ask(self) -> bool:
        """Whether it may do more than report."""
        return self.enabled and not self.killed


class Devices(Protocol):
    """Which device a token stands for. Safe under threads."""

    def device_of(self, token: str) -> Device | None:
        """
        Return the device of a token; None if it stands for none.

        It takes as long for one as for the other, and never raises.
        """
        ...


def make_token() -> str:
    """Return a new token."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hashed(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


class DevicesFile:
    """
    Devices in a JSON file: `{"devices": [{"id": "kiosk-1", "token_sha256": "…", "enabled": true}]}`.

    A row may have `killed`, `ring` and `store` as well. It is read anew when it has changed; while it cannot be read,
    what was read last counts.
    """

    def __init__(self, path: Path) -> None:
        """
        Read the file.

        Raises:
            UsageError: If it cannot be read, or is none; the message names the place.
        """
        self._path = path
        self._lock = Lock()
        self._seen: object = self._mark()
        self._looked_s = monotonic()
        self._by_hash: Mapping[str, Device] = _read(path)

    def device_of(self, token: str) -> Device | None:
        """Return the device of a token; None if it stands for none."""
        self._look()
        return self._by_hash.get(hashed(token))

    def let_in(self, device: Device, token_sha256: str) -> bool:
        """
        Let a device in by the digest of its token, at once; return whether it is in.

        A token that was killed, or may not ask, stays so.

        Raises:
            UsageError: If the file cannot be read or written.
        """
        is_in = _put(self._path, device, token_sha256)
        self._look(at_once=True)
        return is_in

    def is_in(self, token_sha256: str) -> bool:
        """Return whether a device with this digest of its token may ask now."""
        self._look(at_once=True)
        device = self._by_hash.get(token_sha256)
        return device is not None and device.may_ask

    def _look(self, *, at_once: bool = False) -> None:
        with self._lock:
            if monotonic() - self._looked_s < _LOOK_S and not at_once:
                return
            self._looked_s = monotonic()
            if (mark := self._mark()) != self._seen:
                with contextlib.suppress(UsageError):
                    self._by_hash, self._seen = _read(self._path), mark

    def _mark(self) -> object:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def add_device(path: Path, id_: str, *, ring: str | None = None) -> str:
    """
    Let a device in, or give one that is in a new token; return the token, which is kept nowhere.

    Args:
        path: The file.
        id_: The device's name.
        ring: The ring that it gets bundles with; None leaves it, or is "all".

    Raises:
        UsageError: If the name or the ring is none, or the file cannot be read or written.
    """
    check_name(id_)
    token = make_token()
    before = device_named(path, id_) or Device(id_)
    _put(path, attrs.evolve(before, enabled=True, ring=before.ring if ring is None else ring), hashed(token))
    return token


def remove_device(path: Path, id_: str) -> None:
    """
    Let a device in no more, also if it was killed: it will not hear of that.

    Raises:
        UsageError: If there is none of that name, or the file cannot be read or written.
    """
    with _changing(path) as by_hash:
        for key in _named(path, by_hash, id_):
            del by_hash[key]


def kill_device(path: Path, id_: str) -> None:
    """
    Have a device destroy its key and its pack when it reports the next time; it may do nothing else any more.

    Its token stays on the list, or it could not be told; a new device may take the name.

    Raises:
        UsageError: If there is none of that name, or the file cannot be read or written.
    """
    with _changing(path) as by_hash:
        for key in _named(path, by_hash, id_):
            by_hash[key] = attrs.evolve(by_hash[key], killed=True)


def put_in_ring(path: Path, id_: str, ring: str) -> None:
    """
    Let a device get bundles with a ring from now on.

    Raises:
        UsageError: If there is no such device or ring, or the file cannot be read or written.
    """
    check_ring(ring)
    with _changing(path) as by_hash:
        for key in _named(path, by_hash, id_):
            by_hash[key] = attrs.evolve(by_hash[key], ring=ring)


def all_devices(path: Path) -> tuple[Device, ...]:
    """
    Return all devices of a file, by name.

    Raises:
        UsageError: If it cannot be read, or is none.
    """
    return tuple(sorted(_read(path).values(), key=lambda one: (one.id, one.killed)))


def device_named(path: Path, id_: str) -> Device | None:
    """
    Return the device of a name that is not killed, or None.

    Raises:
        UsageError: If the file cannot be read, or is none.
    """
    found = all_devices(path) if path.exists() else ()
    return next((one for one in found if one.id == id_ and not one.killed), None)


def check_name(id_: str) -> None:
    """Check that a device, or a store, can have a name; it raises UsageError if not."""
    if not (0 < len(id_) <= NAME_MAX and id_.isprintable()):
        raise UsageError(f"a device has a name of 1 to {NAME_MAX} printable characters")


def check_ring(ring: str) -> None:
    """Check that there is such a ring; it raises UsageError if not."""
    if ring not in RINGS:
        raise UsageError(f"there is no ring {ring!r}; there are {', '.join(RINGS)}")


def _put(path: Path, device: Device, token_sha256: str) -> bool:
    """Put a device in the place of those of its name, but of no token that may not ask; return whether it is there."""
    check_ring(device.ring)
    with _changing(path) as by_hash:
        if (before := by_hash.get(token_sha256)) is not None and not before.may_ask:
            return False
        for key in [key for key, one in by_hash.items() if one.id == device.id and not one.killed]:
            del by_hash[key]
        by_hash[token_sha256] = device
    return True


def _named(path: Path, by_hash: Mapping[str, Device], id_: str) -> list[str]:
    keys = [key for key, device in by_hash.items() if device.id == id_]
    if not keys:
        raise UsageError(f"{path}: no device has that name")
    return keys


@contextlib.contextmanager
def _changing(path: Path) -> Iterator[dict[str, Device]]:
    """Give the devices to change, one process at a time; what is changed is written if all went well."""
    beside = path.with_name(f".{path.name}.lock")
    try:
        lock = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(f"{beside}: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        by_hash = dict(_read(path)) if path.exists() else {}
        yield by_hash
        told = [_plain(key, device) for key, device in sorted(by_hash.items(), key=lambda pair: pair[1].id)]
        write_swapped(path, json.dumps({"devices": told}, indent=2).encode() + b"\n", mode=0o600)
    finally:
        os.close(lock)


def _plain(key: str, device: Device) -> Mapping[str, object]:
    """Return a row; what is as usual is left out."""
    unusual = attrs.asdict(device, filter=lambda field, value: value != field.default)
    return {"id": device.id, "token_sha256": key, "enabled": device.enabled, **unusual}


def _read(path: Path) -> Mapping[str, Device]:
    raw = read_bounded(path, _FILE_MAX_BYTES)
    try:
        rows = [dict(row) for row in json.loads(raw)["devices"]]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise UsageError(f'{path}: expected {{"devices": [{{"id": …, "token_sha256": …}}]}}') from None
    found = {}
    for number, row in enumerate(rows):
        key, device = row.pop("token_sha256", None), _device(row)
        if device is None or not isinstance(key, str) or len(key) != len(hashed("")):
            raise UsageError(f"{path}: devices/{number}: a device has a name, the digest of its token, and enabled")
        found[key] = device
    return found


def _device(row: Mapping[str, object]) -> Device | None:
    """Return the device of a row; None if it is none. What a later version has written besides is passed over."""
    known = {field.name: row[field.name] for field in attrs.fields(Device) if field.name in row}
    kinds = {field.name: bool if isinstance(field.default, bool) else str for field in attrs.fields(Device)}
    if "id" not in known or any(type(value) is not kinds[name] for name, value in known.items()):
        return None
    return Device(**known) if known.get("ring", "all") in RINGS else None  # type: ignore[arg-type]
