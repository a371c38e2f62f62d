"""A partner who fetches a file: each notice is a line of JSON that is on disk before it counts as told."""

from pathlib import Path

from tactful import PartnerNotice

from .line_file import LineFile


class FilePartner:
    """Adds notices to a file, a line each; a notice that comes again is a line with the same id."""

    def __init__(self, path: str | Path) -> None:
        """
        Say where; the file is made with the first notice, for its owner alone.

        Args:
            path: The file; its folder must be there.
        """
        self._file = LineFile(path)

    def tell(self, notice: PartnerNotice) -> None:
        """
        Return once the notice is on disk.

        Raises:
            OSError: If it cannot be written; then it may be there in part, and the next one begins a line of its own.
        """
        self._file.add(notice.as_dict())

    def __repr__(self) -> str:
        return f"<FilePartner {self._file.path}>"
