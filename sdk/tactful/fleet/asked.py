"""What goes over at an enrolment: the proof that a code is known, and what is told once. It judges nothing."""

import re
from typing import Final

import attrs

from ..errors import BundleError
from ..relay.devices import NAME_MAX

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SEALED: Final = re.compile(r"(?:[0-9a-f]{2}){0,200}")


@attrs.frozen
class Asked:
    """
    What a device sends.

    Attributes:
        proof: That it knows a code, in hex.
        store: The store that it stands in.
        token_sha256: The digest of the token that it has made for itself, in hex.
    """

    proof: str
    store: str
    token_sha256: str

    def __attrs_post_init__(self) -> None:
        for name in ("proof", "token_sha256"):
            if not _DIGEST.fullmatch(getattr(self, name)):
                raise BundleError(f"{name}: expected 64 letters of hex", code="bundle-malformed")
        if not (0 < len(self.store) <= NAME_MAX and self.store.isprintable()):
            raise BundleError(f"store: expected 1 to {NAME_MAX} printable characters", code="bundle-malformed")

    def __repr__(self) -> str:  # the proof is worth as much as the code
        return "<Asked>"


@attrs.frozen(repr=False)
class Admitted:
    """
    What a device is told once.

    Attributes:
        device: Its name.
        store: The store that it stands in.
        ring: The ring that it gets bundles with.
        sealed_key: Its device key, sealed with the code, in hex; empty if it was given none.
    """

    device: str
    store: str
    ring: str
    sealed_key: str

    def __attrs_post_init__(self) -> None:
        if not _SEALED.fullmatch(self.sealed_key):
            raise BundleError("sealed_key: expected hex", code="bundle-malformed")
