"""A policy as one signed file: written by an author, read and verified by an edge.

`read` checks in this order: size, signatures, format, kind and needed version, tenant, epoch, times, digest, content,
and whether as many have signed as the content demands.
The first check that fails refuses the bundle with its code; before the signatures are verified, nothing is parsed but
the envelope.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import timedelta

import attrs

from ..clock import in_words
from ..errors import BundleError
from ..pieces import in_pieces
from ..policy import Policy
from . import codec, envelope
from .envelope import SIZE_MAX_BYTES
from .header import FORMAT, KIND, MIN_SDK, Header, check_readable
from .keys import make_keys
from .packing import pack, unpack

__all__ = [
    "SIZE_MAX_BYTES",
    "Bundle",
    "Header",
    "add_signature",
    "check_epoch",
    "make_keys",
    "read",
    "read_unsigned",
    "signers",
    "write",
]

#: Clocks of authors and edges may differ by this much.
CLOCK_SKEW = timedelta(minutes=5)


@attrs.frozen
class Bundle:
    """A bundle's header and policy."""

    header: Header
    policy: Policy


def write(
    policy: Policy, *, private_key: str | Sequence[str], tenant: str, epoch: int, issued_us: int, expires_us: int
) -> bytes:
    """
    Return the bytes of a signed bundle; the same ones for the same policy, keys, epoch and times.

    Args:
        policy: The policy.
        private_key: The Ed25519 private key in base64, or several that all sign.
        tenant: Whose policy it is: a name of 1 to 100 characters.
        epoch: Greater than that of every earlier bundle of the tenant, >= 0.
        issued_us: From when it may be used [us since 1970].
        expires_us: Until when it may be used [us since 1970].

    Raises:
        BundleError: If a key is no key, if the times, the epoch or the tenant make no sense, or if the policy holds
            a value that is not of its field's type.
    """
    body = pack(codec.encode(Policy, policy))
    digest = hashlib.sha256(body).hexdigest()
    header = Header(FORMAT, KIND, MIN_SDK, tenant, epoch, issued_us, expires_us, digest, len(body))
    payload = pack({"header": codec.encode(Header, header), "policy": body})
    return envelope.seal(payload, [private_key] if isinstance(private_key, str) else private_key)


def read(
    raw: bytes,
    *,
    keys: Sequence[str],
    tenant: str | None,
    now_us: int,
    highest_epoch: Callable[[str], int],
    signatures: int = 1,
) -> Bundle:
    """
    Return a bundle, verified.

    Args:
        raw: The file's bytes.
        keys: The pinned public keys in base64.
        tenant: Whose it must be; None takes any that a pinned key signed.
        now_us: The moment [us since 1970].
        signatures: So many different pinned keys must have signed; the policy may demand more.
        highest_epoch: Gives the highest epoch that was ever taken of a tenant; an older one is refused.

    Raises:
        BundleError: If it is refused; `code` says at which check.
    """
    sealed = envelope.unpack(raw)
    signed = envelope.verify(sealed, keys)
    _check_signatures(signed, signatures, "whoever opens it demands")
    header, body = _open(sealed.payload)
    if tenant is not None and header.tenant != tenant:
        raise BundleError(f"the bundle is for tenant {header.tenant!r}, not {tenant!r}", code="bundle-foreign")
    check_epoch(header, highest_epoch(header.tenant))
    if now_us >= header.expires_us:
        message = f"the bundle expired at {in_words(header.expires_us)}; build a new one"
        raise BundleError(message, code="bundle-expired")
    if now_us < header.issued_us - CLOCK_SKEW // timedelta(microseconds=1):
        message = f"the bundle is for {in_words(header.issued_us)} and later; is the clock right?"
        raise BundleError(message, code="bundle-not-yet")
    found = _body(header, body)
    _check_signatures(signed, found.policy.values.signatures, "its policy demands")
    return found


def check_epoch(header: Header, highest: int) -> None:
    """
    Check that a bundle is not older than the newest that was ever taken.

    Raises:
        BundleError: If it is.
    """
    if header.epoch < highest:
        message = f"the bundle has epoch {header.epoch}, and epoch {highest} was taken already; build a newer one"
        raise BundleError(message, code="bundle-older")


def add_signature(raw: bytes, *, private_key: str) -> bytes:
    """
    Return a bundle with the signature of one key more. What it says is read first, and stays as it was.

    Args:
        raw: The file's bytes.
        private_key: The Ed25519 private key in base64.

    Raises:
        BundleError: If it cannot be read, or if the key is no key or has signed already.
    """
    read_unsigned(raw)
    return envelope.add_signature(raw, private_key)


def signers(raw: bytes) -> tuple[str, ...]:
    """
    Return the short names of the keys that are said to have signed a bundle; whether they did is not verified.

    Raises:
        BundleError: If it is no bundle.
    """
    return tuple(one.key_id for one in envelope.unpack(raw).signatures)


def _check_signatures(signed: int, demanded: int, who: str) -> None:
    if signed < demanded:
        count = f"{signed} pinned key{' has' if signed == 1 else 's have'}"
        message = f"{count} signed the bundle, and {who} {demanded}; add one with `tactful sign`, or pin its key"
        raise BundleError(message, code="bundle-signatures")


def read_unsigned(raw: bytes) -> Bundle:
    """
    Return a bundle without verifying signature, tenant, epoch and times; for development alone.

    Raises:
        BundleError: If it cannot be read.
    """
    return _body(*_open(envelope.unpack(raw).payload))


def _open(payload: bytes) -> tuple[Header, bytes]:
    found = unpack(payload, "the bundle's payload")
    if not isinstance(found, dict) or found.keys() != {"header", "policy"} or not isinstance(found["policy"], bytes):
        raise BundleError("the bundle's payload is not a header and a policy", code="bundle-malformed")
    check_readable(found["header"])
    header: Header = codec.decode(Header, found["header"])
    return header, found["policy"]


def _body(header: Header, body: bytes) -> Bundle:
    if len(body) != header.length or hashlib.sha256(body).hexdigest() != header.sha256:
        raise BundleError("the policy is not the one that the header names; build it anew", code="bundle-digest")
    plain = unpack(body, "the policy")
    policy: Policy = codec.decode(Policy, plain)
    _let_go(plain)
    return Bundle(header, policy)


def _let_go(plain: object) -> None:
    """Free plain values piece by piece: all in one would be one long call, in which no other thread runs."""
    for part in plain.values() if isinstance(plain, dict) else ():
        for _ in in_pieces(range(len(part) if isinstance(part, list) else 0)):
            part.pop()
