"""Stands between a client and a server: lets answers get lost, while what the client sends goes through; or is slow."""

import contextlib
import socket
import time
from threading import Event, Thread


class Proxy:
    """Forwards whole chunks; while it is deaf, no answer comes back on the connections that there are."""

    def __init__(self, port, *, delay_s=0.0, chunk=65_536):
        self._to = port
        self._delay_s = delay_s
        self._chunk = chunk
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.deaf = Event()
        self._open = []
        Thread(target=self._accept, daemon=True).start()

    def close(self):
        for one in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                self._open += [near, far]
                Thread(target=self._forward, args=(near, far, None), daemon=True).start()
                Thread(target=self._forward, args=(far, near, self.deaf), daemon=True).start()

    def _forward(self, of, to, deaf):
        was_deaf = False
        with contextlib.suppress(OSError):
            while chunk := of.recv(self._chunk):
                time.sleep(self._delay_s)
                was_deaf = was_deaf or (deaf is not None and deaf.is_set())
                if not was_deaf:
                    to.sendall(chunk)
        for one in (of, to):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
