"""Which journal a file is, of triggers or of a campaign, and what has it forget. It makes no file."""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

import tactful

from .journal_file import ForgetIn

#: SQLite's `application_id` of a campaign's journal, and of that of triggers.
_CAMPAIGN: Final = 0x7461636D
_TRIGGERS: Final = 0x74616374


def journal_of(path: Path) -> tuple[str, ForgetIn]:
    """
    Return by what name an edge has a journal attached, and what forgets in it.

    Args:
        path: A file that `Triggers` or a campaign has made.

    Raises:
        UsageError: If there is no such file, or it is no journal.
        ExtraMissing: If it is a campaign's, and the extra `email` is not installed.
    """
    head = _head(path)
    if head is None:
        raise tactful.UsageError(f"{path}: this is no journal of triggers or of a campaign")
    application, tables = head
    if application == _TRIGGERS and "notes" in tables:  # a store has the same number
        from .triggers.journal import Journal as Notes  # noqa: PLC0415 - of two, one is needed

        return "triggers", ForgetIn.of(path, Notes)
    if application == _CAMPAIGN and "campaign" in tables:
        from .email.journal import Journal as Mails  # noqa: PLC0415 - an extra

        (name,) = _asked(path, "SELECT name FROM campaign")[0]
        return f"campaign {name}", ForgetIn.of(path, partial(Mails, campaign=name))
    raise tactful.UsageError(f"{path}: this is no journal of triggers or of a campaign")


def _head(path: Path) -> tuple[int, frozenset[str]] | None:
    """Return a database's application and its tables; None if a file is none."""
    if not path.is_file():
        raise tactful.UsageError(f"{path}: there is no such journal")
    try:
        (application,) = _asked(path, "PRAGMA application_id")[0]
        tables = _asked(path, "SELECT name FROM sqlite_schema WHERE type = 'table'")
    except sqlite3.Error:
        return None
    return application, frozenset(name for (name,) in tables)


def _asked(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
        return file.execute(query).fetchall()
