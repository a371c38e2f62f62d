"""A pack's file: rows in the order of their names, a table of where each lies, the signed head, and the tail.

It is read with bounded memory: one row at a time, found by halving the table. It decides nothing.
"""

import hashlib
import os
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO, Any, Final, Self

from ..errors import PackError
from .head import PackHead, open_head
from .rows import NAME_BYTES, Kind, PackedCustomer, RowSeal, customer_of

BEGIN: Final = b"tactful pack 1\r\n"
#: How long the head is, and the end.
TAIL: Final = struct.Struct(">I12s")
END: Final = b"pack ends\r\n\x00"
#: The name of a row, where it begins, how long it is.
ENTRY: Final = struct.Struct(f">{NAME_BYTES}sQI")
HEAD_MAX_BYTES: Final = 1024 * 1024
ROW_MAX_BYTES: Final = 16 * 1024 * 1024
_CHUNK_BYTES: Final = 1024 * 1024
_ALTERED: Final = (
    "the pack's file was overwritten or cut while it was open: bring the pack again, and let `Edge.take_pack` put it "
    "in place"
)
#: Reads so many bytes from a place on.
ReadAt = Callable[[int, int], bytes]


class PackFile:
    """A pack that is open, and was verified as a whole: signature, then every byte against the digest."""

    def __init__(self, path: Path, keys: tuple[str, ...]) -> None:
        """
        Open a file, and verify it; no row is decrypted.

        Raises:
            PackError: If it cannot be read, is no pack, is not whole, or no pinned key signed it as it is.
        """
        self.path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise PackError(f"{path}: {error.strerror}; give the file of a pack", code="pack-file") from None
        try:
            self._read_at = _reader(self._file)
            self._stamp: tuple[int, int] | None = self._stamp_now()
            self.head = self._verified(keys)
        except OSError as error:
            self._file.close()
            raise PackError(f"{path}: {error.strerror}", code="pack-file") from None
        except BaseException:
            self._file.close()
            raise
        self._table = self.head.length - self.head.rows * ENTRY.size
        self._seal: RowSeal | None = None
        #: What became of the file, when that was last looked at; empty if it is as it was signed.
        self.altered = ""

    def unlock(self, device_key: bytes) -> Self:
        """
        Take the device key.

        Raises:
            PackError: If the pack was made for another key.
        """
        self._seal = RowSeal(device_key, self.head)
        if self._find("key") is None:
            self._seal = None
            raise PackError("the pack was made for another device key", code="pack-foreign")
        return self

    def customer(self, customer: str) -> PackedCustomer | None:
        """Return what is known of a customer by the id, or None."""
        found = self._find("customer", customer)
        return None if found is None else customer_of(found, self.head.issued_us)

    def merged(self, customer: str) -> tuple[str, ...]:
        """Return the ids that are one customer, by the one that stands for them; () if it is alone."""
        return tuple(self._find("merged", customer) or ())

    def standing_for(self, name: str, value: str) -> frozenset[str]:
        """Return the customers for whom an identifier, in clean form, stands surely."""
        return frozenset(self._find("identifier", name, value) or ())

    def household(self, household: str) -> tuple[str, ...]:
        """Return the customers of a household that are in the pack."""
        return tuple(self._find("household", household) or ())

    def look(self) -> str:
        """
        Look whether the open file is still as it was signed; return what became of it, empty if nothing.

        It asks for the file's length and the time of its last write, and reads all of it only where one is another, or
        where a row could not be read.
        """
        try:
            stamp = self._stamp_now()
            if stamp != self._stamp:
                is_whole = stamp[0] == self._size and self._digest(self.head.length) == self.head.sha256
                self.altered, self._stamp = "" if is_whole else _ALTERED, stamp
        except OSError:
            self.altered, self._stamp = _ALTERED, None
        except ValueError:  # it was closed: another took its place, and tells for itself
            pass
        return self.altered

    def close(self) -> None:
        """Give back the file."""
        self._file.close()

    def __repr__(self) -> str:
        return f"<PackFile epoch={self.head.epoch} rows={self.head.rows}>"

    def _find(self, kind: Kind, *parts: str) -> Any:
        """Return what the row says that is named so, or None."""
        if self._seal is None:
            raise PackError("the pack is locked: give its device key", code="pack-key")
        try:
            return self._opened(self._seal, self._seal.name(kind, *parts))
        except PackError:
            self._stamp = None  # whatever its length and time say, it is looked at anew
            raise

    def _opened(self, seal: RowSeal, name: bytes) -> Any:
        low, high = 0, self.head.rows
        while low < high:
            middle = (low + high) // 2
            found, place, length = self._entry(middle)
            if found == name:
                return seal.open(name, self._row(place, length))
            low, high = (middle + 1, high) if found < name else (low, middle)
        return None

    def _entry(self, number: int) -> tuple[bytes, int, int]:
        name, place, length = ENTRY.unpack(self._exactly(self._table + number * ENTRY.size, ENTRY.size))
        return name, place, length

    def _row(self, place: int, length: int) -> bytes:
        if length > ROW_MAX_BYTES or not len(BEGIN) <= place <= self._table - length:
            raise PackError("the pack's table leads out of its rows", code="pack-row")
        return self._exactly(place, length)

    def _exactly(self, place: int, length: int) -> bytes:
        try:
            found = self._read_at(place, length)
        except (OSError, ValueError):
            found = b""
        if len(found) != length:
            raise PackError("the pack cannot be read any more: its file was cut or is closed", code="pack-file")
        return found

    def _verified(self, keys: tuple[str, ...]) -> PackHead:
        size = os.fstat(self._file.fileno()).st_size
        if size < len(BEGIN) + TAIL.size or self._read_at(0, len(BEGIN)) != BEGIN:
            raise PackError(f"{self.path}: this is no pack; `tactful pack` makes one", code="pack-malformed")
        length, end = TAIL.unpack(self._read_at(size - TAIL.size, TAIL.size))
        at = size - TAIL.size - length
        if end != END or length > HEAD_MAX_BYTES or at < len(BEGIN):
            raise PackError(f"{self.path}: the pack ends in the middle; fetch it again", code="pack-truncated")
        head = open_head(self._read_at(at, length), keys)
        if head.length != at or head.length < len(BEGIN) + head.rows * ENTRY.size:
            raise PackError(f"{self.path}: the pack is not as long as its head says", code="pack-altered")
        if self._digest(at) != head.sha256:
            raise PackError(f"{self.path}: the pack's rows are not those that were signed", code="pack-altered")
        self._size = size
        return head

    def _digest(self, length: int) -> str:
        digest = hashlib.sha256()
        for place in range(0, length, _CHUNK_BYTES):
            digest.update(self._read_at(place, min(_CHUNK_BYTES, length - place)))
        return digest.hexdigest()

    def _stamp_now(self) -> tuple[int, int]:
        """Return the file's length [bytes], and when it was last written [ns]."""
        found = os.fstat(self._file.fileno())
        return found.st_size, found.st_mtime_ns


def _reader(file: IO[bytes]) -> ReadAt:
    """Return what reads a file from any thread, and from both sides of a fork."""
    if hasattr(os, "pread"):
        return lambda place, length: os.pread(file.fileno(), length, place)
    lock = Lock()

    def read_at(place: int, length: int) -> bytes:
        with lock:
            file.seek(place)
            return file.read(length)

    return read_at


def sync_folder(folder: Path) -> None:
    """Have the folder itself on disk, where that can be: a file whose name is lost is lost."""
    with suppress(OSError, AttributeError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
