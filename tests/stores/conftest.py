"""A process of its own that has the stores at hand."""

import os
import subprocess
import sys

import pytest


def _command(program, *arguments):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return [sys.executable, "-W", "error", "-c", program, *map(str, arguments)], environment


@pytest.fixture
def start():
    """Start a program, and end it when the test is over."""
    started = []

    def run(program, *arguments):
        command, environment = _command(program, *arguments)
        child = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(child)
        return child

    yield run
    for child in started:
        child.kill()
        child.communicate()


@pytest.fixture
def ended():
    """Run a program to its end; give what it printed, or fail with what it complained of."""

    def run(program, *arguments):
        command, environment = _command(program, *arguments)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    return run
