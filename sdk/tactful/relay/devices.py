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
_NAME_MAX: Final = 100
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
    """

    id: str
    enabled: bool = True


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

    It is read anew when it has changed; while it cannot be read, what was read last counts.
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

    def _look(self) -> None:
        with self._lock:
            if monotonic() - self._looked_s < _LOOK_S:
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


def add_device(path: Path, id_: str) -> str:
    """
    Let a device in, or give one that is in a new token; return the token, which is kept nowhere.

    Raises:
        UsageError: If the name is none, or the file cannot be read or written.
    """
    if not (0 < len(id_) <= _NAME_MAX and id_.isprintable()):
        raise UsageError(f"a device has a name of 1 to {_NAME_MAX} printable characters")
    token = make_token()
    with _changing(path) as by_hash:
        for key in [key for key, device in by_hash.items() if device.id == id_]:
            del by_hash[key]
        by_hash[hashed(token)] = Device(id_)
    return token


def remove_device(path: Path, id_: str) -> None:
    """
    Let a device in no more.

    Raises:
        UsageError: If there is none of that name, or the file cannot be read or written.
    """
    with _changing(path) as by_hash:
        keys = [key for key, device in by_hash.items() if device.id == id_]
        if not keys:
            raise UsageError(f"{path}: no device has that name")
        for key in keys:
            del by_hash[key]


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
        told = [
            {"id": device.id, "token_sha256": key, "enabled": device.enabled}
            for key, device in sorted(by_hash.items(), key=lambda pair: pair[1].id)
        ]
        write_swapped(path, json.dumps({"devices": told}, indent=2).encode() + b"\n", mode=0o600)
    finally:
        os.close(lock)


def _read(path: Path) -> Mapping[str, Device]:
    raw = read_bounded(path, _FILE_MAX_BYTES)
    try:
        found = json.loads(raw)["devices"]
        rows = [(row["id"], row["token_sha256"], row.get("enabled", True)) for row in found]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise UsageError(f'{path}: expected {{"devices": [{{"id": …, "token_sha256": …}}]}}') from None
    for number, (id_, key, enabled) in enumerate(rows):
        fits = isinstance(id_, str) and isinstance(key, str) and isinstance(enabled, bool)
        if not fits or len(key) != len(hashed("")):
            raise UsageError(f"{path}: devices/{number}: a device has a name, the digest of its token, and enabled")
    return {key: Device(id_, enabled) for id_, key, enabled in rows}
