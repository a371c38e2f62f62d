"""A device enrols: it sends its one-time code once, and has a token, and a device key, from then on.

The device makes its token itself; it leaves the device as a digest alone. The one that waits for an answer lies in a
file of its own, so that a device whose answer was lost, or that was switched off, asks again as the same one.
"""

import os
from base64 import b64encode
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import attrs

from ..errors import BundleError, CentreError, UsageError
from ..relay.address import Address
from ..relay.answer import digest
from ..relay.client import RelayCentre
from ..relay.devices import hashed, make_token
from ..relay.swapping import write_swapped
from ..relay.wire import MEDIA_TYPE
from .asked import Admitted, Asked
from .codes import open_device_key, proof_of, read_code
from .report import REPORT_MAX_BYTES, packed, unpacked

_SAID: Final = {
    401: ("enrol-unknown", "the code is not known for this store; see how it is spelled, and which store it is for"),
    409: ("enrol-used", "the code was used already; if that was not here, have the device of that name killed"),
    410: ("enrol-expired", "the code may be used no more; have a new one made"),
}


@attrs.frozen(repr=False)
class Enrolled:
    """
    What a device is from now on.

    Attributes:
        device: Its name.
        store: The store that it stands in.
        ring: The ring that it gets bundles with.
        device_key: What its packs are made with, 32 bytes; None if it was given none.
    """

    device: str
    store: str
    ring: str
    device_key: bytes | None


def enrol(url: str, code: str, store: str) -> Enrolled:
    """
    Enrol this device: its token is then in the file that the URL names, and it is let in.

    Args:
        url: The relay's URL, as the edge will open it; the file of its `token=` must not be there yet.
        code: The one-time code, however it was typed.
        store: The store that this device stands in.

    Raises:
        UsageError: If there is a token already, the code can be none, or the token cannot be written.
        CentreError: If the code is refused ("enrol-unknown", "enrol-used", "enrol-expired"); or there is no answer,
            then ask again with the same code.
        PackError: If the device key that came cannot be opened with the code.
    """
    code, token = read_code(code), _token_path(url)
    if token.exists():
        raise UsageError(f"{token}: there is a token already; this device is enrolled, or name another file")
    waiting = token.with_name(f"{token.name}.waiting")
    if not waiting.exists():
        write_swapped(waiting, make_token().encode() + b"\n", mode=0o600)
    address = Address.from_url(_with_token(url, waiting))
    with closing(_Enrolling(address)) as relay:
        told = relay.enrol(_asked(code, store, address.token))
    key = open_device_key(bytes.fromhex(told.sealed_key), code, told.device) if told.sealed_key else None
    waiting.replace(token)
    return Enrolled(told.device, told.store, told.ring, key)


class _Enrolling(RelayCentre):
    """A relay that is asked once."""

    def enrol(self, asked: Asked) -> Admitted:
        body = packed(asked)
        question = self._question("enrol", sent=digest(body))
        headers = {"Content-Type": MEDIA_TYPE}
        try:
            found, _ = self._ask("POST", "/v1/enrol", question, REPORT_MAX_BYTES, headers=headers, body=body)
            return unpacked(Admitted, found.body)
        except CentreError as error:
            code, said = _SAID.get(error.status or 0, ("", ""))
            if not code:
                raise
            raise CentreError(said, code=code) from None
        except BundleError as error:
            raise CentreError(f"the relay's answer cannot be read: {error}", code="centre-nonsense") from None


def keep_device_key(path: Path, key: bytes) -> None:
    """
    Write a device key to a file that is not there yet, for its owner alone, as base64 text.

    Raises:
        UsageError: If it is there, or cannot be written.
    """
    if path.exists():
        raise UsageError(f"{path}: it is there already, and would be lost")
    write_swapped(path, b64encode(key) + b"\n", mode=0o600)


def _asked(code: str, store: str, token: str) -> Asked:
    try:
        return Asked(proof_of(code), store, hashed(token))
    except BundleError as error:
        raise UsageError(str(error)) from None


def _token_path(url: str) -> Path:
    try:
        found = parse_qs(urlsplit(url).query).get("token", [""])[0]
    except ValueError:
        raise UsageError("the relay's URL is none; give one as in relay+https://host/?tenant=…&key=…&token=…") from None
    if not found:
        raise UsageError("the relay's URL: it needs token=, the file that the token is to be in")
    path = Path(found)
    try:
        is_writable = os.access(path.parent, os.W_OK)
    except ValueError:  # no file can have this name
        is_writable = False
    if not is_writable:
        raise UsageError(f"{path}: its folder is not there, or cannot be written in")
    return path


def _with_token(url: str, path: Path) -> str:
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    return urlunsplit(parts._replace(query=urlencode({**query, "token": str(path)})))
