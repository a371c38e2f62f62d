"""A centre in a folder of files, for a host or a share without a server: `file:///srv/centre`.

`centre` has what is told, and is swapped whole; `events/` has a file for each event, named by digests, so that a second
one is the first; `policy.bundle`, if it is there, is the policy's bundle. It is for a shop's thousands of customers, as
each change writes all that is told anew; and it trusts whoever may write there.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, RLock
from time import monotonic
from typing import Final
from urllib.parse import unquote, urlsplit

from ..changes import Changes, Delivery, Line
from ..clock import Clock, wall_clock
from ..contacts import Contact
from ..disclosures import Disclosure
from ..errors import BundleError, CentreError, TactfulError, UsageError
from . import wire
from .bundle_file import BundleFile
from .folder_state import HEAD_BYTES, Told
from .swapping import read_bounded, write_swapped

_TOLD: Final = "centre"
_MAX_BYTES: Final = 256 * 1024 * 1024
#: Whoever waits looks so often whether the file is another one [s].
_LOOK_S: Final = 0.05
_HALF: Final = 32


class FolderCentre:
    """A `Centre` in a folder, safe under threads and processes, and the way to change what it tells."""

    def __init__(self, folder: str | Path, *, clock: Clock = wall_clock) -> None:
        """
        Open a folder; it is made if it is not there.

        Args:
            folder: The folder.
            clock: Gives the moment [us since 1970].

        Raises:
            CentreError: If it cannot be made, or what it tells is torn.
        """
        self._folder, self._clock = Path(folder), clock
        self._events = self._folder / "events"
        with _failing(self._folder):
            self._events.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock, self._ended = RLock(), Event()
        self._bundle = BundleFile(self._folder / "policy.bundle")
        self._mark: bytes | None = None
        self._told = Told(clock)
        self._seen = self._told.epochs()
        self._look()

    @classmethod
    def from_url(cls, url: str) -> "FolderCentre":
        """
        Return the centre in a folder of this host. Who goes by a URL follows: it makes none, which would be empty.

        Args:
            url: Such as `file:///srv/centre`, or `file:centre` from where the process is.

        Raises:
            CentreError: If it names another host, the folder is not there, or it cannot be opened.
        """
        path = Path(_named(url))
        with _failing(path):
            is_there = path.exists()
        if not is_there:
            message = f"{path}: there is no such folder, and none was made; see to the URL, or make it"
            raise CentreError(message, code="centre-missing")
        return cls(path)

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """
        Return what has changed since an epoch, at most so many changes.

        Raises:
            CentreError: If the file is torn, or older than it was.
        """
        with self._lock:
            self._look()
            return self._told.changes(line, after, count)

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """
        Keep events, each once by its id, and let what customers said in them take effect.

        Raises:
            CentreError: If they cannot be written, or the file is torn; send all of them again.
        """
        named, unwritable = dict[Path, tuple[Contact | Disclosure, bytes]](), dict[str, str]()
        for event in events:
            try:
                named.setdefault(self._place(event), (event, wire.pack_events([event])))
            except (BundleError, UnicodeError):
                unwritable[event.id] = "cannot-be-kept"
        with self.changing() as told:
            new = {place: one for place, one in named.items() if not place.exists()}
            found = told.deliver([event for event, _ in new.values()])
            told.forget_events()
        # Whoever dies here has let a no take effect, and is sent the event again, to no other effect.
        known = {event.id for event, _ in named.values()} - {event.id for event, _ in new.values()}
        for place, (event, raw) in new.items():
            if event.id in found.accepted:
                self._write(place, raw)
        return Delivery(found.accepted | known, {**found.refused, **unwritable})

    def wait(self, line: Line, after: int, timeout_s: float) -> bool:
        """Wait until there is something newer than an epoch; return whether there is."""
        until_s = monotonic() + timeout_s
        while not self._ended.is_set():
            if self.changes(line, after, 0).epoch > after:
                return True
            if (left_s := until_s - monotonic()) <= 0:
                break
            self._ended.wait(min(_LOOK_S, left_s))
        return False

    def bundle(self) -> bytes:
        """
        Return the policy's bundle, for `tactful.open` and `Edge.update`; a torn or older one is passed over.

        Raises:
            CentreError: If there never was a whole one.
        """
        if (found := self._bundle.current()) is None:
            raise CentreError(f"{self._folder}: there is no whole policy.bundle", code="centre-refuses")
        return found.raw

    def close(self) -> None:
        """Take no more calls; those that wait come back. A second call does nothing."""
        self._ended.set()

    @contextlib.contextmanager
    def changing(self) -> Iterator[Told]:
        """
        Give what is told, to be changed as a `MemoryCentre`; it is swapped once, if all went well.

        Raises:
            CentreError: If the file is torn, or cannot be written; then nothing has changed.
        """
        with self._lock, self._alone():
            self._look()
            before = self._told.epochs()
            try:
                yield self._told
                self._forget(self._told.erased)  # first: whoever dies here has to erase again, and nothing is left
                if self._told.epochs() != before:
                    self._write(self._folder / _TOLD, self._told.packed())
                    self._mark, self._seen = self._marked(), self._told.epochs()
            except BaseException:
                self._mark = b""  # what is in memory is not what is told: read it anew
                raise

    def _look(self) -> None:
        """Take in the file, if it is another one than before."""
        if self._ended.is_set():
            raise CentreError("the centre is closed; open another one")
        if (mark := self._marked()) == self._mark:
            return
        if mark is None:
            told = Told(self._clock)
        else:
            with _failing(self._folder):
                told = Told.unpacked(read_bounded(self._folder / _TOLD, _MAX_BYTES), self._clock)
        if any(new < old for new, old in zip(told.epochs(), self._seen, strict=True)):
            raise CentreError("the folder's file is older than it was: was it restored?", code="centre-went-back")
        self._told, self._mark, self._seen = told, mark, told.epochs()

    def _marked(self) -> bytes | None:
        """Return the file's digest as it says itself, for times are coarse and numbers of files are used again."""
        with _failing(self._folder), contextlib.suppress(FileNotFoundError), (self._folder / _TOLD).open("rb") as file:
            return file.read(HEAD_BYTES)
        return None

    def _place(self, event: Contact | Disclosure) -> Path:
        return self._events / f"{_digest(event.customer or '')}-{_digest(event.id)}"

    def _forget(self, erased: list[str]) -> None:
        """Leave nothing of erased customers' events but that they were taken."""
        for customer in erased:
            for place in self._events.glob(f"{_digest(customer)}-*"):
                self._write(place, b"")
            for place in self._events.glob(f".{_digest(customer)}-*"):  # what a writer left that was killed
                with _failing(self._folder):
                    place.unlink(missing_ok=True)
        erased.clear()

    def _write(self, place: Path, raw: bytes) -> None:
        with _failing(self._folder):
            write_swapped(place, raw, mode=0o600)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time change what is told."""
        with _failing(self._folder):
            lock = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HALF]


@contextlib.contextmanager
def _failing(folder: Path) -> Iterator[None]:
    """Say of what the disk refuses that the centre cannot be had."""
    try:
        yield
    except OSError as error:
        raise CentreError(f"{folder}: {error.strerror}", code="centre-folder") from None
    except ValueError as error:
        if isinstance(error, TactfulError):
            raise
        said = f"{str(folder)!r}: no folder can have this name; give another"
        raise CentreError(said, code="centre-folder") from None
    except UsageError as error:
        raise CentreError(str(error), code="centre-folder") from None


def _named(url: str) -> str:
    """
    Return the folder that a URL names.

    Raises:
        CentreError: If it names none of this host.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.netloc not in ("", "localhost") or parts.query or parts.fragment or not parts.path:
        raise CentreError("a folder's URL is file:///path/to/folder, on this host", code="centre-url")
    return unquote(parts.path)
