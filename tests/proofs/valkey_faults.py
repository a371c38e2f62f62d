"""A server of Valkey that wakes edges up beside a centre which is well, and what can befall that server."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from tests.valkey.server import Server, free_port, valkey_program

from tactful import MemoryCentre
from tactful_adapters.valkey_hints import ValkeyHints

from .controls import Waiting
from .place import TIMEOUT_S, Place, done, on, paused
from .store_faults import Fault
from .wire import Wire

#: Epochs that nobody has reached.
_FAR: Final = 2**40
_LINES: Final = ("consents", "profiles")


@contextmanager
def valkey(**settings: object) -> Iterator[Server]:
    """Start a server on a free port, with a socket for who looks after it."""
    # A socket's path has few characters.
    with tempfile.TemporaryDirectory(prefix="valkey-") as folder:
        server = Server(valkey_program(), Path(folder) / "0", port=free_port(), **settings)
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def hinted_by_valkey(_: Path) -> Iterator[Place]:
    """Give a centre that is well, and hints of it by way of a server that is not."""
    centre = MemoryCentre()
    with valkey() as server:
        wire = Wire(server.port)
        hints = ValkeyHints(f"valkey://127.0.0.1:{wire.port}?timeout_s={TIMEOUT_S}", centre)
        try:
            yield Place(
                hints,
                centre,
                lambda: len(centre.events),
                {**stopped(server), **_at_the_streams(server), **on(wire)},
                control=Waiting,
            )
        finally:
            hints.close()
            wire.close()


def stopped(server: Server) -> Mapping[str, Fault]:
    """Return what can keep a server from answering, by name."""
    return {
        "the server is killed": partial(done, server.stop, server.start),
        "the server stands still": lambda: paused(server.pid),
        "it is full": partial(_set, server, "maxmemory", "1", "0"),
        "it shuts everybody out": partial(_set, server, "requirepass", "nobody knows", ""),
    }


def _at_the_streams(server: Server) -> Mapping[str, Fault]:
    forget = partial(server.run, "FLUSHALL")

    def alter() -> None:
        for line in _LINES:
            altered(server, f"hints:{line}")

    return {
        "it has forgotten everything": partial(for_good, forget),
        "its streams hold something else": partial(done, alter, forget),
        "it hints at what never comes": partial(_lying, server),
    }


@contextmanager
def _set(server: Server, name: str, value: str, mended: str) -> Iterator[None]:
    import valkey as client  # noqa: PLC0415 - an extra

    with client.Valkey(unix_socket_path=str(server.socket)) as admin:  # one that is in already
        admin.execute_command("CONFIG", "SET", name, value)
        admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        try:
            yield
        finally:
            admin.execute_command("CONFIG", "SET", name, mended)


def altered(server: Server, key: str) -> None:
    """Have a key of tactful's hold something else."""
    server.run("SET", f"{{tactful}}:{key}", "x")


@contextmanager
def for_good(change: Callable[[], object]) -> Iterator[None]:
    """Have something done that nobody takes back."""
    change()
    yield


@contextmanager
def _lying(server: Server) -> Iterator[None]:
    """Say without end that there is news."""
    from threading import Event, Thread  # noqa: PLC0415 - for this alone

    over = Event()

    def lie() -> None:
        epoch = _FAR
        while not over.wait(0.01):
            epoch += 1
            for line in _LINES:
                server.run("XADD", f"{{tactful}}:hints:{line}", f"{epoch}-0", "line", line)

    lying = Thread(target=lie)
    lying.start()
    try:
        yield
    finally:
        over.set()
        lying.join()
        server.run("FLUSHALL")
