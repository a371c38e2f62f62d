"""What the commands print: for people on any terminal, or as JSON for programs. It computes nothing."""

import json
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import attrs
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ..errors import PolicyError, TactfulError

#: How a command ends: well, with findings or failures, or because it was given something it cannot use.
OK, FOUND, UNUSABLE = 0, 1, 2
_GAP = 2
#: How wide lists are in a file or a pipe.
_COLUMNS = 80

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def say(text: str = "", style: str = "") -> None:
    """Print a line for people."""
    out.print(escape(text), style=style or None, soft_wrap=True)


def markdown(text: str) -> None:
    """Print a document: rendered on a terminal, as it is into a file."""
    if out.is_terminal:
        from rich.markdown import Markdown  # noqa: PLC0415 - slow, and for people alone

        out.print(Markdown(text))
    else:
        sys.stdout.write(text)


def bullets(lines: Iterable[str], style: str = "") -> None:
    """Print a list; a line that is wider than the screen goes on below its own beginning."""
    wide = out.width if out.is_terminal else _COLUMNS
    for line in lines:
        shown = "".join(letter if letter.isprintable() else " " for letter in line)  # no codes for the terminal
        wrapped = textwrap.wrap(shown, wide - _GAP, break_long_words=False, break_on_hyphens=False)
        for number, part in enumerate(wrapped):
            say(("- " if number == 0 else "  ") + part, style)


def as_json(value: object) -> None:
    """Print a value for programs; in ASCII where nothing else can be printed."""
    narrow = "utf" not in (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=narrow, default=str) + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; where its words do not fit side by side, a block for each row."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, " ".join(column).split()), default=0) for column in zip(columns, *texts, strict=True)]
    if sum(widths) + _GAP * (len(widths) - 1) > out.width:
        _blocks(columns, texts)
        return
    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
    for column in columns:
        shown.add_column(escape(column))
    for row in texts:
        shown.add_row(*map(escape, row))
    out.print(shown)


def _blocks(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    for number, row in enumerate(rows):
        if number:
            say()
        for column, cell in zip(columns, row, strict=True):
            out.print(f"[bold]{escape(column)}[/bold]: {escape(cell)}")


@contextmanager
def told(*, json_: bool = False) -> Iterator[None]:
    """Turn errors of tactful into a message and an exit code, without a traceback."""
    try:
        yield
    except PolicyError as error:
        if json_:
            as_json({"mistakes": [mistake_json(m) for m in error.mistakes]})
        else:
            for mistake in error.mistakes:
                err.print(escape(str(mistake)), style="red", soft_wrap=True)
            count = len(error.mistakes)
            err.print(f"{count} mistake{'' if count == 1 else 's'}", style="bold red")
        raise typer.Exit(UNUSABLE) from None
    except TactfulError as error:
        if json_:
            as_json({"error": {"code": error.code, "message": str(error)}})
        else:
            err.print(f"{escape(str(error))} [dim]\\[{error.code}][/dim]", style="red", soft_wrap=True)
        raise typer.Exit(UNUSABLE) from None


def mistake_json(mistake: attrs.AttrsInstance) -> Mapping[str, object]:
    """Return a mistake, a finding or an outcome as JSON knows it."""
    return attrs.asdict(mistake)


@contextmanager
def progress(quiet: bool) -> Iterator[Progress]:  # noqa: FBT001 - the one choice
    """Show bars for long work, on stderr; nothing where nobody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(None), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, disable=quiet or not err.is_terminal, transient=True) as bars:
        yield bars
