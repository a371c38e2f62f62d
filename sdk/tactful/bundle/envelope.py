"""The signed envelope: DSSE's form with Ed25519, in msgpack. It knows nothing of what it carries.

What is signed is DSSE's pre-authentication encoding of type and payload (github.com/secure-systems-lab/dsse).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import msgpack

from ..errors import BundleError
from . import keys

PAYLOAD_TYPE = "application/vnd.tactful.bundle+msgpack"
SIZE_MAX_BYTES = 64 * 1024 * 1024
_SIGNATURES_MAX = 16


@attrs.frozen
class Signature:
    """A signature, and the short name of the key that made it."""

    key_id: str
    signature: bytes


@attrs.frozen
class Envelope:
    """A payload with its signatures."""

    payload: bytes
    signatures: tuple[Signature, ...]


def seal(payload: bytes, private_keys: Iterable[str]) -> bytes:
    """Return the bytes of an envelope around a payload, signed by each key."""
    signatures = [
        {"keyid": keys.key_id(keys.public_of(one)), "sig": keys.private_key(one).sign(encoding(payload))}
        for one in private_keys
    ]
    packed: bytes = msgpack.packb({"payloadType": PAYLOAD_TYPE, "payload": payload, "signatures": signatures})
    return packed


def unpack(raw: bytes) -> Envelope:
    """
    Return an envelope, unverified.

    Raises:
        BundleError: If it is too large, truncated, or no envelope.
    """
    if len(raw) > SIZE_MAX_BYTES:
        message = f"the bundle has {len(raw)} bytes; at most {SIZE_MAX_BYTES} are read"
        raise BundleError(message, code="bundle-too-large")
    found = unpack_map(raw, "the envelope")
    payload, signatures = found.get("payload"), found.get("signatures")
    if found.get("payloadType") != PAYLOAD_TYPE or not isinstance(payload, bytes) or not isinstance(signatures, list):
        raise BundleError(f"this is no envelope of {PAYLOAD_TYPE}", code="bundle-malformed")
    return Envelope(payload, tuple(_signature(one) for one in signatures[:_SIGNATURES_MAX]))


def verify(envelope: Envelope, public_keys: Sequence[str]) -> None:
    """
    Check that one of the pinned keys signed the payload.

    Raises:
        BundleError: If none did.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - slow, and needed for bundles alone

    pinned = {keys.key_id(one): keys.public_key(one) for one in public_keys}
    signed = encoding(envelope.payload)
    for signature in envelope.signatures:
        key = pinned.get(signature.key_id)
        if key is None:
            continue
        try:
            key.verify(signature.signature, signed)
        except InvalidSignature:
            continue
        return
    by = ", ".join(one.key_id for one in envelope.signatures) or "nobody"
    message = f"no valid signature of a pinned key ({', '.join(pinned) or 'none is pinned'}); signed by {by}"
    raise BundleError(message, code="bundle-signature")


def encoding(payload: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding of a payload."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def unpack_map(raw: bytes, what: str) -> dict[str, Any]:
    """
    Return a msgpack mapping with text keys.

    Raises:
        BundleError: If it is truncated, malformed or something else.
    """
    try:
        found = msgpack.unpackb(raw)
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        short = "incomplete" in str(error).lower() or isinstance(error, msgpack.OutOfData)
        code = "bundle-truncated" if short else "bundle-malformed"
        raise BundleError(f"{what} cannot be read: {str(error) or type(error).__name__}", code=code) from None
    if not isinstance(found, dict):
        raise BundleError(f"{what} is not a mapping", code="bundle-malformed")
    return found


def _signature(found: object) -> Signature:
    if isinstance(found, dict) and isinstance(found.get("keyid"), str) and isinstance(found.get("sig"), bytes):
        return Signature(found["keyid"], found["sig"])
    raise BundleError("a signature needs keyid and sig", code="bundle-malformed")
