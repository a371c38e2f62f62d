"""Where a centre in NATS is: its URL, taken apart. Its name in errors has neither user nor password."""

import re
from collections.abc import Mapping
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import attrs

from tactful import CentreError

from .nats_client import client
from .url_options import within

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
_HOW: Final = "give one as in nats://user:password@host:4222/shop?timeout_s=5"
_OURS: Final = frozenset({"timeout_s", "replicas", "ca"})


@attrs.frozen
class Address:
    """
    Where a centre is, and how it is used.

    Attributes:
        server: The server's URL, without user and password.
        name: What errors call it.
        prefix: What the names of its streams begin with.
        user: The user, or None.
        password: The password; with a user that is None, a token; or None.
        timeout_s: A call takes at most this long, connecting included, 0.1 to 600 [s].
        replicas: So many servers of a cluster are to keep each stream that is made, 1 to 5.
        ca: A file of certificates to trust instead of the system's, or None.
    """

    server: str
    name: str
    prefix: str = "tactful"
    user: str | None = attrs.field(repr=False, default=None)
    password: str | None = attrs.field(repr=False, default=None)
    timeout_s: float = 5.0
    replicas: int = 1
    ca: str | None = None

    @classmethod
    def of(cls, url: str) -> Self:
        """
        Return the address of a URL: `nats://user:password@host:4222/shop?timeout_s=5&replicas=3`, or `tls://…`.

        Raises:
            CentreError: If it is none; the error does not tell the URL, which may hold a password.
            ExtraMissing: If nats-py is not installed.
        """
        client()
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or 4222
        except ValueError:
            raise _refusal("this is no URL of a NATS server") from None
        if parts.scheme not in ("nats", "tls") or not host or parts.fragment:
            raise _refusal("this is no URL of a NATS server")
        prefix = parts.path.strip("/") or "tactful"
        if not _NAME.fullmatch(prefix):
            raise _refusal("the URL's path is a name in letters, digits, _ and -, at most 32")
        at = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        user, password = (None if one is None else unquote(one) for one in (parts.username, parts.password))
        if user is not None and password is None:  # as NATS has it: a token stands alone
            user, password = None, user
        server, name = f"{parts.scheme}://{at}", f"NATS at {at}, {prefix}"
        given = _options(parts.query)
        timeout_s = within(given.get("timeout_s", "5"), "timeout_s", 0.1, 600, _refusal)
        replicas = within(given.get("replicas", "1"), "replicas", 1, 5, _refusal)
        return cls(server, name, prefix, user, password, timeout_s, int(replicas), given.get("ca"))


def _options(query: str) -> Mapping[str, str]:
    parted = (option.partition("=") for option in query.split("&") if option)
    given = {name: unquote(value) for name, _, value in parted}
    if unknown := sorted(set(given) - _OURS):
        raise _refusal(f"there is no option {unknown[0]!r}; there are {', '.join(sorted(_OURS))}")
    return given


def _refusal(wrong: str) -> CentreError:
    return CentreError(f"{wrong}; {_HOW}", code="centre-url")
