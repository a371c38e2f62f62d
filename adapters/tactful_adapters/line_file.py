"""A file that lines of JSON are added to: each is on disk before it counts."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock


class LineFile:
    """
    Adds lines to a file, which is made with the first one, for its owner alone.

    Args:
        path: The file; its folder must be there.
    """

    def __init__(self, path: str | Path) -> None:
        self.path, self._lock = Path(path), Lock()

    def add(self, told: Mapping[str, object]) -> None:
        """
        Return once a line is on disk.

        Raises:
            OSError: If it cannot be written; then it may be there in part, and the next one begins a line of its own.
        """
        line = json.dumps(told, sort_keys=True).encode() + b"\n"
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        with self._lock:
            file = os.open(self.path, flags, 0o600)
            try:
                size_bytes = os.fstat(file).st_size
                if size_bytes and os.pread(file, 1, size_bytes - 1) != b"\n":
                    line = b"\n" + line
                while line:
                    line = line[os.write(file, line) :]
                os.fsync(file)
            finally:
                os.close(file)
            _sync_folder(self.path.parent)


def _sync_folder(folder: Path) -> None:
    """Let the file's name outlast a loss of power as well."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
