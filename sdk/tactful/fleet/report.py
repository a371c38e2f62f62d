"""What a device tells of itself, and what it is told in return: names, numbers and codes, bounded, nothing personal."""

import re
from typing import Final, TypeVar

import attrs

from ..bundle import codec
from ..bundle.packing import pack, unpack
from ..errors import BundleError
from ..relay.devices import NAME_MAX

_Noun = TypeVar("_Noun", bound=attrs.AttrsInstance)
#: A report, an order, and what is asked and told at the enrolment have at most so many bytes [B].
REPORT_MAX_BYTES: Final = 4096
_INT_MAX: Final = 2**53
_CODE: Final = re.compile(r"[a-zA-Z][a-zA-Z-]{0,39}|")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}|")
_VERSION: Final = re.compile(r"[0-9a-z.+]{1,40}")


@attrs.frozen
class Report:
    """
    A device's state.

    Attributes:
        device: Its name.
        sdk: Its version of tactful.
        clock_us: Its clock when it reported [us since 1970].
        policy_epoch: The epoch of the policy that it decides by; None in development.
        data_epoch: The epoch of its pack; None without one.
        data_age_s: How old its pack is [s]; None if it has none, or cannot tell.
        fresh_left_s: How long its policy and its pack may still be used, the shorter of both [s]; None for ever.
        ready: Whether customers are known there.
        waiting: So many events wait for the centre.
        waiting_age_s: How long the oldest has waited [s]; None if none does.
        broken: So many of the policy's guardrails are broken there.
        failed: So many decisions failed since it took the policy, or was started.
        refused_code: The code with which it refused the newest bundle; empty if it did not.
        refused_sha256: The digest of that bundle, in hex.
        pack_code: The code with which it refused the newest pack; empty if it did not.
        killed: Whether it has destroyed its key and its pack.
        kept: So many of these could not be destroyed by itself.
    """

    device: str
    sdk: str
    clock_us: int
    policy_epoch: int | None = None
    data_epoch: int | None = None
    data_age_s: int | None = None
    fresh_left_s: int | None = None
    ready: bool = True
    waiting: int = 0
    waiting_age_s: int | None = None
    broken: int = 0
    failed: int = 0
    refused_code: str = ""
    refused_sha256: str = ""
    pack_code: str = ""
    killed: bool = False
    kept: int = 0

    def __attrs_post_init__(self) -> None:
        if not (1 <= len(self.device) <= NAME_MAX and self.device.isprintable()):
            raise _wrong("device", f"a name of 1 to {NAME_MAX} printable characters")
        for name, shape in (("sdk", _VERSION), ("refused_code", _CODE), ("pack_code", _CODE)):
            if not shape.fullmatch(getattr(self, name)):
                raise _wrong(name, "a short word of letters and hyphens, or a version")
        if not _DIGEST.fullmatch(self.refused_sha256):
            raise _wrong("refused_sha256", "64 letters of hex, or nothing")
        for field in attrs.fields(Report):
            value = getattr(self, field.name)
            if type(value) is int and not abs(value) <= _INT_MAX:
                raise _wrong(field.name, "a number of at most 53 bits")
        if min(self.waiting, self.broken, self.failed, self.kept) < 0:
            raise _wrong("waiting", "counts of 0 or more, as broken, failed and kept are")

    @property
    def error(self) -> str:
        """What went wrong there under the policy that it decides by, in one word; empty if nothing did."""
        if self.broken:
            return "guardrail-broken"
        return "decisions-failed" if self.failed else ""


@attrs.frozen
class Orders:
    """
    What a device is told in return.

    Attributes:
        kill: Whether it is to destroy its key and its pack.
        bundle_sha256: The digest of the bundle that it is to have, in hex; empty for the one that it has.
        pack_sha256: The digest of the pack that is there for it, in hex; empty if there is none.
    """

    kill: bool = False
    bundle_sha256: str = ""
    pack_sha256: str = ""

    def __attrs_post_init__(self) -> None:
        if not (_DIGEST.fullmatch(self.bundle_sha256) and _DIGEST.fullmatch(self.pack_sha256)):
            raise _wrong("bundle_sha256", "64 letters of hex, or nothing")


def packed(noun: attrs.AttrsInstance) -> bytes:
    """Return a noun of a fleet as bytes."""
    return pack(codec.encode(type(noun), noun))


def unpacked(cls: type[_Noun], raw: bytes) -> _Noun:
    """
    Return a noun of a fleet from bytes.

    Raises:
        BundleError: If they are none, or too many; the message names the field, and holds no value.
    """
    if len(raw) > REPORT_MAX_BYTES:
        raise BundleError(f"body: at most {REPORT_MAX_BYTES} bytes", code="bundle-malformed")
    found: _Noun = codec.decode(cls, unpack(raw, "the body"))
    return found


def _wrong(field: str, right: str) -> BundleError:
    return BundleError(f"{field}: expected {right}", code="bundle-malformed")
