"""The command `tactful` (extra `cli`)."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; without its extra, say how to install it."""
    try:
        from .app import run  # noqa: PLC0415 - so that an absent extra is told in a sentence
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich", "click"):
            raise
        sys.stderr.write("the command tactful needs the extra 'cli': pip install 'tactful[cli]'\n")
        raise SystemExit(2) from None
    run()
