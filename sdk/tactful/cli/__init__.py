"""The command `tactful` (extra `cli`)."""

import importlib
import sys
from typing import TextIO

__all__ = ["main"]

#: What the commands stand on, each looked for before any of them runs.
LIBRARIES = ("markdown_it", "rich", "typer")


def main() -> None:
    """Run the command line; without its extra, say how to install it."""
    for stream in (sys.stdout, sys.stderr):
        _forgive(stream)
    try:
        for library in LIBRARIES:
            importlib.import_module(library)
    except ModuleNotFoundError:
        sys.stderr.write("the command tactful needs the extra 'cli': pip install 'tactful[cli]'\n")
        raise SystemExit(2) from None
    from .app import run  # noqa: PLC0415 - it imports what may be absent

    run()


def _forgive(stream: TextIO) -> None:
    """Let a terminal that lacks a character show a question mark, rather than end the command."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
