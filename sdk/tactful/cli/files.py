"""Files that commands read and write, wholly or not at all."""

import os
from pathlib import Path

from ..bundle import SIZE_MAX_BYTES
from ..errors import UsageError


def read_file(path: Path) -> bytes:
    """
    Return a file's bytes, and of one that is too large for a bundle one more than a bundle has.

    Raises:
        UsageError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(SIZE_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def write_file(path: Path, raw: bytes) -> None:
    """
    Write a file so that it is there wholly or not at all.

    Raises:
        UsageError: If it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(f"{path}: {error.strerror}") from None
