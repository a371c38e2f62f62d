"""How the threads of a process take turns at one SQLite file. It opens nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from tactful import StoreError

#: A call waits for the others at most so many times as long as each of them may wait for another process.
_TURNS: Final = 2
_LEAST_S: Final = 1.0
_BUSY: Final = "another call takes too long: the disk is slow or stuck, or another process has the file; see to that"


@contextmanager
def turn(lock: Lock, path: Path, busy_s: float) -> Iterator[None]:
    """
    Wait for the other threads, but not for ever: each of them may wait for another process.

    Args:
        lock: Is held meanwhile.
        path: The file.
        busy_s: A call waits so long for another process [s].

    Raises:
        StoreError: If they take too long.
    """
    if not lock.acquire(timeout=_TURNS * max(busy_s, _LEAST_S)):
        raise StoreError(f"{path}: {_BUSY}; nothing of this call was kept")
    try:
        yield
    finally:
        lock.release()
