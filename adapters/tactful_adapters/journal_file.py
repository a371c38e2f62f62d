"""A journal in one SQLite file: what was reserved before it was handed over, so that nothing goes out twice.

What is in its tables, whoever opens one says: mails of a campaign, notes of triggers. Each change is on disk before the
call returns; what is forgotten is not in the file any more.
"""

import hashlib
import os
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final, Self

import attrs

import tactful

_BUSY_S: Final = 30


@attrs.frozen
class Form:
    """
    What a file is, so that no other one is taken for it.

    Attributes:
        what: What it is called, as "journal of triggers".
        application: SQLite's `application_id` of such files.
        schema: The statements that make its tables.
        table: The table whose rows have a state.
    """

    what: str
    application: int
    schema: str
    table: str


class JournalFile(ABC):
    """
    A journal's file, for its owner alone. Several processes and threads may have it open.

    Args:
        path: The file; it is made.
        form: What it is.
        first: Writes the first row of a file that was made; it gets 16 random bytes, the salt of its digests.

    Raises:
        StoreError: If the file cannot be used.
        UsageError: If it is something else.
    """

    def __init__(self, path: str | Path, form: Form, first: Callable[[sqlite3.Connection, bytes], object]) -> None:
        self.path, self._form, self._lock = Path(path), form, threading.Lock()
        with self._explained():
            with suppress(FileExistsError):  # one that is open is not touched: closing it again would take its locks
                self.path.touch(mode=0o600, exist_ok=False)
            self._file = sqlite3.connect(self.path, isolation_level=None, timeout=_BUSY_S, check_same_thread=False)
        try:
            self._begin(first)
        except BaseException:
            self._file.close()
            raise

    @abstractmethod
    def forget(self, customer: str) -> int:
        """Forget a customer, as an erasure must; return how many entries went."""

    def counts(self) -> Mapping[str, int]:
        """Return how many entries are in each state; those that stay reserved are in doubt."""
        query = f"SELECT state, count(*) FROM {self._form.table} GROUP BY state"  # noqa: S608 - ours
        with self._reading() as file:
            return dict(file.execute(query).fetchall())

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, first: Callable[[sqlite3.Connection, bytes], object]) -> None:
        """Make the file ready, or refuse it."""
        with self._reading() as file:
            file.execute("PRAGMA synchronous = FULL")
            file.execute("PRAGMA secure_delete = ON")
        with self._writing() as file:
            (application,) = file.execute("PRAGMA application_id").fetchone()
            (tables,) = file.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if not tables:
                for statement in filter(str.strip, self._form.schema.split(";")):
                    file.execute(statement)
                file.execute(f"PRAGMA application_id = {self._form.application}")
                first(file, os.urandom(16))
            elif application != self._form.application:
                raise tactful.UsageError(f"{self.path}: it is no {self._form.what}; name another file")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained():
            yield self._file

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Keep all that is done within durably, or nothing of it."""
        with self._reading() as file:
            file.execute("BEGIN IMMEDIATE")
            try:
                yield file
                file.execute("COMMIT")
            except BaseException:
                if file.in_transaction:
                    file.execute("ROLLBACK")
                raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            what = getattr(error, "sqlite_errorname", None) or getattr(error, "strerror", None) or error
            told = f"the journal {self.path}: {what}; see that its disk has room, and that it may be written"
            raise tactful.StoreError(told) from None


@attrs.frozen
class ForgetIn:
    """
    A journal's file as an edge holds it, to be told of erasures: opened for each, as who wrote it may have closed it.

    Attributes:
        path: The file.
        disk: The number of the disk that it is on.
        opened: Opens it; what it gives has `forget(customer)`.
    """

    path: Path
    disk: int
    opened: Callable[[], JournalFile] = attrs.field(eq=False, repr=False)

    @classmethod
    def of(cls, path: Path, open_: Callable[[Path], JournalFile]) -> Self:
        """Return it for a file that is there, however the working directory changes later."""
        absolute = path.absolute()
        return cls(absolute, absolute.stat().st_dev, partial(open_, absolute))

    def forget(self, customer: str) -> int:
        """
        Forget a customer in the file; return how many entries went. Of a file that was deleted, none.

        Raises:
            StoreError: If the file cannot be used, or its disk is not there.
        """
        if not self.path.exists():
            if not self.path.parent.exists() or self.path.parent.stat().st_dev != self.disk:
                raise tactful.StoreError(f"the journal {self.path}: its disk is not there")
            return 0
        with self.opened() as journal:
            return journal.forget(customer)


def salted(salt: bytes, text: bytes) -> bytes:
    """Return what stands for a text in one file, and tells nothing of it."""
    return hashlib.blake2b(text, key=salt, digest_size=16).digest()
