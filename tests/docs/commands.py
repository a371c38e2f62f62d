"""The part of docs/commands.md that tells every command. `python tests/docs/commands.py` renews it."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from tactful.cli.app import app

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
MARKED = re.compile(r"(<!-- commands -->\n).*?(<!-- end -->)", re.DOTALL)


def part(name: str, command: Any) -> str:
    """A command's part of the page: its help, its example, its arguments and options."""
    words = inspect.cleandoc(command.help)
    example = re.search(r"Example: `(.*)`", words)
    assert example is not None
    text = words[: example.start()].strip()
    rows = ["| | |", "|---|---|", *(f"| {written} | {meaning} |" for written, meaning in parameters(command))]
    return f"## tactful {name}\n\n{text}\n\n```sh\n{example[1]}\n```\n\n" + "\n".join(rows)


def parameters(command: Any) -> Iterator[tuple[str, str]]:
    """What can be given to a command, as it is written, and its help with its default."""
    for parameter in command.params:
        if parameter.name == "help":
            continue
        if parameter.param_type_name == "argument":
            written = f"`{parameter.name.upper()}`" + (" …" if parameter.nargs == -1 else "")
        else:
            written = ", ".join(f"`{option}`" for option in parameter.opts)
            written += "" if parameter.is_flag else " …"
        default = "" if parameter.default is None or parameter.default is False else f" Else `{parameter.default}`."
        several = " Several are possible." if parameter.multiple else ""
        yield written, f"{parameter.help}{several}{default}"


def renewed(page: str) -> str:
    """The page with its commands as they are."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    parts = "\n\n".join(part(name, command) for name, command in commands.items())
    return MARKED.sub(lambda match: f"{match[1]}{parts}\n{match[2]}", page)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
