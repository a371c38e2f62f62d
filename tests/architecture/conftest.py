"""Where the tree is, and a fresh interpreter that sees it as an installation would."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("sdk", "plugins", "adapters")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def sources() -> dict[str, str]:
    """The text of every module that is shipped, by its path from the root."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


@pytest.fixture(scope="session")
def fresh() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a program in a new interpreter, warnings as errors; give what it printed and how it ended."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in FOLDERS)}

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", program, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run
