"""A partner who fetches a file: each notice is a line of JSON that is on disk before it counts as told."""

import json
import os
from pathlib import Path
from threading import Lock

from tactful import PartnerNotice


class FilePartner:
    """Adds notices to a file, a line each; a notice that comes again is a line with the same id."""

    def __init__(self, path: str | Path) -> None:
        """
        Say where; the file is made with the first notice, for its owner alone.

        Args:
            path: The file; its folder must be there.
        """
        self._path, self._lock = Path(path), Lock()

    def tell(self, notice: PartnerNotice) -> None:
        """
        Return once the notice is on disk.

        Raises:
            OSError: If it cannot be written; then it may be there in part, and the next one begins a line of its own.
        """
        line = json.dumps(notice.as_dict(), sort_keys=True).encode() + b"\n"
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        with self._lock:
            file = os.open(self._path, flags, 0o600)
            try:
                size_bytes = os.fstat(file).st_size
                if size_bytes and os.pread(file, 1, size_bytes - 1) != b"\n":
                    line = b"\n" + line
                while line:
                    line = line[os.write(file, line) :]
                os.fsync(file)
            finally:
                os.close(file)
            _sync_folder(self._path.parent)

    def __repr__(self) -> str:
        return f"<FilePartner {self._path}>"


def _sync_folder(folder: Path) -> None:
    """Let the file's name outlast a loss of power as well."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
