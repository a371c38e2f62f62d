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

from .sqlite_errors import MEANS, explained
from .sqlite_mark import FileMark
from .sqlite_schema import APPLICATION_ID, MIGRATIONS
from .sqlite_shape import KnownShape
from .sqlite_turns import turn

#: What is written to see whether it can be, and taken back [bytes].
_PROBE_BYTES: Final = 16_384
_PROBE: Final = "store-probe"
_MOVED: Final = (
    "it was deleted or replaced while it was open; put it back, or start this process anew with the file that is there"
)

_files: "weakref.WeakSet[SQLiteFile]" = weakref.WeakSet()
#: Held while a file is opened, or the process forks.
_forking = Lock()
_held: "list[SQLiteFile]" = []


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
        self._file_id: tuple[int, int] | None = None
        self._shape = KnownShape(self.path)
        self._mark = FileMark(self.path, shared=shared)
        with _forking, explained(self.path):
            self._connection = self._open()
            _files.add(self)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for reads that see one state of the file."""
        with self._transaction(writes=False) as connection:
            yield connection

    @contextmanager
    def writing(self, *, waits: bool = True) -> Iterator[sqlite3.Connection]:
        """
        Give the connection for a change that is kept durably at the end, or not at all if anything is raised.

        Args:
            waits: Whether it waits for another process that has the file just now.
        """
        with self._transaction(writes=True, waits=waits) as connection:
            yield connection

    def probe(self) -> None:
        """
        Write a little and take it back, without waiting for another process.

        Raises:
            StoreError: If it cannot be written.
        """
        with self.writing(waits=False) as connection:
            connection.execute("INSERT OR REPLACE INTO register VALUES (?, zeroblob(?))", (_PROBE, _PROBE_BYTES))
            connection.execute("DELETE FROM register WHERE name = ?", (_PROBE,))

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
    def _transaction(self, *, writes: bool, waits: bool = True) -> Iterator[sqlite3.Connection]:
        begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
        with turn(self._lock, self.path, self._busy_s), explained(self.path):
            connection = self._connected()
            self._mark.before(connection, self._refuse_moved())
            if waits:
                connection.execute(begin)
            else:
                connection.execute("PRAGMA busy_timeout = 0")
                try:
                    connection.execute(begin)
                finally:
                    connection.execute(f"PRAGMA busy_timeout = {round(self._busy_s * 1000)}")
            try:
                self._shape.look(connection, MIGRATIONS)
                self._mark.look(connection)
                yield connection
                if writes:
                    self._mark.change(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            if writes:
                self._mark.kept(_written_ns(self.path))

    def _connected(self) -> sqlite3.Connection:
        if self._closed:
            raise UsageError(f"{self.path}: the store is closed; open another one")
        if self._pid != os.getpid():
            self._disown()
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        self._refuse_moved()  # before another one is made
        self._make_private()
        if not (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)):
            raise StoreError(f"{self.path}: {MEANS[sqlite3.SQLITE_READONLY]}")
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
        found = _found(self.path)
        self._pid, self._file_id = os.getpid(), None if found is None else found[:2]
        self._mark.kept(0 if found is None else found[2])
        return connection

    def _refuse_moved(self) -> int:
        """Refuse a file that is not the one that was opened first; return when it was written [ns]."""
        found = _found(self.path)
        if self._file_id is not None and (found is None or found[:2] != self._file_id):
            raise StoreError(f"{self.path}: {_MOVED}; nothing of this call was kept", code="store-moved")
        return 0 if found is None else found[2]

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
        if application == APPLICATION_ID and version:
            self._mark.see(connection)
        connection.execute("COMMIT")
        if application != APPLICATION_ID and (application or version or tables):
            raise StoreError(f"{self.path}: it belongs to another application; name another file")
        if version > len(MIGRATIONS):
            newest = len(MIGRATIONS)
            raise StoreError(f"{self.path}: it has schema {version}, this version reads up to {newest}; update tactful")

    def _refuse_damaged(self, connection: sqlite3.Connection) -> None:
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise StoreError(f"{self.path}: {MEANS[sqlite3.SQLITE_CORRUPT]}")

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
            self._mark.enter(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _let_go(self) -> None:
        if self._connection is not None and self._pid == os.getpid() and not self._mark.keeps_log:
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


def _found(path: Path) -> tuple[int, int, int] | None:
    """Return what tells a file apart from all others that are there, and when it was written [ns]; None if none is."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a third of the time
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns


def _written_ns(path: Path) -> int:
    found = _found(path)
    return 0 if found is None else found[2]


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
