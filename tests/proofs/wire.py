"""The wire between a client and a server: it can be cut, flap, go silent, trickle, or lose, double and swap answers."""

import contextlib
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from threading import Event, Thread
from typing import Final

_TRICKLE_S: Final = 0.02
_FLAP_S: Final = 0.2


class Wire:
    """
    A port of this machine that stands for another one.

    Attributes:
        port: The port to connect to.
        to: The port that it stands for, or the path of a socket; may be changed, for connections that come later.
        state: "whole"; "cut": connections end in the middle of what comes through, and none comes about; "silent":
            nothing comes through, and nothing ends; "trickling": a byte now and then; "losing", "doubling", "swapping":
            of the server's answers each third piece is missing, comes once more before the next one, or comes after it.
        connections: So many were asked for.
    """

    def __init__(self, to: int | str) -> None:
        self.to: int | str
        self.to, self.state, self.connections = to, "whole", 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        Thread(target=self._accept, daemon=True).start()

    @contextmanager
    def being(self, state: str, to: int | None = None) -> Iterator[None]:
        """Be in a state for a while; or stand for another port, for which all connections are made anew."""
        before, self.state, self.to = self.to, state, to or self.to
        if state == "cut" or to:
            self._end()
        try:
            yield
        finally:
            self.state, self.to = "whole", before
            self._end()

    @contextmanager
    def flapping(self) -> Iterator[None]:
        """Be cut and whole by turns for a while."""
        over = Event()

        def flap() -> None:
            for state in cycle(("cut", "whole")):
                self.state = state
                if state == "cut":
                    self._end()
                if over.wait(_FLAP_S):
                    return

        flapping = Thread(target=flap)
        flapping.start()
        try:
            yield
        finally:
            over.set()
            flapping.join()
            self.state = "whole"
            self._end()

    def close(self) -> None:
        """End everything."""
        self._listening.close()
        self._end()

    def _end(self) -> None:
        ended, self._open = self._open, []
        for one in ended:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self.connections += 1
                if self.state == "cut":
                    near.close()
                    continue
                try:
                    far = self._connected()
                except OSError:  # nobody is there
                    near.close()
                    continue
                self._open += [near, far]
                Thread(target=self._join, args=(near, far), daemon=True).start()

    def _connected(self) -> socket.socket:
        if isinstance(self.to, int):
            return socket.create_connection(("127.0.0.1", self.to))
        far = socket.socket(socket.AF_UNIX)
        far.connect(self.to)
        return far

    def _join(self, near: socket.socket, far: socket.socket) -> None:
        back = Thread(target=self._forward, args=(far, near), kwargs={"answers": True}, daemon=True)
        back.start()
        self._forward(near, far)
        back.join()
        for one in (near, far):
            one.close()  # only now: a thread that still used the number might write into another file

    def _forward(self, of: socket.socket, to: socket.socket, *, answers: bool = False) -> None:
        late, again, number = b"", b"", 0
        with contextlib.suppress(OSError):
            while chunk := of.recv(65_536):
                number += 1
                third = answers and number % 3 == 0
                if third and self.state in ("losing", "swapping"):
                    late = chunk if self.state == "swapping" else b""
                    continue
                self._pass_on(to, again + chunk + late)
                late, again = b"", chunk if third and self.state == "doubling" else b""
        for one in (of, to):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _pass_on(self, to: socket.socket, chunk: bytes) -> None:
        if self.state not in ("silent", "trickling"):
            to.sendall(chunk)
            return
        for byte in chunk:
            while self.state == "silent":
                time.sleep(_TRICKLE_S)
            if self.state == "trickling":
                time.sleep(_TRICKLE_S)
            to.sendall(bytes((byte,)))
