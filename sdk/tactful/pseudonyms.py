"""Pseudonyms and keyed digests: what leads to a person for those alone who have the store's key. They hold no value."""

import hashlib
import os
from typing import Final

from .ports import Registers

_DIGEST_BYTES: Final = 16
_KEY_BYTES: Final = 32
#: The register of a store that holds the key of its pseudonyms.
LOG_KEY: Final = "log-key"


def log_key(registers: Registers) -> bytes:
    """Return the key of a store's pseudonyms and digests, made when it is first asked for."""
    return registers.register(LOG_KEY) or registers.claim_register(LOG_KEY, os.urandom(_KEY_BYTES))


def pseudonym(key: bytes, customer: str) -> bytes:
    """
    Return the name under which the log knows a customer: a keyed BLAKE2b of the id; empty for a visitor.

    >>> pseudonym(b"k", "ada") == pseudonym(b"k", "ada"), pseudonym(b"k", "ada") == pseudonym(b"other", "ada")
    (True, False)
    """
    return digest(key, b"who", customer.encode("utf-8", "surrogatepass")) if customer else b""


def digest(key: bytes, what: bytes, packed: bytes) -> bytes:
    """Return the keyed digest of some bytes; `what` keeps digests of different things apart, at most 16 bytes."""
    return hashlib.blake2b(packed, key=key, person=what, digest_size=_DIGEST_BYTES).digest()
