"""A policy's folder as bytes by name. It reads no more than a policy may have, and understands none of it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn

from ..errors import Mistake, PolicyError
from .rows import CSV_MAX_BYTES
from .yaml_reader import FILE_MAX_BYTES

FILES_MAX: Final = 1000
ENTRIES_MAX: Final = 20_000
#: Folders beside the policy that hold its own personas and tests.
BESIDE: Final = ("personas", "tests")
_MAX_BYTES: Final = {".yaml": FILE_MAX_BYTES, ".yml": FILE_MAX_BYTES, ".csv": CSV_MAX_BYTES}


def read_files(folder: Path) -> dict[str, bytes]:
    """
    Return a folder's YAML and CSV files by their path in it, those of its personas and tests too; hidden ones apart.

    Raises:
        PolicyError: If there is no such folder, it cannot be read, or it holds no policy.
    """
    if not folder.is_dir():
        _refuse(folder, "this is a file" if folder.exists() else "there is no such folder")
    try:
        names = sorted(_names(folder))
        files = {name: _read(folder / name) for name in names}
    except OSError as error:
        _refuse(Path(error.filename or folder), f"it cannot be read: {error.strerror}", "let it be read")
    if all(name.endswith(".csv") for name in files):
        _refuse(folder, "the folder has no .yaml file", "`tactful init` writes a policy")
    return files


def _names(folder: Path) -> Iterator[str]:
    files = entries = 0
    for at, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        entries += len(folders) + len(names)
        for name in names:
            path = Path(at, name)
            if path.suffix in _MAX_BYTES and not name.startswith(".") and path.is_file():
                files += 1
                yield path.relative_to(folder).as_posix()
        if files > FILES_MAX or entries > ENTRIES_MAX:
            _refuse(folder, f"the folder has more than {FILES_MAX} files of a policy, or {ENTRIES_MAX} in all")


def _raise(error: OSError) -> NoReturn:
    raise error


def _read(path: Path) -> bytes:
    """Return a file's bytes; of one that is too large, enough to tell."""
    with path.open("rb") as file:
        return file.read(_MAX_BYTES[path.suffix] + 1)


def _refuse(path: Path, what: str, hint: str = "give a policy's folder") -> NoReturn:
    raise PolicyError((Mistake(str(path), 1, 1, "folder", what, hint),))
