"""`tactful serve` as it is typed: it listens, says where, and refuses what would let anybody ask."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from typer.testing import CliRunner

from tactful.cli.app import app

from .conftest import SHOP

RUN = "from tactful.cli import main; main()"


@pytest.fixture
def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "policy.yaml").write_text(SHOP, encoding="utf-8")
    return tmp_path


def test_it_serves_until_it_is_stopped(folder, free_port):
    command = [sys.executable, "-c", RUN, "serve", folder, "--listen", f"127.0.0.1:{free_port}", "--json"]
    served = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    try:
        said = json.loads("".join(iter(served.stdout.readline, "}\n")) + "}")
        assert said["serve"] == f"http://127.0.0.1:{free_port}"
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"{said['serve']}/health/ready", timeout=5) as answer:  # noqa: S310 - loopback
                    assert json.load(answer) == {"ready": True, "lacks": []}
                break
            except OSError:
                time.sleep(0.05)
        else:
            pytest.fail("it never listened")
        served.send_signal(signal.SIGTERM)
        served.wait(20)
    finally:
        served.kill()
        served.stdout.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--listen", "0.0.0.0:8788"], "--devices"),
        (["--listen", "8788"], "--listen is a host and a port"),
        (["--origin", "*"], "--origin is a scheme"),
        (["--devices", "nowhere.json"], "nowhere.json"),
        (["--key", "x"], "key"),
        (["--tls", "nowhere.pem", "nowhere.key"], "certificate"),
    ],
)
def test_what_cannot_be_used_is_said_at_once(folder, options, words):
    told = CliRunner().invoke(app, ["serve", str(folder), *options])
    assert told.exit_code == 2
    assert words in told.output
