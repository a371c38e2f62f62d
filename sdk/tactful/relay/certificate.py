"""A server's certificate, taken up anew when its files are renewed, so that nobody has to remember to start it again.

It looks at two files and changes one TLS context. What it cannot use, such as half of a file, changes nothing.
"""

import os
import ssl
from contextlib import suppress
from pathlib import Path

_Mark = tuple[tuple[int, int, int] | None, ...]


class RenewedCertificate:
    """The certificate of a server that runs."""

    __slots__ = ("_context", "_files", "_seen")

    def __init__(self, context: ssl.SSLContext, certificate: Path, key: Path) -> None:
        """
        Make it of what the server has read already.

        Args:
            context: The server's.
            certificate: The file of the certificate, with those above it.
            key: The file of its private key.
        """
        self._context, self._files = context, (certificate, key)
        self._seen = self._marks()

    def look(self) -> bool:
        """Take up files that were renewed, for whoever connects from now on; return whether it did."""
        marks = self._marks()
        if marks == self._seen:
            return False
        with suppress(OSError):  # and `SSLError`, which is one: not there, half written, or not of one pair
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*self._files)  # tried first
            self._context.load_cert_chain(*self._files)
            self._seen = marks
            return True
        return False

    def _marks(self) -> _Mark:
        return tuple(_mark(file) for file in self._files)


def _mark(file: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - a third of the time
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
