"""Ed25519 keys as base64 text: made, and read with errors that never show a private key."""

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

from ..errors import BundleError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_KEY_BYTES = 32


def make_keys() -> tuple[str, str]:
    """Return a new pair of keys as base64 text: the private one, to sign with, and the public one, to pin."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - slow, seldom

    private = Ed25519PrivateKey.generate()
    return _text(private.private_bytes_raw()), _text(private.public_key().public_bytes_raw())


def private_key(text: str) -> "Ed25519PrivateKey":
    """
    Return a private key.

    Raises:
        BundleError: If the text is not the base64 of 32 bytes.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - slow, seldom

    return Ed25519PrivateKey.from_private_bytes(_raw(text, "private"))


def public_key(text: str) -> "Ed25519PublicKey":
    """
    Return a public key.

    Raises:
        BundleError: If the text is not the base64 of 32 bytes.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - slow, seldom

    return Ed25519PublicKey.from_public_bytes(_raw(text, "public"))


def key_id(public: str) -> str:
    """Return the short name of a public key, by which a signature says whose it is."""
    return hashlib.sha256(_raw(public, "public")).hexdigest()[:16]


def public_of(private: str) -> str:
    """Return the public key that belongs to a private one."""
    return _text(private_key(private).public_key().public_bytes_raw())


def _raw(text: str, kind: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip(), validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise BundleError(f"a {kind} key is the base64 text of {_KEY_BYTES} bytes; this is not", code="bundle-key")
    return raw


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
