"""The file of a fleet, in SQLite: codes, the last report of each device, and what was rolled out. It judges nothing.

The relay writes in it, and so do the operator's commands, at the same time; what is done in one transaction is done
wholly or not at all, and once.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Final

from ..errors import StoreError

_VERSION: Final = 3
_BUSY_S: Final = 5.0
_SCHEMA: Final = """
create table codes (
    kept text primary key, device text not null, store text not null, ring text not null, sealed_key blob not null,
    expires_us integer not null, used_by text, used_us integer, tries integer not null default 0,
    let_in integer not null default 0
) strict;
create table reports (
    device text not null, killed integer not null, ring text not null, at_us integer not null, packed blob not null,
    primary key (device, killed)
) strict;
create table releases (
    epoch integer primary key, tenant text not null, sha256 text not null, raw blob not null, packed blob not null
) strict;
"""
_ACKNOWLEDGED: Final = """
create table acknowledged (
    device text not null, line text not null, epoch integer not null, at_us integer not null, primary key (device, line)
) strict;
"""
_LET_IN: Final = """
alter table codes add column let_in integer not null default 0;
update codes set let_in = used_by is not null;
"""
#: What makes a file of an older version one of this version.
_UPGRADES: Final = {
    0: _SCHEMA + _ACKNOWLEDGED,
    1: _LET_IN + _ACKNOWLEDGED,
    2: _ACKNOWLEDGED,
}


class FleetFile:
    """A connection to a fleet's file. Safe under threads."""

    def __init__(self, path: Path, *, make: bool = True) -> None:
        """
        Open the file.

        Args:
            path: Where it is.
            make: Whether it is made if it is not there.

        Raises:
            StoreError: If it cannot be opened, is none, or was made by a newer tactful.
        """
        self.path = path
        self._lock = Lock()
        if not make and not path.exists():
            raise StoreError(f"{path}: there is no fleet yet; `tactful relay --fleet {path}` makes one")
        try:
            with suppress(FileExistsError):  # one that is open is not touched: closing it again would take its locks
                path.touch(mode=0o600, exist_ok=False)
            self._db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{path}: {error}") from None
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """
        Give the connection for one transaction, durable once it is left.

        Raises:
            StoreError: If the file cannot be read or written; then nothing was done.
        """
        with self._lock:
            try:
                self._db.execute("begin immediate")
                try:
                    yield self._db
                except BaseException:
                    self._db.execute("rollback")
                    raise
                self._db.execute("commit")
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.execute("rollback")
                raise StoreError(f"{self.path}: {type(error).__name__}: {error}") from None

    def probe(self) -> None:
        """
        Write a little that changes nothing, and see it kept.

        Raises:
            StoreError: If the file cannot be written.
        """
        with self.transaction() as db:
            db.execute(f"pragma user_version = {_VERSION}")

    def close(self) -> None:
        """Give the file back. Twice does nothing."""
        with self._lock:
            self._db.close()

    def _prepare(self) -> None:
        try:
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = full")
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: it cannot be used as a fleet's file: {error}") from None
        with self.transaction() as db:
            (version,) = db.execute("pragma user_version").fetchone()
            if version > _VERSION:
                raise StoreError(f"{self.path}: it was made by a newer tactful; upgrade this one")
            for statement in _UPGRADES.get(version, "").split(";"):
                db.execute(statement)
            db.execute(f"pragma user_version = {_VERSION}")
