"""The rows of a pack: what each says, under which name, and how it is sealed. AES-256-GCM, a fresh nonce a row.

The name of a row is a keyed digest: without the device key nobody can tell who is in a pack.
"""

import hashlib
import os
from typing import Any, Final, Literal

import attrs
import msgpack

from ..consent import Consent, Consents, ConsentState, How
from ..contacts import Contact
from ..errors import PackError
from ..profile import Observation, Snapshot
from ..schema import Source
from .head import PackHead

#: A name has so many bytes.
NAME_BYTES: Final = 16
_NONCE_BYTES: Final = 12
#: What a row tells: of a customer, which ids are one customer, for whom an identifier stands, who belongs to a
#: household; or, in every pack once, that the device key is the right one.
Kind = Literal["customer", "merged", "identifier", "household", "key"]


@attrs.frozen(repr=False)
class PackedCustomer:
    """
    What a pack says of one customer.

    Attributes:
        customer: The id that stands for the customer.
        snapshot: The profile, with the attributes that are allowed; None if there is none.
        consents: All consent records; None if none are known.
        contacts: What caps may count, as of when the pack was made.
        household: The household, if it is known surely.
    """

    customer: str
    snapshot: Snapshot | None
    consents: Consents | None
    contacts: tuple[Contact, ...] = ()
    household: str | None = None

    def __repr__(self) -> str:  # all of it is personal
        return "<PackedCustomer>"


class RowSeal:
    """Names, seals and opens the rows of one pack."""

    def __init__(self, device_key: bytes, head: PackHead) -> None:
        """
        Derive the pack's keys.

        Args:
            device_key: 32 bytes.
            head: The pack's head; until it is whole, one that is the same in all that a row is bound to.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - slow, for kiosks alone

        self._head = head
        self._names = derived(device_key, "names", 32, bytes.fromhex(head.salt))
        self._cipher = AESGCM(derived(device_key, "rows", 32, bytes.fromhex(head.salt)))

    def name(self, kind: Kind, *parts: str) -> bytes:
        """Return the name of a row."""
        said: bytes = msgpack.packb([kind, *parts], unicode_errors="surrogatepass")
        return hashlib.blake2b(said, key=self._names, person=b"tactful pack", digest_size=NAME_BYTES).digest()

    def seal(self, name: bytes, body: object) -> bytes:
        """Return what a row says, sealed."""
        nonce = os.urandom(_NONCE_BYTES)
        said: bytes = msgpack.packb(body, unicode_errors="surrogatepass")
        return nonce + self._cipher.encrypt(nonce, said, self._head.bound(name))

    def open(self, name: bytes, sealed: bytes) -> Any:
        """
        Return what a row says.

        Raises:
            PackError: If it was sealed for another place, or is not as it was.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - slow, for kiosks alone

        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            said = self._cipher.decrypt(nonce, rest, self._head.bound(name))
            return msgpack.unpackb(said, use_list=False, unicode_errors="surrogatepass")
        except (InvalidTag, ValueError):
            raise PackError("a row of the pack was altered, moved or is damaged", code="pack-row") from None


def derived(device_key: bytes, what: str, length: int, salt: bytes = b"") -> bytes:
    """Return a key made of the device key for one use alone (HKDF with SHA-256, RFC 5869)."""
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - slow, for kiosks alone
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 - slow, for kiosks alone

    return HKDF(SHA256(), length, salt or None, f"tactful kiosk {what}".encode()).derive(device_key)


def plain_customer(one: PackedCustomer) -> object:
    """Return a customer as plain values."""
    snapshot, consents = one.snapshot, one.consents
    seen = {} if snapshot is None else snapshot.attributes
    return (
        one.customer,
        None if snapshot is None else (snapshot.at_us, snapshot.epoch, sorted(snapshot.unreadable)),
        {name: (each.value, each.source.value, *attrs.astuple(each)[2:]) for name, each in seen.items()},
        None if consents is None else [_plain(record) for record in consents.records],
        [attrs.astuple(contact) for contact in one.contacts],
        one.household,
    )


def customer_of(plain: Any, known_us: int) -> PackedCustomer:
    """
    Return the customer of plain values.

    Args:
        plain: The values.
        known_us: When consents were last known to be true: when the centre was read [us since 1970].
    """
    id_, head, seen, records, contacts, household = plain
    attributes = {name: Observation(value, Source(source), *rest) for name, (value, source, *rest) in seen.items()}
    return PackedCustomer(
        id_,
        None if head is None else Snapshot(id_, head[0], attributes, head[1], frozenset(head[2])),
        None if records is None else Consents(tuple(_consent(*one) for one in records), known_us),
        tuple(Contact(*one) for one in contacts),
        household,
    )


def _plain(record: Consent) -> tuple[object, ...]:
    return (record.purpose, record.state.value, record.how.value, *attrs.astuple(record)[3:])


def _consent(purpose: str, state: str, how: str, *rest: Any) -> Consent:
    return Consent(purpose, ConsentState(state), How(how), *rest)
