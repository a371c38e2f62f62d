"""The signed envelope: DSSE's form with Ed25519, in msgpack. It knows nothing of what it carries.

What is signed is DSSE's pre-authentication encoding of type and payload (github.com/secure-systems-lab/dsse). Until
it is verified, the payload is bytes: nothing in it is parsed.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import attrs
import msgpack

from ..errors import BundleError
from . import keys
from .packing import UNREADABLE, pack

PAYLOAD_TYPE: Final = "application/vnd.tactful.bundle+msgpack"
SIZE_MAX_BYTES: Final = 64 * 1024 * 1024
#: So many signatures can a bundle have.
SIGNATURES_MAX: Final = 16
_TEXT_MAX_BYTES: Final = 256


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


def seal(payload: bytes, private_keys: Iterable[str], payload_type: str = PAYLOAD_TYPE) -> bytes:
    """
    Return the bytes of an envelope around a payload, signed by each key.

    Args:
        payload: What is signed.
        private_keys: Ed25519 private keys in base64.
        payload_type: What it is; a signature on one type is none on another.

    Raises:
        BundleError: If a key is no key, if there are none or too many, or if the bundle would be too large.
    """
    signed = encoding(payload, payload_type)
    signatures = {keys.key_id(keys.public_of(one)): keys.private_key(one).sign(signed) for one in private_keys}
    return _sealed(payload, [Signature(*pair) for pair in signatures.items()], payload_type)


def _sealed(payload: bytes, signatures: Sequence[Signature], payload_type: str = PAYLOAD_TYPE) -> bytes:
    if not 1 <= len(signatures) <= SIGNATURES_MAX:
        message = f"a bundle is signed by 1 to {SIGNATURES_MAX} different keys, not by {len(signatures)}"
        raise BundleError(message, code="bundle-key")
    signed_by = [{"keyid": one.key_id, "sig": one.signature} for one in signatures]
    packed = pack({"payloadType": payload_type, "payload": payload, "signatures": signed_by})
    _check_size(packed)
    return packed


def unpack(raw: bytes, payload_type: str = PAYLOAD_TYPE) -> Envelope:
    """
    Return an envelope, unverified.

    It is read step by step against the one form it can have, so that bytes from anywhere cost no more than their size.

    Args:
        raw: The bytes.
        payload_type: What it must carry.

    Raises:
        BundleError: If it is too large, truncated, or no envelope.
    """
    _check_size(raw)
    unpacker = msgpack.Unpacker(
        read_size=4096,
        max_buffer_size=SIZE_MAX_BYTES,
        max_str_len=_TEXT_MAX_BYTES,
        max_bin_len=SIZE_MAX_BYTES,
        max_array_len=0,
        max_map_len=0,
        max_ext_len=0,
    )
    unpacker.feed(raw)
    try:
        found = _envelope(unpacker, payload_type)
        _expect(unpacker.tell(), len(raw))
    except msgpack.OutOfData:
        message = f"the bundle ends after {len(raw):,} bytes, in the middle; fetch it again"
        raise BundleError(message, code="bundle-truncated") from None
    except UNREADABLE:
        message = "this is no bundle: expected one signed envelope and nothing after it; `tactful build` makes one"
        raise BundleError(message, code="bundle-malformed") from None
    return found


def add_signature(raw: bytes, private_key: str) -> bytes:
    """
    Return the bytes of an envelope with one signature more; those that are there are kept as they are.

    Raises:
        BundleError: If it is no envelope, if the key is no key or has signed already, or if there would be too many.
    """
    found = unpack(raw)
    key_id = keys.key_id(keys.public_of(private_key))
    if any(one.key_id == key_id for one in found.signatures):
        raise BundleError(f"{key_id} has signed the bundle already; another key has to", code="bundle-key")
    signature = keys.private_key(private_key).sign(encoding(found.payload))
    return _sealed(found.payload, [*found.signatures, Signature(key_id, signature)])


def verify(envelope: Envelope, public_keys: Sequence[str], payload_type: str = PAYLOAD_TYPE) -> int:
    """
    Return how many pinned keys signed the payload, each counted once.

    A signature of a pinned key that does not fit refuses the whole.

    Raises:
        BundleError: If none did, or if one does not fit.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - slow, and needed for bundles alone

    pinned = {keys.key_id(one): keys.public_key(one) for one in public_keys}
    known = [one for one in envelope.signatures if one.key_id in pinned]
    if not known:
        names = ", ".join(one.key_id for one in envelope.signatures)
        message = f"the bundle is signed by {names}, not by a pinned key ({', '.join(pinned) or 'none is pinned'})"
        raise BundleError(message, code="bundle-unpinned")
    signed = encoding(envelope.payload, payload_type)
    for one in known:
        try:
            pinned[one.key_id].verify(one.signature, signed)
        except InvalidSignature:
            message = f"the bundle was altered after {one.key_id} signed it; fetch it again"
            raise BundleError(message, code="bundle-altered") from None
    return len({one.key_id for one in known})


def encoding(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """Return DSSE's pre-authentication encoding: what is signed."""
    return b"DSSEv1 %d %s %d %s" % (len(payload_type), payload_type.encode(), len(payload), payload)


def _envelope(unpacker: msgpack.Unpacker, payload_type: str) -> Envelope:
    """Return what stands there in the one order and form that `seal` writes; a ValueError if something else does."""
    _expect(unpacker.read_map_header(), 3)
    _expect(unpacker.unpack(), "payloadType")
    _expect(unpacker.unpack(), payload_type)
    _expect(unpacker.unpack(), "payload")
    payload = _of(bytes, unpacker.unpack())
    _expect(unpacker.unpack(), "signatures")
    count = unpacker.read_array_header()
    _expect(1 <= count <= SIGNATURES_MAX, wanted=True)
    return Envelope(payload, tuple([_signature(unpacker) for _ in range(count)]))


def _signature(unpacker: msgpack.Unpacker) -> Signature:
    _expect(unpacker.read_map_header(), 2)
    _expect(unpacker.unpack(), "keyid")
    key_id = _of(str, unpacker.unpack())
    _expect(unpacker.unpack(), "sig")
    return Signature(key_id, _of(bytes, unpacker.unpack()))


def _expect(found: object, wanted: object) -> None:
    if found != wanted:
        raise ValueError


def _of(kind: type, found: Any) -> Any:
    _expect(type(found), kind)
    return found


def _check_size(raw: bytes) -> None:
    if len(raw) > SIZE_MAX_BYTES:
        message = f"a bundle has at most {SIZE_MAX_BYTES:,} bytes; this is larger"
        raise BundleError(message, code="bundle-too-large")
