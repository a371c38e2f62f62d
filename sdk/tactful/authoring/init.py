"""Writes a small policy to begin with, and development keys beside it."""

import os
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ..bundle.keys import make_keys
from ..errors import UsageError

PRIVATE_KEY = "keys/development.private"
PUBLIC_KEY = "keys/development.public"


def init(folder: Path | str) -> tuple[Path, ...]:
    """
    Write a policy with a persona and tests, and a pair of keys for development; return the files.

    Args:
        folder: Where to; it must not exist, or be empty.

    Raises:
        UsageError: If something is there already.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} is there already; give a new or empty folder")
    written = []
    for source, name in _walk(files(__package__) / "starter", ""):
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.read_bytes())
        written.append(path)
    private, public = make_keys()
    written.append(_write_secret(target / PRIVATE_KEY, private))
    (target / PUBLIC_KEY).write_text(public + "\n", encoding="ascii")
    (target / ".gitignore").write_text("keys/*.private\n", encoding="ascii")
    return (*written, target / PUBLIC_KEY, target / ".gitignore")


def _walk(folder: Traversable, prefix: str) -> list[tuple[Traversable, str]]:
    found: list[tuple[Traversable, str]] = []
    for item in sorted(folder.iterdir(), key=lambda one: one.name):
        name = f"{prefix}{item.name}"
        found += _walk(item, f"{name}/") if item.is_dir() else [(item, name)]
    return [pair for pair in found if pair[1].endswith(".yaml")]


def _write_secret(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text + "\n")
    return path
