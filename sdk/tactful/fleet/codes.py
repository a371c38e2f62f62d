"""One-time codes: how one is made, typed, shown to be known, and used to seal a device key. It keeps none.

A code is 80 random bits. The relay gets a proof that is made of it, never the code: so it can tell that the right code
was sent, and cannot open the device key that is sealed with it.
"""

import hashlib
import os
import secrets
from typing import Final

from ..errors import PackError, UsageError
from ..kiosk.device_key import KEY_BYTES
from ..kiosk.rows import derived

#: Crockford's base 32: no letter looks like another.
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH: Final = 16
_GROUP: Final = 4
_NONCE_BYTES: Final = 12
_LOOKS_LIKE: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def make_code() -> str:
    """Return a new code, such as `7K3M-Q9XW-20AB-CDEF`."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def read_code(typed: str) -> str:
    """
    Return a code as it was made, however it was typed.

    >>> read_code("7k3m q9xw 2oab cdef")
    '7K3M-Q9XW-20AB-CDEF'

    Raises:
        UsageError: If it can be no code. The message never holds it.
    """
    letters = typed.strip().upper().translate(_LOOKS_LIKE)
    if len(letters) != _LENGTH or not set(letters) <= set(_LETTERS):
        raise UsageError(f"a code has {_LENGTH} letters and digits, in groups of {_GROUP}; no U is among them")
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def proof_of(code: str) -> str:
    """Return what shows that a code is known, in hex: it leads to nothing that is sealed with the code."""
    return derived(code.encode(), "enrolment proof", 32).hex()


def kept_of(proof: str) -> str:
    """Return what a relay keeps of a proof."""
    return hashlib.sha256(proof.encode()).hexdigest()


def seal_device_key(device_key: bytes, code: str, device: str) -> bytes:
    """Return a device key, sealed for who has the code, and bound to the device's name (AES-256-GCM)."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - slow, for operators alone

    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_sealing(code)).encrypt(nonce, device_key, device.encode())


def open_device_key(sealed: bytes, code: str, device: str) -> bytes:
    """
    Return a device key that was sealed with a code.

    Raises:
        PackError: If it was sealed with another code, for another device, or is not as it was.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - slow, for kiosks alone
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - the same

    try:
        key = AESGCM(_sealing(code)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], device.encode())
    except (InvalidTag, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise PackError("the device key that came is not sealed with this code; make a new code", code="pack-key")
    return key


def _sealing(code: str) -> bytes:
    return derived(code.encode(), "enrolment device key", 32)
