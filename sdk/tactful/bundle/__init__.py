"""A policy as one signed file: written by an author, read and verified by an edge.

`read` checks in this order: size, signature, kind and format, tenant, epoch, times, digest, content. The first check
that fails refuses the bundle with its code; nothing is parsed before it is verified but the envelope itself.
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import attrs
import msgpack

from ..clock import to_datetime
from ..errors import BundleError
from ..policy import Policy
from . import codec, envelope
from .header import FORMAT, Header
from .keys import make_keys

__all__ = ["Bundle", "Header", "make_keys", "read", "read_unsigned", "write"]

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
    Return the bytes of a signed bundle.

    Args:
        policy: The policy.
        private_key: The Ed25519 private key in base64, or several that all sign.
        tenant: Whose policy it is.
        epoch: Greater than that of every earlier bundle of the tenant.
        issued_us: From when it may be used [us since 1970].
        expires_us: Until when it may be used [us since 1970].

    Raises:
        BundleError: If the key is no key, or the times or the epoch make no sense.
    """
    if epoch < 0 or not issued_us < expires_us:
        raise BundleError("an epoch is 0 or more, and a bundle expires after it is issued", code="bundle-malformed")
    body = msgpack.packb(codec.encode(policy))
    plugins = tuple((use.name, use.versions) for use in policy.guardrails)
    digest = hashlib.sha256(body).hexdigest()
    header = Header(FORMAT, tenant, epoch, issued_us, expires_us, digest, len(body), plugins)
    payload = msgpack.packb({"header": codec.encode(header), "policy": body})
    return envelope.seal(payload, [private_key] if isinstance(private_key, str) else private_key)


def read(raw: bytes, *, keys: Sequence[str], tenant: str | None, now_us: int, min_epoch: int) -> Bundle:
    """
    Return a bundle, verified.

    Args:
        raw: The file's bytes.
        keys: The pinned public keys in base64; one of them must have signed.
        tenant: Whose it must be; None takes any that a pinned key signed.
        now_us: The moment [us since 1970].
        min_epoch: The highest epoch that was ever taken; an older one is refused.

    Raises:
        BundleError: If it is refused; `code` says at which check.
    """
    sealed = envelope.unpack(raw)
    envelope.verify(sealed, keys)
    header, body = _open(sealed.payload)
    if tenant is not None and header.tenant != tenant:
        raise BundleError(f"the bundle is for tenant {header.tenant!r}, not {tenant!r}", code="bundle-foreign")
    if header.epoch < min_epoch:
        message = f"the bundle has epoch {header.epoch}; epoch {min_epoch} was taken already"
        raise BundleError(message, code="bundle-older")
    if now_us >= header.expires_us:
        message = f"the bundle expired at {to_datetime(header.expires_us):%Y-%m-%d %H:%M} UTC; build a new one"
        raise BundleError(message, code="bundle-expired")
    if now_us < header.issued_us - CLOCK_SKEW // timedelta(microseconds=1):
        message = f"the bundle is for {to_datetime(header.issued_us):%Y-%m-%d %H:%M} UTC and later; is the clock right?"
        raise BundleError(message, code="bundle-not-yet")
    return _body(header, body)


def read_unsigned(raw: bytes) -> Bundle:
    """
    Return a bundle without verifying signature, tenant, epoch and times; for development alone.

    Raises:
        BundleError: If it cannot be read.
    """
    return _body(*_open(envelope.unpack(raw).payload))


def _open(payload: bytes) -> tuple[Header, bytes]:
    found = envelope.unpack_map(payload, "the bundle")
    plain, body = found.get("header"), found.get("policy")
    version = plain.get("format") if isinstance(plain, dict) else None
    if isinstance(version, int) and version > FORMAT:
        message = f"the bundle has format {version}, this version of tactful reads up to {FORMAT}; upgrade tactful"
        raise BundleError(message, code="bundle-too-new")
    if not isinstance(body, bytes):
        raise BundleError("the bundle has no policy", code="bundle-malformed")
    header: Header = codec.decode(Header, plain)
    return header, body


def _body(header: Header, body: bytes) -> Bundle:
    if len(body) != header.length or hashlib.sha256(body).hexdigest() != header.sha256:
        raise BundleError("the policy is not the one that the header names", code="bundle-digest")
    policy: Policy = codec.decode(Policy, envelope.unpack_map(body, "the policy"))
    return Bundle(header, policy)
