"""The command line, in this process or in one of its own, and a shop's policy to run it on."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tactful.authoring.init import init
from tactful.cli import output
from tactful.cli.app import app

ROOT = Path(__file__).parents[2]
ESCAPE = "\x1b["


@pytest.fixture(scope="session")
def starter(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("starter") / "shop"
    init(folder)
    return folder


@pytest.fixture
def shop(starter, tmp_path, monkeypatch) -> Path:
    """A folder named `shop` in an empty working folder."""
    shutil.copytree(starter, tmp_path / "shop")
    monkeypatch.chdir(tmp_path)
    return Path("shop")


class Ended:
    """How a command ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        assert "Traceback" not in out + err, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(monkeypatch) -> Callable[..., Ended]:
    """Run a command in this process."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(output.out, "_width", 200)  # another test may have made it, in a narrower terminal

    def running(*arguments: object) -> Ended:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="tactful")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    return running


@pytest.fixture
def start() -> Callable[..., Ended]:
    """Run a command in a process of its own, as people and scripts do."""

    def starting(*arguments: object, before: str = "", **environment: str) -> Ended:
        paths = os.pathsep.join(str(ROOT / folder) for folder in ("sdk", "plugins", "adapters"))
        program = f"import sys; sys.argv[0] = 'tactful'\n{before}\nfrom tactful.cli import main; main()"
        kept = {name: value for name, value in os.environ.items() if not re.search("COLOR|TERM|COLUMNS|GITHUB", name)}
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-c", program, *map(str, arguments)],
            env={**kept, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return starting
