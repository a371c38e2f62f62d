"""What a bundle says of itself before its policy: whose, which epoch, until when, and the digest of what follows."""

from datetime import UTC, datetime
from typing import Final

import attrs

from ..clock import NEVER_US, to_us
from ..errors import BundleError
from ..versions import version_fits

#: The version of the format that is written; the only one so far.
FORMAT: Final = 1
#: The kind of what a bundle carries; the only one so far.
KIND: Final = "policy"
#: This version of tactful. A constant, as frozen applications have no metadata; a test holds it to the project's.
SDK: Final = "0.1.0"
#: The first version of tactful that can decide by what is written now.
MIN_SDK: Final = "0.1.0"
_TENANT_MAX_CHARS: Final = 100
_LAST_US: Final = to_us(datetime(9999, 12, 31, tzinfo=UTC))


@attrs.frozen
class Header:
    """
    A bundle's header.

    Attributes:
        format: The version of the format.
        kind: What the bundle carries.
        min_sdk: The first version of tactful that can decide by it.
        tenant: Whose policy it is.
        epoch: Rises with every bundle of a tenant.
        issued_us: From when it may be used [us since 1970].
        expires_us: It may not be used at or after this moment [us since 1970].
        sha256: The digest of the policy's bytes, in hex.
        length: The length of the policy's bytes.
    """

    format: int
    kind: str
    min_sdk: str
    tenant: str
    epoch: int
    issued_us: int
    expires_us: int
    sha256: str
    length: int

    def __attrs_post_init__(self) -> None:
        if not (1 <= len(self.tenant) <= _TENANT_MAX_CHARS and self.tenant.isprintable()):
            message = f"a tenant is a name of 1 to {_TENANT_MAX_CHARS} printable characters"
        elif not 0 <= self.epoch < NEVER_US:
            message = "an epoch is 0 or more, and has 64 bits"
        elif not 0 <= self.issued_us < self.expires_us <= _LAST_US:
            message = "a bundle is issued in 1970 or later, expires after that, and not after the year 9999"
        else:
            return
        raise BundleError(message, code="bundle-malformed")


def check_readable(plain: object) -> None:
    """
    Check that this version of tactful can read what a header, still in plain values, announces.

    Raises:
        BundleError: If the format is newer, the kind another, or a newer tactful is needed.
    """
    plain = plain if isinstance(plain, dict) else {}
    format_, kind, min_sdk = plain.get("format"), plain.get("kind"), plain.get("min_sdk")
    if type(format_) is int and format_ > FORMAT:
        message = f"the bundle has format {format_}, tactful {SDK} reads up to {FORMAT}; upgrade tactful"
        raise BundleError(message, code="bundle-too-new")
    if type(format_) is not int or format_ < 1:
        raise BundleError("the bundle's header names no format", code="bundle-malformed")
    if kind != KIND:
        raise BundleError(f"the bundle carries a {str(kind)[:80]!r}, not a {KIND!r}", code="bundle-kind")
    if not isinstance(min_sdk, str) or not version_fits(SDK, f">={min_sdk}"):
        message = f"the bundle needs tactful {str(min_sdk)[:80]} or newer, this is {SDK}; upgrade tactful"
        raise BundleError(message, code="bundle-min-sdk")
