"""Tokens of unsubscribe links: who leaves what, readable and made by us alone. They never grow old.

AES-SIV (RFC 5297) under a key that all processes of a store share: nobody can make a token, alter one, or read a
customer's id in it, and its length tells no more than that the id is not extraordinarily long.
"""

import base64
import os
from collections.abc import Sequence
from typing import Final, Protocol

import attrs
import msgpack
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

KEY_REGISTER: Final = "unsubscribe-key"
_KEY_BYTES: Final = 64
_BOUND_TO: Final = b"tactful unsubscribe 1"
#: What is sealed is filled up to a multiple of this [B].
_FILLED_TO_BYTES: Final = 64
_TOKEN_MAX_CHARS: Final = 2_048
_FIELDS: Final = 4


class Registers(Protocol):
    """What keeps the key: every store does."""

    def claim_register(self, name: str, value: bytes) -> bytes:
        """Keep the value unless the name has one already; return what is kept."""
        ...


@attrs.frozen(repr=False)
class Leaving:
    """
    What a token says.

    Attributes:
        customer: Who leaves.
        purpose: What they leave: a purpose of the policy of then.
        channel: On which channel.
        campaign: The campaign whose mail the link stood in.
    """

    customer: str
    purpose: str
    channel: str
    campaign: str


class Tokens:
    """Makes and reads tokens."""

    def __init__(self, registers: Registers) -> None:
        self._cipher = AESSIV(registers.claim_register(KEY_REGISTER, os.urandom(_KEY_BYTES)))

    def make(self, leaving: Leaving) -> str:
        """Return the token; the same for the same, so that a mail that is made again has the same link."""
        packed = msgpack.packb(attrs.astuple(leaving))
        filled = packed + b"\0" * (-len(packed) % _FILLED_TO_BYTES)
        sealed = self._cipher.encrypt(filled, [_BOUND_TO])
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def read(self, token: str) -> Leaving | None:
        """Return what a token says; None if it is not exactly one of ours."""
        if not token or len(token) > _TOKEN_MAX_CHARS or not token.isascii():
            return None
        try:
            sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            if base64.urlsafe_b64encode(sealed).rstrip(b"=").decode() != token:
                return None
            fields = _first(self._cipher.decrypt(sealed, [_BOUND_TO]))
        except (ValueError, InvalidTag):
            return None
        return Leaving(*fields) if len(fields) == _FIELDS else None


def _first(packed: bytes) -> Sequence[str]:
    """Return what stands first in what is filled up."""
    unpacker = msgpack.Unpacker()
    unpacker.feed(packed)
    found: Sequence[str] = unpacker.unpack()
    return found
