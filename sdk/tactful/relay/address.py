"""The URL of a relay: where it is, whose, which key it signs with, and where the device's token lies. It opens nothing.

    relay+https://relay.example:8443/?tenant=shop&key=relay.public&token=device.token

Keys and tokens are files, so that neither stands in a URL, which may be printed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import attrs

from ..bundle import keys
from ..errors import BundleError, CentreError, UsageError
from .swapping import read_bounded

_OPTIONS: Final = ("tenant", "key", "token", "ca", "plain")
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")
_FILE_MAX_BYTES: Final = 4096
_CA_MAX_BYTES: Final = 1024 * 1024


@attrs.frozen(repr=False)
class Address:
    """
    Where a relay is, and how it is known.

    Attributes:
        url: The URL of the relay itself, without a slash at its end.
        host: Its host, for messages.
        tenant: Whose centre it is to be.
        keys: The pinned public keys of the relay.
        token: The device's token.
        ca: The file of the authorities that may vouch for its certificate; None takes the system's.
    """

    url: str
    host: str
    tenant: str
    keys: tuple[str, ...]
    token: str
    ca: str | None = None

    @classmethod
    def from_url(cls, url: str) -> "Address":
        """
        Return the address of a URL, and read the files that it names.

        Raises:
            CentreError: If something is missing, unknown, or no key or token; the message names it.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise _wrong("it is no URL") from None
        if not host or parts.username is not None or parts.fragment:
            raise _wrong("it names a host, and neither a user nor a fragment; the token is a file: token=…")
        given = _given(parts.query)
        scheme = parts.scheme.removeprefix("relay+")
        if scheme == "http" and host not in _LOCAL and given.get("plain") != "yes":
            raise _wrong("http is for this machine alone; use relay+https://, or say plain=yes")
        public = tuple(_public_key(one) for one in given["key"].split(","))
        token = _first_line(given["token"], "token")
        if not token.isascii() or not token.isprintable() or " " in token:
            raise _wrong("the file that token= names holds no token")
        ca = given.get("ca")
        if ca is not None:
            _read(ca, "ca", _CA_MAX_BYTES)
        shown = f"[{host}]" if ":" in host else host
        where = f"{scheme}://{shown}" + ("" if port is None else f":{port}") + unquote(parts.path).rstrip("/")
        return cls(where, host, given["tenant"], public, token, ca)

    def __repr__(self) -> str:  # it holds a token
        return f"<Address {self.host}>"


def _given(query: str) -> Mapping[str, str]:
    try:
        found = parse_qs(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=20)
    except ValueError:
        raise _wrong("what follows the ? cannot be read") from None
    if strange := sorted(found.keys() - set(_OPTIONS)):
        raise _wrong(f"there is no {strange[0][:40]!r}; there are {', '.join(_OPTIONS)}")
    for name in ("tenant", "key", "token"):
        if not found.get(name, [""])[0]:
            raise _wrong(f"it needs {name}=")
    return {name: values[0] for name, values in found.items()}


def _public_key(path: str) -> str:
    text = _first_line(path, "key")
    try:
        keys.public_key(text)
    except BundleError as error:
        raise _wrong(f"key=: {error}") from None
    return text


def _first_line(path: str, option: str) -> str:
    lines = _read(path, option, _FILE_MAX_BYTES).decode("utf-8", "replace").split("\n")
    if not (line := lines[0].strip()):
        raise _wrong(f"the file that {option}= names is empty")
    return line


def _read(path: str, option: str, max_bytes: int) -> bytes:
    try:
        return read_bounded(Path(path), max_bytes)
    except (UsageError, ValueError) as error:
        raise _wrong(f"{option}=: {error}") from None


def _wrong(what: str) -> CentreError:
    return CentreError(f"the relay's URL: {what}", code="centre-url")
