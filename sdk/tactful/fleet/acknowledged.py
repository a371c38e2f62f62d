"""Up to which epoch each device has a centre's lines in its store, as it asks for what comes after. It judges nothing.

An edge asks for changes after the epoch up to which it has them durably, and has read anew whom they concern; so a
later question acknowledges an earlier answer. Where a question goes back, as after a restored store, so does this.
"""

import sqlite3
from threading import Lock
from time import monotonic
from typing import Final

from ..acknowledging import Acknowledged, Reached
from ..changes import Line
from .fleet_file import FleetFile

#: What was heard is written so often [s], whatever is asked in between; what is lost by a crash is asked anew.
_WRITE_EVERY_S: Final = 5.0
#: So many are remembered until they are written: two lines of each device, of more than a relay can have.
_HEARD_MAX: Final = 100_000


class Hearing:
    """Hears how far devices are, and writes it now and then. Safe under threads."""

    def __init__(self, file: FleetFile, *, write_every_s: float = _WRITE_EVERY_S) -> None:
        """
        Hear for a fleet's file.

        Args:
            file: The fleet's file.
            write_every_s: What was heard is written at most so often [s].
        """
        self._file, self._every_s = file, write_every_s
        self._lock = Lock()
        self._heard: dict[tuple[str, str], Acknowledged] = {}
        self._written_s = monotonic() - write_every_s

    def hear(self, device: str, line: Line, epoch: int, at_us: int) -> bool:
        """Hear how far a device is; return whether it is time to write."""
        with self._lock:
            if len(self._heard) < _HEARD_MAX or (device, line) in self._heard:
                self._heard[device, line] = Acknowledged(epoch, at_us)
            return monotonic() - self._written_s >= self._every_s

    def write(self) -> None:
        """
        Write what was heard.

        Raises:
            StoreError: If the file cannot be written; then it is tried again with what is heard later.
        """
        with self._lock:
            heard, self._written_s = dict(self._heard), monotonic()
        rows = [(device, line, one.epoch, one.at_us) for (device, line), one in heard.items()]
        with self._file.transaction() as db:
            db.executemany("insert or replace into acknowledged (device, line, epoch, at_us) values (?, ?, ?, ?)", rows)
        with self._lock:
            for key, one in heard.items():
                if self._heard.get(key) == one:
                    del self._heard[key]


def reached_by(file: FleetFile) -> Reached:
    """
    Return how far each device is with each line.

    Raises:
        StoreError: If the file cannot be read.
    """
    with file.transaction() as db:
        return _all(db)


def _all(db: sqlite3.Connection) -> Reached:
    rows = db.execute("select device, line, epoch, at_us from acknowledged")
    return {(device, line): Acknowledged(epoch, at_us) for device, line, epoch, at_us in rows}
