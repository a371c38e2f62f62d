"""A bundle's file that is followed: its bytes as they are now, or as they were when it last was a whole one.

It verifies no signature: whoever decides by the bundle does, with a key that is nowhere near.
"""

from pathlib import Path
from threading import Lock

import attrs

from .. import bundle
from ..errors import BundleError, UsageError
from .answer import digest
from .devices import Device
from .swapping import read_bounded


@attrs.frozen(repr=False)
class Bytes:
    """The bytes of a bundle, and their digest in hex."""

    raw: bytes
    sha256: str


class BundleFile:
    """
    Follows a file. Safe under threads.

    Attributes:
        last_error: The code with which the file was refused when it was last looked at; empty if it was taken.
    """

    def __init__(self, path: Path) -> None:
        """Follow a file, which need not be there yet."""
        self.last_error = ""
        self._path = path
        self._lock = Lock()
        self._seen: object = None
        self._epochs: dict[str, int] = {}
        self._current: Bytes | None = None

    def current(self) -> Bytes | None:
        """
        Return the bytes; None if there never was a whole bundle.

        A file that is torn, or has an older epoch than the last one, is passed over.
        """
        with self._lock:
            try:
                found = self._path.stat()
                mark = (found.st_ino, found.st_mtime_ns, found.st_size)
                if mark != self._seen:
                    self._take(read_bounded(self._path, bundle.SIZE_MAX_BYTES))
                    self._seen = mark
                    self.last_error = ""
            except BundleError as error:
                self.last_error = error.code
            except (OSError, UsageError):
                self.last_error = "bundle-file"
            return self._current

    def current_for(self, _: Device) -> Bytes | None:
        """Return the bytes, which are the same for all devices; None if there never was a whole bundle."""
        return self.current()

    def _take(self, raw: bytes) -> None:
        header = bundle.read_unsigned(raw).header
        highest = self._epochs.get(header.tenant, header.epoch) if self._epochs else header.epoch
        if self._epochs and header.tenant not in self._epochs:
            raise BundleError("the bundle is another tenant's than the last one", code="bundle-foreign")
        bundle.check_epoch(header, highest)
        self._epochs = {header.tenant: header.epoch}
        self._current = Bytes(raw, digest(raw))
