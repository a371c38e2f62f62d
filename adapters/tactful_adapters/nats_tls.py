"""TLS to NATS, where the URL says `tls://`: nothing goes over without it. It opens no connection.

A server's first line comes in the clear, and nats-py takes TLS up only where that line asks for it. A server without
TLS, or whoever alters the line on its way, would thus be sent the password in the clear.
"""

import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tactful import CentreError

if TYPE_CHECKING:
    from .nats_address import Address


class TLS:
    """What one connection needs to be over TLS; make one for each, as it holds whether the handshake was done."""

    def __init__(self, address: "Address") -> None:
        self._name = address.name
        self._context = ssl.create_default_context(cafile=address.ca) if address.server.startswith("tls:") else None

    @property
    def options(self) -> Mapping[str, object]:
        """What nats-py is given."""
        return {} if self._context is None else {"tls": self._context}

    def check(self) -> None:
        """
        Look whether the connection is as the URL wants it.

        Raises:
            CentreError: If the URL says TLS, and no handshake was done.
        """
        if self._context is not None and not self._context.session_stats()["connect_good"]:
            said = "the server offers no TLS, and the URL says tls://; the password was not sent. Have it offer TLS"
            raise CentreError(f"{self._name}: {said}, or see to what is between", code="centre-refused")

    def guarded(self, secret: str) -> Callable[[], str]:
        """Give what tells a secret to nats-py, which asks as it is about to send it: after the handshake, or never."""

        def told() -> str:
            self.check()
            return secret

        return told
