"""A NATS server of the tests' own: an ordinary process with a folder and a free port, that can be killed and paused."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path


def program():
    """Where the server's program is, or None: on the path, or in the environment that runs the tests, active or not."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("nats-server") or shutil.which("nats-server", path=beside)


class NATSServer:
    """One server; what it keeps is in a folder."""

    def __init__(self, folder, **settings):
        self.folder = folder
        self.settings = settings
        self.port = free_port()
        self._process = None
        folder.mkdir(parents=True, exist_ok=True)

    def start(self):
        config = {
            "listen": f"127.0.0.1:{self.port}",
            "jetstream": {"store_dir": str(self.folder / "kept"), **self.settings.get("jetstream", {})},
            **{key: value for key, value in self.settings.items() if key != "jetstream"},
        }
        (self.folder / "server.conf").write_text(json.dumps(config), encoding="utf-8")
        command = [program(), "-c", str(self.folder / "server.conf")]
        with (self.folder / "log").open("a") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(1_000):
            if self._process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text(encoding="utf-8"))
            try:
                with socket.create_connection(("127.0.0.1", self.port), 0.2) as one:
                    if b"jetstream" in one.recv(4096):
                        return self
            except OSError:
                pass
            time.sleep(0.01)
        raise RuntimeError("the server does not start")

    def stop(self, how=signal.SIGKILL):
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGCONT)
            os.kill(self._process.pid, how)
            self._process.wait(10)
            self._process = None

    def pause(self):
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self._process.pid, signal.SIGCONT)

    def url(self, name, user="", port=None, **options):
        asked = "&".join(f"{key}={value}" for key, value in options.items())
        return f"nats://{user}127.0.0.1:{port or self.port}/{name}" + (f"?{asked}" if asked else "")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
