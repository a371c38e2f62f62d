"""What the errors of a SQLite file mean, and what would be right. No message holds a value."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tactful import StoreError

#: What a result code means here, and what would be right.
MEANS: Final = {
    sqlite3.SQLITE_FULL: "there is no room left; make room on the disk, or raise the quota",
    sqlite3.SQLITE_READONLY: "it cannot be written; give this process the right to write the file and its folder",
    sqlite3.SQLITE_NOTADB: "it is no SQLite file; name another, or move it away",
    sqlite3.SQLITE_CORRUPT: "it is damaged; move it away and restore a copy, or let the centre fill a new one",
    sqlite3.SQLITE_BUSY: "another process has it; wait, or let only one process open it if it is not shared",
    sqlite3.SQLITE_LOCKED: "another process has it; wait, or let only one process open it if it is not shared",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; make its folder, and give this process the right to write there",
    sqlite3.SQLITE_IOERR: (
        "the disk fails, or a quota or a limit on the size of files is reached; look at the system's log, "
        "and never keep the file on a network drive"
    ),
    sqlite3.SQLITE_TOOBIG: "a value is too large to be kept",
}


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """
    Say of what goes wrong in a file what it is, and what to do.

    Raises:
        StoreError: In place of what SQLite raises.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        means = _crowded() if code & 0xFF == sqlite3.SQLITE_CANTOPEN else ""
        means = means or MEANS.get(code & 0xFF, f"{type(error).__name__}, code {code}")
        of = "store-value" if code & 0xFF == sqlite3.SQLITE_TOOBIG else None
        raise StoreError(f"{path}: {means}; nothing of this call was kept", code=of) from error
    except (UnicodeEncodeError, OverflowError) as error:
        what = "a text is not Unicode" if isinstance(error, UnicodeEncodeError) else "a number has over 64 bits"
        raise StoreError(f"{path}: {what}; nothing of this call was kept", code="store-value") from None


def _crowded() -> str:
    """Return that this process can open no file at all, if that is so."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return f"it cannot be opened ({error.strerror}); raise the limit (ulimit -n), or find what keeps files open"
    return ""
