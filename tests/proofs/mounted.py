"""A small disk of a test's own, in memory, that can be full and read-only as real ones. It needs the right to mount."""

import io
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

_TRIES: Final = 200


@attrs.frozen
class Mounted:
    """A disk that is mounted in a folder."""

    folder: Path

    @contextmanager
    def full(self) -> Iterator[None]:
        """Have no byte left on it."""
        ballast = self.folder / "ballast"
        with ballast.open("wb", buffering=0) as file:
            for size in (4096, 1):
                _write_all(file, size)
        try:
            yield
        finally:
            ballast.unlink()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Have it taken for one that cannot be written, as a system does with a disk that fails."""
        self._remount("ro")
        try:
            yield
        finally:
            self._remount("rw")

    def _remount(self, how: str) -> None:
        for _ in range(_TRIES):  # not while a file is open for writing
            if _mount("-o", f"remount,{how}", str(self.folder)):
                return
            time.sleep(0.01)
        raise RuntimeError(f"{self.folder}: it cannot be mounted as {how}")


@contextmanager
def mounted(folder: Path, size_bytes: int) -> Iterator[Mounted | None]:
    """Mount a disk in a folder that is made; None if this process has no right to."""
    folder.mkdir()
    if not _mount("-t", "tmpfs", "-o", f"size={size_bytes},nodev,nosuid", "tmpfs", str(folder)):
        yield None
        return
    try:
        yield Mounted(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607 - where the system has it


def _write_all(file: io.FileIO, size: int) -> None:
    while True:
        try:
            if not file.write(bytes(size)):
                return
        except OSError:
            return


def _mount(*arguments: str) -> bool:
    try:
        done = subprocess.run(["mount", *arguments], capture_output=True, check=False)  # noqa: S607 - likewise
    except FileNotFoundError:
        return False
    return done.returncode == 0
