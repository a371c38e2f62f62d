"""What can befall the edge's own store, a SQLite file: entered, a fault begins; left, it is mended."""

import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

import attrs

from tactful import Consent, Contact, Disclosure, StoreError
from tactful_adapters.sqlite import SQLiteStore

from .mounted import Mounted

Fault = Callable[[], AbstractContextManager[object]]
#: No call waits longer for another program [s].
_BUSY_S = 0.05
_BALLAST_MAX = 10_000


class CarelessStore(SQLiteStore):
    """The control: a store that takes its errors for answers, so that an edge tells nothing of them."""

    def record(self, contacts: Sequence[Contact], disclosures: Sequence[Disclosure] = ()) -> int:
        """Keep contacts; where that fails, they are gone."""
        try:
            return super().record(contacts, disclosures)
        except StoreError:
            return len(contacts)

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Keep what a customer said, if that is to be had."""
        try:
            super().add_consent(customer, consent)
        except StoreError:
            return

    def tail(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return what was recorded; nothing, if that cannot be read."""
        try:
            return super().tail(after, count)
        except StoreError:
            return ()


@attrs.define
class OwnStore:
    """
    The store of the edge that suffers, which is opened anew for each fault.

    Attributes:
        disk: A disk of its own, if one could be mounted.
        store: The one that is open.
    """

    disk: Mounted | None = None
    store: SQLiteStore | None = None

    def open(self, folder: Path, *, careless: bool) -> SQLiteStore:
        """Open one in a folder."""
        made = CarelessStore if careless else SQLiteStore
        if self.disk:
            folder = self.disk.folder / folder.name
            folder.mkdir()
        self.store = made(folder / "edge.db", busy_s=_BUSY_S)
        return self.store

    def faults(self) -> Mapping[str, Fault]:
        """Return what can befall it, by name."""
        really = {"its own disk is full": self.disk.full} if self.disk else {}
        return {
            **really,
            "its own file can grow no more": lambda: full(self._now),
            "its own disk is read-only": lambda: read_only(self._now),
            "another program holds a lock on its store": lambda: locked(self._now),
            "its store is deleted": lambda: deleted(self._now),
            "its store is replaced by an empty one": lambda: replaced(self._now),
            "another store is written over it in place": lambda: written_over(self._now),
            "an older copy is written over it in place": lambda: set_back(self._now),
            "it is cut short in place": lambda: cut_short(self._now),
        }

    @property
    def _now(self) -> SQLiteStore:
        assert self.store is not None
        return self.store


@contextmanager
def full(store: SQLiteStore) -> Iterator[str]:
    """As if nothing more fitted on the disk."""
    with _connection(store) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with suppress(StoreError):
        for number in range(_BALLAST_MAX):  # what room is left is used up by what no cap counts
            store.put_many(contacts=[Contact(f"ballast/{number}", "nobody", "ballast", 0)])
    yield "no room left"
    with _connection(store) as connection:
        connection.execute("PRAGMA max_page_count = 1000000")


@contextmanager
def read_only(store: SQLiteStore) -> Iterator[str]:
    """As after the system has made the disk read-only."""
    with _connection(store) as connection:
        connection.execute("PRAGMA query_only = ON")
    yield "it cannot be written"
    with _connection(store) as connection:
        connection.execute("PRAGMA query_only = OFF")


@contextmanager
def locked(store: SQLiteStore) -> Iterator[str]:
    """Another program has the file."""
    with closing(sqlite3.connect(_path(store), isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield "another process has it"


@contextmanager
def deleted(store: SQLiteStore) -> Iterator[str]:
    """Somebody takes the file away, and puts it back in the end."""
    path = _path(store)
    kept = path.with_name("kept.db")
    path.rename(kept)
    yield "deleted or replaced while it was open; put it back"
    kept.rename(path)


@contextmanager
def replaced(store: SQLiteStore) -> Iterator[str]:
    """Somebody puts an empty store in its place, and the file back in the end."""
    with deleted(store) as said:
        SQLiteStore(_path(store)).close()
        yield said


@contextmanager
def written_over(store: SQLiteStore) -> Iterator[str]:
    """Somebody copies another store over the file, which stays the same file, and what was there back in the end."""
    other = _path(store).with_name("other.db")
    SQLiteStore(other).close()
    with _in_place(store, lambda _: other.read_bytes()):
        yield "written over while it was open"


@contextmanager
def set_back(store: SQLiteStore) -> Iterator[str]:
    """Somebody copies the file of before the last change over it, and the one after that back in the end."""
    with store._file._lock:
        older = _path(store).read_bytes()
    store.put_many(contacts=[Contact("newer", "nobody", "ballast", 0)])
    with _in_place(store, lambda _: older):
        yield "written over while it was open"


@contextmanager
def cut_short(store: SQLiteStore) -> Iterator[str]:
    """The file ends after its first kilobyte, and has what was there in the end."""
    with _in_place(store, lambda raw: raw[:1024]):
        yield "damaged"


@contextmanager
def _in_place(store: SQLiteStore, made: Callable[[bytes], bytes]) -> Iterator[None]:
    path = _path(store)
    with store._file._lock:  # between the store's transactions: none is torn, and none loses its locks
        before = path.read_bytes()
        _write(path, made(before))
    try:
        yield
    finally:
        with store._file._lock:
            _write(path, before)


def _write(path: Path, raw: bytes) -> None:
    """Write as another program does: in this one, to close the file would let go of the store's locks."""
    subprocess.run(["cp", "--", "/dev/stdin", str(path)], input=raw, check=True)  # noqa: S607 - where the system has it


def _path(store: SQLiteStore) -> Path:
    return store._file.path


@contextmanager
def _connection(store: SQLiteStore) -> Iterator[sqlite3.Connection]:
    """Give the connection between the store's transactions."""
    file = store._file
    with file._lock:
        assert file._connection is not None
        yield file._connection
