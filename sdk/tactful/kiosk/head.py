"""What a pack says of itself, signed: whose it is, for which device, which epoch, until when, and what it holds."""

import re
from typing import Final

import attrs

from ..bundle import codec, envelope
from ..bundle.header import SDK
from ..bundle.packing import pack, unpack
from ..clock import NEVER_US
from ..errors import BundleError, PackError
from ..versions import version_fits

PAYLOAD_TYPE: Final = "application/vnd.tactful.pack+msgpack"
#: The version of the format that is written; the only one so far.
FORMAT: Final = 1
#: The first version of tactful that reads it.
MIN_SDK: Final = "0.1.0"
_NAME_MAX_CHARS: Final = 100
_SALT: Final = re.compile("[0-9a-f]{32}")
_YEAR_9999_US: Final = 253_402_214_400_000_000


@attrs.frozen
class PackHead:
    """
    A pack's head.

    Attributes:
        format: The version of the format.
        min_sdk: The first version of tactful that reads it.
        tenant: Whose customers these are.
        store: The store, or other place, that it is for.
        device: The one device that it is for.
        epoch: Rises with every pack of a device.
        issued_us: When the centre was read: what it says is as old as this [us since 1970].
        expires_us: It may not be used at or after this moment [us since 1970].
        salt: Random, in hex: no two packs have the same keys.
        customers: So many customers are in it.
        rows: So many rows, those of identifiers and households with them.
        length: So many bytes come before the head.
        sha256: The digest of these bytes, in hex.
        policy_sha256: The digest of the policy by which it was chosen, in hex; empty for one that is in development.
        policy_epoch: An edge that opens it decides by this epoch of the policy, or a later one.
        attributes: The names of the attributes that it may hold.
        share_first: The first of the parts of each strict cap that are the device's, from 0.
        share_count: So many parts of each strict cap are; 0 for none.
        share_of: Into so many parts each strict cap is divided among all devices and the centre.
    """

    format: int
    min_sdk: str
    tenant: str
    store: str
    device: str
    epoch: int
    issued_us: int
    expires_us: int
    salt: str
    customers: int
    rows: int
    length: int
    sha256: str
    policy_sha256: str = ""
    policy_epoch: int = 0
    attributes: tuple[str, ...] = ()
    share_first: int = 0
    share_count: int = 0
    share_of: int = 1

    def __attrs_post_init__(self) -> None:
        for what, name in (("tenant", self.tenant), ("store", self.store), ("device", self.device)):
            if not (1 <= len(name) <= _NAME_MAX_CHARS and name.isprintable()):
                raise _malformed(f"a {what} is a name of 1 to {_NAME_MAX_CHARS} printable characters")
        if not 0 <= self.epoch < NEVER_US:
            raise _malformed("an epoch is 0 or more, and has 64 bits")
        if not 0 <= self.issued_us < self.expires_us <= _YEAR_9999_US:
            raise _malformed("a pack is issued in 1970 or later, and expires after that")
        if not _SALT.fullmatch(self.salt) or min(self.customers, self.rows, self.length, self.policy_epoch) < 0:
            raise _malformed("its counts or its salt make no sense")
        if not (self.share_first >= 0 and 0 <= self.share_count <= self.share_of - self.share_first):
            raise _malformed("a share is some of the parts into which strict caps are divided")

    def bound(self, key: bytes) -> bytes:
        """Return what the row of a key is bound to, so that it can stand in no other pack, and in no other's place."""
        return pack([self.format, self.tenant, self.store, self.device, self.epoch, self.salt, key])


def seal_head(head: PackHead, private_key: str) -> bytes:
    """Return a head, signed."""
    return envelope.seal(pack(codec.encode(PackHead, head)), [private_key], PAYLOAD_TYPE)


def open_head(raw: bytes, keys: tuple[str, ...]) -> PackHead:
    """
    Return a head, verified: before the signature is, nothing in it is parsed.

    Raises:
        PackError: If it is no head, or no pinned key signed it as it is.
    """
    try:
        sealed = envelope.unpack(raw, PAYLOAD_TYPE)
        envelope.verify(sealed, keys, PAYLOAD_TYPE)
        plain = unpack(sealed.payload, "the pack's head")
        _check_readable(plain)
        head: PackHead = codec.decode(PackHead, plain)
    except BundleError as error:
        code = {"bundle-unpinned": "pack-unpinned", "bundle-altered": "pack-altered", "bundle-key": "pack-unpinned"}
        message = str(error).replace("the bundle", "the pack")
        raise PackError(message, code=code.get(error.code, "pack-malformed")) from None
    return head


def _check_readable(plain: object) -> None:
    found = plain if isinstance(plain, dict) else {}
    format_, min_sdk = found.get("format"), found.get("min_sdk")
    if format_ != FORMAT or not isinstance(min_sdk, str) or not version_fits(SDK, f">={min_sdk}"):
        message = f"the pack has format {str(format_)[:20]} and needs tactful {str(min_sdk)[:80]}; this is {SDK}"
        raise PackError(f"{message}, which reads format {FORMAT}; upgrade tactful", code="pack-too-new")


def _malformed(why: str) -> PackError:
    return PackError(why, code="pack-malformed")
