"""A centre in a folder, and what can befall its disk and its file."""

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Final

from tactful import Consent, Consents, Snapshot
from tactful.relay.folder import FolderCentre
from tactful.relay.swapping import write_swapped

from .mounted import Mounted, mounted
from .place import Place, done
from .store_faults import Fault

_SIZE_BYTES: Final = 4 * 1024 * 1024
_SLOWLY_S: Final = 0.05


class Straight:
    """A way to a folder's centre past all that befalls the edge's."""

    def __init__(self, folder: Path) -> None:
        self._centre = FolderCentre(folder)

    def put_profile(self, snapshot: Snapshot) -> None:
        """Tell of a profile."""
        with self._centre.changing() as told:
            told.put_profile(snapshot)

    def put_consents(self, customer: str, consents: Consents) -> None:
        """Tell of a customer's consents."""
        with self._centre.changing() as told:
            told.put_consents(customer, consents)

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Tell of what a customer said."""
        with self._centre.changing() as told:
            told.add_consent(customer, consent)


@contextmanager
def in_a_folder(folder: Path) -> Iterator[Place]:
    """Give a centre in a folder: on a disk of its own if this process may mount one, else on that of the test."""
    with ExitStack() as stack:
        disk = stack.enter_context(mounted(folder / "disk", _SIZE_BYTES))
        centre = folder / "disk" / "centre"
        straight = Straight(centre)
        faults = {**_of_the_file(centre), **(_of_the_disk(disk) if disk else {})}
        yield Place(f"file://{centre}", straight, lambda: _events(centre), faults)


def _events(centre: Path) -> int:
    return sum(not one.name.startswith(".") for one in (centre / "events").iterdir())


def _of_the_file(centre: Path) -> Mapping[str, Fault]:
    file = centre / "centre"
    return {
        "a newer file is half written": partial(_half, centre),
        "its file is emptied": partial(_instead, file, lambda _: b""),
        "its file is another program's": partial(_instead, file, lambda _: b"{}\n" * 99),
        "an older file is put back": partial(_older, centre),
        "its file is written in place, slowly": partial(_in_place, file),
        "its file is deleted": partial(_away, file),
        "nobody may read its file": partial(_locked_up, file),
        "a folder stands in its place": partial(_away, file, instead=Path.mkdir),
        "the folder is taken away": partial(_away, centre),
    }


def _of_the_disk(disk: Mounted) -> Mapping[str, Fault]:
    return {
        "its disk is full": disk.full,
        "its disk is read-only": disk.read_only,
    }


@contextmanager
def _instead(file: Path, made: Callable[[bytes], bytes]) -> Iterator[None]:
    """Have other bytes in the file, written in place; in the end those that were there."""
    before = file.read_bytes()
    file.write_bytes(made(before))
    try:
        yield
    finally:
        write_swapped(file, before)


@contextmanager
def _half(centre: Path) -> Iterator[None]:
    """Have the first half of a newer file, as a copy does that is under way; in the end all of it."""
    file, beside = centre / "centre", centre.with_name("beside")
    with _alone(centre):
        beside.mkdir()
        (beside / "centre").write_bytes(file.read_bytes())
        Straight(beside).put_consents("somebody else", Consents((), 1))
        newer = (beside / "centre").read_bytes()
        shutil.rmtree(beside)
        file.write_bytes(newer[: len(newer) // 2])
    try:
        yield
    finally:
        write_swapped(file, newer)


@contextmanager
def _alone(centre: Path) -> Iterator[None]:
    with (centre / ".lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _older(centre: Path) -> Iterator[None]:
    """Have the file of before a change, and in the end the one after it."""
    file = centre / "centre"
    older = file.read_bytes()
    Straight(centre).put_consents("somebody else", Consents((), 1))
    time.sleep(1)  # the edge has seen it
    newer = file.read_bytes()
    write_swapped(file, older)
    try:
        yield
    finally:
        write_swapped(file, newer)


@contextmanager
def _in_place(file: Path) -> Iterator[None]:
    """Have it copied over itself again and again, by who takes the lock but does not swap."""
    over = Event()

    def copy() -> None:
        while not over.wait(_SLOWLY_S):
            with _alone(file.parent):
                raw = file.read_bytes()
                with file.open("wb", buffering=0) as opened:
                    for begin, end in ((0, 9), (9, len(raw) // 2), (len(raw) // 2, None)):
                        opened.write(raw[begin:end])
                        time.sleep(_SLOWLY_S)

    copying = Thread(target=copy)
    copying.start()
    try:
        yield
    finally:
        over.set()
        copying.join()


@contextmanager
def _away(path: Path, instead: Callable[[Path], None] | None = None) -> Iterator[None]:
    """Have something moved away, and perhaps something else in its place; in the end it is back."""
    kept = path.with_name(f"{path.name}.kept")
    path.rename(kept)
    if instead is not None:
        instead(path)
    try:
        yield
    finally:
        if instead is not None:
            path.rmdir()
        kept.rename(path)


@contextmanager
def _locked_up(file: Path) -> Iterator[None]:
    """Have nobody read it; root may read anything but a device on a disk that has none."""
    if os.geteuid():
        with done(partial(file.chmod, 0), partial(file.chmod, 0o600)):
            yield
        return
    with _away(file):
        os.mknod(file, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        try:
            yield
        finally:
            with suppress(FileNotFoundError):
                file.unlink()
