"""Where a Valkey or Redis server is: its URL, taken apart. Its name in errors has neither user nor password."""

import re
from pathlib import Path
from typing import Final, Self
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import attrs

from tactful import StoreError

from .url_options import within

_TCP: Final = ("valkey", "valkeys", "redis", "rediss")
#: What goes on to the client as it is.
_FILES: Final = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})
_THEIRS: Final = frozenset({"db", "password"}) | _FILES
_OURS: Final = frozenset({"prefix", "timeout_s", "replicas", "centre"})
_PREFIX: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HOW: Final = "give one as in valkey://user@host:6379/0?timeout_s=1, valkeys:// for TLS, or unix:///run/valkey.sock"
_PORT_MAX: Final = 65_535


@attrs.frozen
class Address:
    """
    Where a server is, and how it is used.

    Attributes:
        url: What the client is given; it may hold a password.
        name: What errors call it.
        prefix: All keys begin with it, in braces, so that a cluster keeps them together.
        timeout_s: No call takes longer, 0.05 to 60 [s].
        replicas: So many replicas must have on their disks what is promised, 0 to 16.
        centre: The URL of the centre beside which it gives hints; empty if none. It may hold a password.
    """

    url: str = attrs.field(repr=False)
    name: str
    prefix: str = "tactful"
    timeout_s: float = 2.0
    replicas: int = 0
    centre: str = attrs.field(repr=False, default="")

    @classmethod
    def of(cls, url: str) -> Self:
        """
        Return the address of a URL: `valkey://user:password@host:6379/0?prefix=tactful&timeout_s=2&replicas=1`.

        Raises:
            StoreError: If it is none; the error does not tell the URL, which may hold a password.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or 6379
            given = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        except ValueError:
            raise _refusal("this is no URL of a server") from None
        if parts.scheme not in (*_TCP, "unix") or parts.fragment or not 0 < port <= _PORT_MAX:
            raise _refusal("this is no URL of a server")
        if unknown := sorted(given.keys() - _THEIRS - _OURS):
            raise _refusal(f"the URL has an option {unknown[0][:40]!r} that is none")
        if not _PREFIX.fullmatch(given.get("prefix", "tactful")):
            raise _refusal("prefix= has letters, digits, _, - and ., at most 64")
        if lacking := sorted(name for name in given.keys() & _FILES if not Path(given[name]).is_file()):
            raise _refusal(f"{lacking[0]}= names a file that is not there, or no file")
        database = given.get("db") or (parts.path.strip("/") if parts.scheme != "unix" else "") or "0"
        if not database.isdecimal():
            raise _refusal("the database is a number, as in /0")
        at = parts.path if parts.scheme == "unix" else f"{parts.hostname or 'localhost'}:{port}"
        theirs = urlencode({name: value for name, value in given.items() if name in _THEIRS})
        return cls(
            urlunsplit((parts.scheme, parts.netloc, parts.path, theirs, "")),
            f"Valkey at {at}, database {database}",
            given.get("prefix", "tactful"),
            within(given.get("timeout_s", "2"), "timeout_s", 0.05, 60, _refusal),
            int(within(given.get("replicas", "0"), "replicas", 0, 16, _refusal)),
            given.get("centre", ""),
        )

    @property
    def is_tls(self) -> bool:
        """Whether the connection is over TLS; the certificate must then be that name's."""
        return self.url.startswith(("valkeys:", "rediss:"))

    def key(self, *parts: str) -> str:
        """Return the name of a key; a cluster keeps all of one prefix together."""
        return ":".join((f"{{{self.prefix}}}", *parts))


def _refusal(wrong: str) -> StoreError:
    return StoreError(f"{wrong}; {_HOW}", code="store-url")
