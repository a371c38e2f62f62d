"""The examples of docs/subject-rights.md are true."""

import doctest
import re
import shlex
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from tactful.cli.app import app

PAGE = Path(__file__).parents[2] / "docs" / "subject-rights.md"


def test_the_examples_are_true():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 20


def test_the_commands_are_understood():
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) == 5
    for line in lines:
        _, name, *arguments = shlex.split(line)
        get_command(app).commands[name].make_context(name, arguments)
    assert CliRunner().invoke(app, ["erase", "--help"]).exit_code == 0
