"""One SQLite file, opened with settings that lose nothing, and its transactions. It knows no table.

Why the settings are what they are stands in docs/stores.md.
"""

import ctypes
import os
import sqlite3
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from tactful import StoreError, UsageError

from .sqlite_schema import APPLICATION_ID, MIGRATIONS

_files: "weakref.WeakSet[SQLiteFile]" = weakref.WeakSet()
#: Held while a file is opened, or the process forks.
_forking = Lock()
_held: "list[SQLiteFile]" = []

# What a result code means here, and what would be right.
_MEANS: Final = {
    sqlite3.SQLITE_FULL: "there is no room left; make room on the disk, or raise the quota",
    sqlite3.SQLITE_READONLY: "it cannot be written; give this process the right to write the file and its folder",
    sqlite3.SQLITE_NOTADB: "it is no SQLite file; name another, or move it away",
    sqlite3.SQLITE_CORRUPT: "it is damaged; move it away and restore a copy, or let the centre fill a new one",
    sqlite3.SQLITE_BUSY: "another process has it; wait, or let only one process open it if it is not shared",
    sqlite3.SQLITE_LOCKED: "another process has it; wait, or let only one process open it if it is not shared",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; make its folder, and give this process the right to write there",
    sqlite3.SQLITE_IOERR: "the disk fails; look at the system's log, and never keep the file on a network drive",
    sqlite3.SQLITE_TOOBIG: "a value is too large to be kept",
}


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """
    Return whether several connections may share a write-ahead log under a version of SQLite.

    Versions 3.7.0 to 3.51.2 can lose or damage commits when the log is reset; two older lines have the repair.

    >>> wal_is_safe((3, 40, 1)), wal_is_safe((3, 44, 6)), wal_is_safe((3, 50, 4)), wal_is_safe((3, 51, 3))
    (False, True, False, True)
    """
    return version >= (3, 51, 3) or (3, 44, 6) <= version < (3, 45) or (3, 50, 7) <= version < (3, 51)


class SQLiteFile:
    """A file with one connection in this process, safe under threads and fork."""

    def __init__(self, path: Path, *, shared: bool, busy_s: float) -> None:
        self.path = path.absolute()
        self._shared = shared
        self._busy_s = busy_s
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._pid = os.getpid()
        self._closed = False
        with _forking, self._explained():
            self._connection = self._open()
            _files.add(self)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for reads that see one state of the file."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for a change that is kept durably at the end, or not at all if anything is raised."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Close the connection; a second call does nothing."""
        with self._lock:
            self._closed = True
            self._let_go()

    @property
    def closed(self) -> bool:
        """Whether it takes no more calls."""
        return self._closed

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained():
            connection = self._connected()
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
            means = _MEANS.get(code & 0xFF, f"{type(error).__name__}, code {code}")
            raise StoreError(f"{self.path}: {means}; nothing of this call was kept") from error
        except (UnicodeEncodeError, OverflowError) as error:
            what = "a text is not Unicode" if isinstance(error, UnicodeEncodeError) else "a number has over 64 bits"
            raise StoreError(f"{self.path}: {what}; nothing of this call was kept") from None

    def _connected(self) -> sqlite3.Connection:
        if self._closed:
            raise UsageError(f"{self.path}: the store is closed; open another one")
        if self._pid != os.getpid():
            self._disown()
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        self._make_private()
        if not (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)):
            raise StoreError(f"{self.path}: {_MEANS[sqlite3.SQLITE_READONLY]}")
        unclean = any(_size_bytes(self.path.with_name(self.path.name + end)) for end in ("-journal", "-wal"))
        connection = sqlite3.connect(
            self.path, timeout=self._busy_s, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            self._refuse_foreign(connection)
            self._set_up(connection)
            if unclean:
                self._refuse_damaged(connection)
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        self._pid = os.getpid()
        return connection

    def _make_private(self) -> None:
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            return
        except OSError as error:
            raise StoreError(
                f"{self.path}: {error.strerror}; make its folder, and let this process write there"
            ) from None
        except ValueError:
            raise StoreError(f"{str(self.path)!r}: no file can have this name; give another") from None

    def _refuse_foreign(self, connection: sqlite3.Connection) -> None:
        """Look before anything is changed: a file that is not ours, or not ours any more, stays as it is."""
        connection.execute("BEGIN")  # or another process that is making the file would be seen half done
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("COMMIT")
        if application != APPLICATION_ID and (application or version or tables):
            raise StoreError(f"{self.path}: it belongs to another application; name another file")
        if version > len(MIGRATIONS):
            newest = len(MIGRATIONS)
            raise StoreError(f"{self.path}: it has schema {version}, this version reads up to {newest}; update tactful")

    def _refuse_damaged(self, connection: sqlite3.Connection) -> None:
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise StoreError(f"{self.path}: {_MEANS[sqlite3.SQLITE_CORRUPT]}")

    def _set_up(self, connection: sqlite3.Connection) -> None:
        # A commit waits for the disk, and what is erased is overwritten.
        for setting in ("synchronous = FULL", "secure_delete = ON", "foreign_keys = ON", "trusted_schema = OFF"):
            connection.execute(f"PRAGMA {setting}")
        if not self._shared:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        safe = wal_is_safe(sqlite3.sqlite_version_info) and (journal == "wal" or not pages)
        wanted = "wal" if not self._shared or safe else "truncate"
        if self._journal(connection, wanted) != wanted:
            raise StoreError(
                f"{self.path}: SQLite does not keep its journal as {wanted!r} there; is it a network drive?"
            )

    def _journal(self, connection: sqlite3.Connection, wanted: str) -> str:
        """Set the journal mode. SQLite does not wait for others when it changes to or from a write-ahead log."""
        give_up_s = time.monotonic() + self._busy_s
        while True:
            try:
                return str(connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()[0])
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_s:
                    raise
            time.sleep(0.01)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        # One process alone migrates; one that is on its own takes the file here.
        connection.execute("BEGIN IMMEDIATE")
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            for statements in MIGRATIONS[version:]:
                for statement in statements:
                    connection.execute(statement)
            if version < len(MIGRATIONS):
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _let_go(self) -> None:
        if self._connection is not None and self._pid == os.getpid():
            self._connection.close()
        elif self._connection is not None:
            self._disown()
        self._connection = None

    def _disown(self) -> None:
        """Leave a connection of the parent process alone: closing it here could damage what the parent writes."""
        if self._connection is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._connection))
        self._connection = None
        self._pid = os.getpid()


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _before_fork() -> None:
    _forking.acquire()
    _held.extend(_files)
    for file in _held:
        file._lock.acquire()  # noqa: SLF001 - until the fork is over
        file._let_go()  # noqa: SLF001 - no connection crosses a fork; both sides open their own when they need it


def _after_fork() -> None:
    for file in _held:
        file._lock.release()  # noqa: SLF001 - taken just before, by this thread
    _held.clear()
    _forking.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
