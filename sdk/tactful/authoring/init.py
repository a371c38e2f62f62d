"""Writes a small policy to begin with, and development keys beside it."""

import os
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from ..bundle.keys import make_keys
from ..errors import UsageError

PRIVATE_KEY: Final = "keys/development.private"
PUBLIC_KEY: Final = "keys/development.public"


def init(folder: Path | str) -> tuple[Path, ...]:
    """
    Write a policy with personas and tests, and a pair of keys for development; return the files. All or nothing.

    Args:
        folder: Where to; it must not exist, or be empty but for hidden files.

    Raises:
        UsageError: If something is there already, or it cannot be written.
    """
    target = Path(folder)
    written: list[Path] = []
    try:
        if target.exists() and (not target.is_dir() or _visible(target)):
            raise UsageError(f"{target} is there already; give a new or empty folder")
        for name, raw in _contents():
            written.append(_write(target / name, raw, secret=name == PRIVATE_KEY))
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise UsageError(f"{error.filename or target}: {error.strerror}; nothing was written") from None
    return tuple(written)


def _visible(folder: Path) -> bool:
    ours = {".gitignore"}
    return any(not path.name.startswith(".") or path.name in ours for path in folder.iterdir())


def _contents() -> Iterator[tuple[str, bytes]]:
    yield from _starter(files("tactful.authoring") / "starter", "")
    private, public = make_keys()
    yield PRIVATE_KEY, f"{private}\n".encode("ascii")
    yield PUBLIC_KEY, f"{public}\n".encode("ascii")
    yield ".gitignore", b"keys/*.private\n"


def _starter(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for item in sorted(folder.iterdir(), key=lambda one: one.name):
        name = f"{prefix}{item.name}"
        if item.is_dir():
            yield from _starter(item, f"{name}/")
        elif name.endswith(".yaml"):
            yield name, item.read_bytes()


def _write(path: Path, raw: bytes, *, secret: bool) -> Path:
    """Write a file that was not there; a secret one for its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o600 if secret else 0o666
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(raw)
    return path
