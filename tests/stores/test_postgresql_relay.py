"""`tactful relay` before PostgreSQL, as a process of its own; and the laws of centres behind it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import httpx2
import pytest
from tests.relay.conftest import PRIVATE, PUBLIC, Served

from tactful import Consent, Consents, ConsentState, How, Link
from tactful.relay.client import RelayCentre
from tactful.relay.devices import add_device
from tactful.sync.joining import centres_of
from tactful.testing.centre_kit import followed, stands, withdrawal
from tactful.testing.centres import CentreConformance
from tactful_adapters.postgresql_centre import PostgreSQLCentre

YES = Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 5),), 5)


class TestPostgreSQLBehindARelay(CentreConformance):
    persistent = shared = True

    @pytest.fixture(autouse=True)
    def _served(self, postgresql, tmp_path):
        self.straight = PostgreSQLCentre.from_url(postgresql.url(tmp_path))
        self.served = Served(tmp_path / "relay", tuple(centres_of(postgresql.url(tmp_path))))
        yield
        self.served.stop()
        self.straight.close()

    def make_centre(self, where):
        return RelayCentre.from_url(self.served.url())

    def tell(self, centre, customer, told):
        if isinstance(told, Link):
            self.straight.link({told.name: told.value}, customer=customer, kind=told.kind, confidence=told.confidence)
        else:
            super().tell(self.straight, customer, told)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_the_command_serves_until_it_is_stopped(postgresql, tmp_path):
    with PostgreSQLCentre.from_url(postgresql.url(tmp_path)) as straight:
        straight.put_consents("ada", YES)
        (tmp_path / "relay.private").write_text(PRIVATE, encoding="utf-8")
        (tmp_path / "relay.public").write_text(PUBLIC, encoding="utf-8")
        (tmp_path / "token").write_text(add_device(tmp_path / "devices.json", "kiosk-1"), encoding="utf-8")
        port = free_port()
        command = [sys.executable, "-c", "from tactful.cli import main; main()", "relay", postgresql.url(tmp_path)]
        command += ["--key", "relay.private", "--tenant", "shop", "--listen", f"127.0.0.1:{port}", "--json"]
        paths = {"PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path if path)}  # noqa: PTH100 - for another folder
        running = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, **paths},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            until = time.monotonic() + 40
            while not ready(port) and time.monotonic() < until and running.poll() is None:
                time.sleep(0.05)
            where = f"relay+http://127.0.0.1:{port}/?tenant=shop"
            client = RelayCentre.from_url(f"{where}&key={tmp_path}/relay.public&token={tmp_path}/token")
            assert stands(followed(client).get("ada")) == (True, False)
            assert client.deliver([withdrawal("1", "ada", 9, "offers")]).accepted == {"1"}
            assert stands(followed(straight).get("ada")) == (False, True)
            client.close()
        finally:
            running.send_signal(signal.SIGTERM)
            out, err = running.communicate(timeout=30)
        assert json.loads(out) == {"relay": f"http://127.0.0.1:{port}", "tenant": "shop"}
        assert err == ""
        assert running.returncode in (0, -signal.SIGTERM)


def ready(port):
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200
    except httpx2.HTTPError:
        return False
