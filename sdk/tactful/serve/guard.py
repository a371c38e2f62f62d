"""Who may ask: this machine's own programs, or whoever has a token; and no page in a browser that was not named.

A page anywhere can make its visitor's browser send requests here. It cannot leave out `Origin`, send JSON by a form,
or, where its own name was bound to this address, send another `Host` than that name.
"""

from collections.abc import Sequence
from typing import Final, Protocol
from urllib.parse import urlsplit

import attrs

from ..relay.devices import Devices
from .problem import Problem

#: The names of this machine to itself.
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Headers(Protocol):
    """The headers of a request."""

    def getlist(self, key: str) -> list[str]:
        """Return the values that came under a name."""
        ...


@attrs.frozen
class Guard:
    """
    What a request must bring.

    Attributes:
        hosts: The names by which it may call this server; None is any, which is for those alone who need a token.
        origins: The pages that may ask from a browser, such as "http://localhost:8080".
        devices: Who has a token; None lets everybody in.
    """

    hosts: frozenset[str] | None = LOCAL
    origins: frozenset[str] = frozenset()
    devices: Devices | None = None

    def let_in(self, headers: Headers) -> None:
        """
        Return if a request may be answered.

        Raises:
            Problem: If it may not.
        """
        if self.hosts is not None and _host(headers.getlist("host")) not in self.hosts:
            raise Problem(421, "host", "this server is not called so; see --name", "Host")
        if not self.origins.issuperset(headers.getlist("origin")):
            raise Problem(403, "origin", "no page in a browser may ask, but one that --origin names", "Origin")
        if self.devices is not None and not _is_known(self.devices, headers.getlist("authorization")):
            detail = "give the token of a device that may ask: Authorization: Bearer …"
            raise Problem(401, "not-allowed", detail, "Authorization", {"WWW-Authenticate": "Bearer"})

    def takes_json(self, headers: Headers) -> None:
        """
        Return if a body says that it is JSON, unpacked.

        Raises:
            Problem: If it does not.
        """
        kinds = [one.partition(";")[0].strip().lower() for one in headers.getlist("content-type")]
        if kinds != ["application/json"]:
            raise Problem(415, "media-type", "the body must be application/json", "Content-Type")
        if [one for one in headers.getlist("content-encoding") if one.strip().lower() != "identity"]:
            raise Problem(415, "media-type", "the body must not be packed", "Content-Encoding")


def _host(values: Sequence[str]) -> str:
    """Return the name without its port; empty if there is none, or several."""
    if len(values) != 1:
        return ""
    try:
        return (urlsplit(f"//{values[0]}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


def _is_known(devices: Devices, values: Sequence[str]) -> bool:
    scheme, _, token = (values[0] if len(values) == 1 else "").partition(" ")
    device = devices.device_of(token.strip())  # always asked, so that it takes as long
    return scheme.lower() == "bearer" and device is not None and device.may_ask
