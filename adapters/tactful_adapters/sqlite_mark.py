"""What tells whether a file is still the one that was opened, though somebody wrote over it in place. It opens none.

A row has the file's own mark, how many changes there were, and a name of the last. A process that has seen a change
knows by it that another file, or an older copy of this one, has taken its place: nothing of what came since is in that.
"""

import os
import sqlite3
from pathlib import Path
from typing import Final

from tactful import StoreError

_ROW: Final = "store-mark"
_MARK_BYTES: Final = 16
_COUNT_BYTES: Final = 8
_NAME_BYTES: Final = 8
_OVER: Final = "it was written over while it was open, by another file or an older copy; "
_SHARED: Final = "put it back, or start this process anew with the file that is there"
_ALONE: Final = "end this process, put it back beside its -wal, and start anew"
#: What reading the row raises where it is in no file of ours.
_NONE_OF_OURS: Final = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class FileMark:
    """
    What this process knows of a file, looked at in each transaction.

    Attributes:
        keeps_log: Whether what was kept is in a log of this process's alone, which must not go into another file.
    """

    def __init__(self, path: Path, *, shared: bool) -> None:
        """
        Begin with nothing known.

        Args:
            path: The file, for errors.
            shared: Whether other processes may write it.
        """
        self._path, self._shared = path, shared
        self._mark, self._count, self._name = b"", 0, b""
        self._due: tuple[int, bytes] | None = None
        self._written_ns = 0
        self.keeps_log = False

    def see(self, connection: sqlite3.Connection) -> None:
        """See that a file which is opened again is the one that is known; of the first one all is well."""
        if self._mark:
            self.look(connection)

    def enter(self, connection: sqlite3.Connection) -> None:
        """Give a file that has no mark one, in a transaction that writes; or see that it is the one that is known."""
        if self._mark or connection.execute("SELECT 1 FROM register WHERE name = ?", (_ROW,)).fetchone():
            self.look(connection)
            return
        row = os.urandom(_MARK_BYTES) + bytes(_COUNT_BYTES) + os.urandom(_NAME_BYTES)
        connection.execute("INSERT INTO register VALUES (?, ?)", (_ROW, row))
        self._know(*_parts(row))

    def before(self, connection: sqlite3.Connection, written_ns: int) -> None:
        """
        See to it that the transaction that follows reads what is on the disk.

        Args:
            connection: Outside of any transaction.
            written_ns: When the file was last written, as the disk has it [ns].

        Raises:
            StoreError: If nobody else may have written it, and somebody has.
        """
        if written_ns == self._written_ns:
            return
        if not self._shared and self._written_ns:
            raise self._over()
        # SQLite keeps pages unless the number of changes in the file's head differs, as another file's need not.
        connection.execute("PRAGMA shrink_memory")
        self._written_ns = written_ns

    def look(self, connection: sqlite3.Connection) -> None:
        """
        Look at the row, in a transaction.

        Raises:
            StoreError: If the file is not the one that was opened.
        """
        try:
            found = connection.execute("SELECT value FROM register WHERE name = ?", (_ROW,)).fetchone()
        except sqlite3.Error as error:
            if self._mark and getattr(error, "sqlite_errorcode", 0) & 0xFF in _NONE_OF_OURS:
                raise self._over() from error
            raise
        mark, count, name = _parts(found[0] if found else b"")
        is_older = count < self._count or (count == self._count and name != self._name)
        if self._mark and (mark != self._mark or is_older):
            raise self._over()
        self._know(mark, count, name)

    def change(self, connection: sqlite3.Connection) -> None:
        """Count a change, in its transaction; it is known once that is kept, by `kept`."""
        self._due = (self._count + 1, os.urandom(_NAME_BYTES))
        row = self._mark + self._due[0].to_bytes(_COUNT_BYTES) + self._due[1]
        connection.execute("UPDATE register SET value = ? WHERE name = ?", (row, _ROW))

    def kept(self, written_ns: int) -> None:
        """Know of a change that was kept, and when the file was written by it, as the disk has it [ns]."""
        if self._due is not None:
            (self._count, self._name), self._due = self._due, None
        self._written_ns = written_ns

    def _know(self, mark: bytes, count: int, name: bytes) -> None:
        self._mark, self._count, self._name, self._due = mark, count, name, None

    def _over(self) -> StoreError:
        self.keeps_log = not self._shared
        said = f"{_OVER}{_SHARED if self._shared else _ALONE}; nothing of this call was kept"
        return StoreError(f"{self._path}: {said}", code="store-moved")


def _parts(row: bytes) -> tuple[bytes, int, bytes]:
    """Return the file's mark, how many changes there were, and the name of the last."""
    counted = _MARK_BYTES + _COUNT_BYTES
    return row[:_MARK_BYTES], int.from_bytes(row[_MARK_BYTES:counted]), row[counted:]
