"""Files that are swapped: whoever reads sees the whole old one or the whole new one, also after a power cut."""

import os
from pathlib import Path
from threading import get_ident

from ..errors import UsageError


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """
    Return a file's bytes.

    Raises:
        UsageError: If it cannot be read, or is larger than that.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if len(raw) > max_bytes:
        raise UsageError(f"{path}: it has more than {max_bytes:,} bytes")
    return raw


def write_swapped(path: Path, raw: bytes, mode: int = 0o644) -> None:
    """
    Put a file in the place of another, durably.

    Args:
        path: Where it is to be.
        raw: All of it.
        mode: Who may read it.

    Raises:
        UsageError: If it cannot be written; what was there stays.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}")
    try:
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with os.fdopen(file, "wb") as opened:
            opened.write(raw)
            opened.flush()
            os.fsync(opened.fileno())
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(f"{path}: {error.strerror}") from None
