"""The command line, run in this process."""

import json

import pytest
from typer.testing import CliRunner

from tactful.cli.app import app


@pytest.fixture
def run():
    """Run a command; return its exit code and what it printed."""

    def running(*words):
        result = CliRunner().invoke(app, [str(word) for word in words])
        return result.exit_code, result.output

    return running


@pytest.fixture
def run_json(run):
    """Run a command with --json; return its exit code and the value."""

    def running(*words):
        code, text = run(*words, "--json")
        return code, json.loads(text)

    return running
