"""A decision's token: what `record` needs in any process, sealed so that only we can read, make or change it.

AES-256-GCM with a key that all processes of a store share: the token holds a customer's id, which is nobody's business.
"""

import base64
import os
from collections.abc import Sequence
from typing import Any

import attrs
import msgpack

from ..disclosures import Passed
from ..errors import TokenError
from ..ports import Registers

_FORMAT = 2
_NONCE_BYTES = 12
_KEY_BYTES = 32
_TOKEN_MAX_CHARS = 65_536
_BOUND_TO = b"tactful decision"


@attrs.frozen(repr=False)
class Shown:
    """One filled slot, as the ledger will keep it, the room that it took under strict caps, and what it passes on."""

    slot: int
    placement: str
    offer: str
    treatment: str
    topic: str
    owner: str
    tags: tuple[str, ...]
    intent: str
    offer_class: str
    units: tuple[str, ...] = ()
    passed: Passed | None = None


@attrs.frozen(repr=False)
class Receipt:
    """
    What a token holds.

    Attributes:
        decision: The decision's id.
        customer: The customer's id; empty for a visitor of whom nothing is known.
        channel: The channel.
        until_us: The token is taken before this moment [us since 1970].
        shown: The filled slots.
    """

    decision: str
    customer: str
    channel: str
    until_us: int
    shown: tuple[Shown, ...]


def _shown(fields: list[Any]) -> Shown:
    """Return a filled slot of what a token holds of it."""
    slot, place, offer, treatment, topic, owner, tags, intent, offer_class, units, passed = fields
    about = (topic, owner, tuple(tags), intent, offer_class, tuple(units))
    return Shown(slot, place, offer, treatment, *about, None if passed is None else _passed(*passed))


def _passed(partner: str, purpose: str, legal_basis: str, attributes: list[str]) -> Passed:
    return Passed(partner, purpose, legal_basis, tuple(attributes))


class Seal:
    """Seals receipts and opens tokens, with a key that is fetched when it is first needed."""

    def __init__(self, registers: Registers, key: bytes | None = None) -> None:
        if key is not None and len(key) != _KEY_BYTES:
            raise TokenError(f"a token key has {_KEY_BYTES} bytes, not {len(key)}")
        self._registers = registers
        self._key = key

    def seal(self, receipt: Receipt) -> str:
        """Return the token of a receipt."""
        fields = [
            _FORMAT,
            receipt.decision,
            receipt.customer,
            receipt.channel,
            receipt.until_us,
            [attrs.astuple(one) for one in receipt.shown],
        ]
        return self.close(fields, _BOUND_TO)

    def close(self, fields: Sequence[object], bound_to: bytes) -> str:
        """Return a token that holds some fields and opens for one use alone."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher().encrypt(nonce, msgpack.packb(fields, unicode_errors="surrogatepass"), bound_to)
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, token: str, now_us: int) -> Receipt:
        """
        Return a token's receipt.

        Raises:
            TokenError: If it is not ours, was altered, or is too old.
        """
        fields = self.fields(token, _BOUND_TO)
        if fields[0] != _FORMAT:
            raise TokenError(f"the token has format {fields[0]}, this version reads {_FORMAT}", code="token-format")
        _, decision, customer, channel, until_us, shown = fields
        if now_us >= until_us:
            raise TokenError("the token is too old; decide again", code="token-expired")
        return Receipt(decision, customer, channel, until_us, tuple(map(_shown, shown)))

    def fields(self, token: str, bound_to: bytes) -> list[Any]:
        """
        Return what `close` put into a token.

        Raises:
            TokenError: If it is not ours, was altered, or is for another use.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - only who records needs it

        if len(token) > _TOKEN_MAX_CHARS:
            raise TokenError("the token is too long to be one of ours", code="token-foreign")
        try:
            raw = base64.urlsafe_b64decode(token.encode())
            packed = self._cipher().decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], bound_to)
            opened = msgpack.unpackb(packed, unicode_errors="surrogatepass")
        except (ValueError, InvalidTag):
            raise TokenError("the token is not one of ours, or was altered", code="token-foreign") from None
        return list(opened)

    @property
    def key(self) -> bytes:
        """The key, the same in all processes that share the store."""
        if self._key is None:
            self._key = self._registers.claim_register("token-key", os.urandom(_KEY_BYTES))
        return self._key

    def _cipher(self) -> "AESGCM":  # type: ignore[name-defined] # noqa: F821 - imported when first needed
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - only who records needs it

        return AESGCM(self.key)
