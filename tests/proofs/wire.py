"""The wire between a client and a server: it can be cut, go silent, or trickle byte by byte."""

import contextlib
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Final

_TRICKLE_S: Final = 0.02


class Wire:
    """
    A port of this machine that stands for another one.

    Attributes:
        port: The port to connect to.
        to: The port that it stands for; may be changed, for connections that come later.
        state: "whole"; "cut": connections end in the middle of what comes through, and none comes about; "silent":
            nothing comes through, and nothing ends; "trickling": a byte now and then.
        connections: So many were asked for.
    """

    def __init__(self, to: int) -> None:
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
                    far = socket.create_connection(("127.0.0.1", self.to))
                except OSError:  # nobody is there
                    near.close()
                    continue
                self._open += [near, far]
                Thread(target=self._join, args=(near, far), daemon=True).start()

    def _join(self, near: socket.socket, far: socket.socket) -> None:
        back = Thread(target=self._forward, args=(far, near), daemon=True)
        back.start()
        self._forward(near, far)
        back.join()
        for one in (near, far):
            one.close()  # only now: a thread that still used the number might write into another file

    def _forward(self, of: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := of.recv(65_536):
                if self.state == "whole":
                    to.sendall(chunk)
                    continue
                for byte in chunk:
                    while self.state == "silent":
                        time.sleep(_TRICKLE_S)
                    if self.state == "trickling":
                        time.sleep(_TRICKLE_S)
                    to.sendall(bytes((byte,)))
        for one in (of, to):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
