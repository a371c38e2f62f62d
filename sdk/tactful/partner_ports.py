"""The port of a partner who is told that a customer opted out, and what is told. No adapter is named here."""

import base64
import hashlib
import hmac
from typing import Final, Protocol, runtime_checkable

import attrs

from .clock import to_datetime

#: The version of what a notice says.
FORMAT: Final = 1
_KEY_MIN_BYTES: Final = 16


@attrs.frozen(repr=False)
class PartnerNotice:
    """
    That a customer takes back what a partner's purposes rested on. There is no personal value in it.

    Attributes:
        id: The same whenever the notice is sent again: a second one changes nothing. It leads to nobody.
        partner: The partner's name in the policy.
        pseudonym: The name under which this partner alone knows the customer.
        purposes: The purposes that end.
        at_us: When the customer said so [us since 1970].
        channel: The one channel on which they end, by its name in the policy; empty is every channel.
    """

    id: str
    partner: str
    pseudonym: str
    purposes: tuple[str, ...]
    at_us: int
    channel: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return what a partner is told, in plain values; who does not read the channel ends more, and never less."""
        return {
            "format": FORMAT,
            "event": "opt-out",
            "id": self.id,
            "partner": self.partner,
            "customer": self.pseudonym,
            "purposes": list(self.purposes),
            "channel": self.channel or None,
            "at": to_datetime(self.at_us).isoformat(),
        }

    def __repr__(self) -> str:  # a pseudonym is personal
        return f"<PartnerNotice to {self.partner} for {', '.join(self.purposes)}>"


@runtime_checkable
class Partner(Protocol):
    """A partner who can be told; safe under threads."""

    def tell(self, notice: PartnerNotice) -> None:
        """
        Return once the partner has acknowledged a notice, and raise if not: then it is told again, later.

        A notice that was acknowledged may come once more, under the same id, as when our own record of it was lost.
        """
        ...


def partner_pseudonym(key: bytes, customer: str) -> str:
    """
    Return the name under which a partner knows a customer: a keyed hash, which no other partner can link.

    Give the same to the partner when the customer's click goes over, so that both mean the same person.

    Args:
        key: The secret that is agreed with this partner, 16 bytes or more.
        customer: The persistent customer id.

    Raises:
        ValueError: If the key is too short.

    >>> one, other = (partner_pseudonym(key * 16, "ann") for key in (b"a", b"b"))
    >>> one != other, len(one)
    (True, 43)
    """
    if len(key) < _KEY_MIN_BYTES:
        raise ValueError(f"a partner's key has {_KEY_MIN_BYTES} bytes or more, not {len(key)}")
    return base64.urlsafe_b64encode(_keyed(key, "customer", customer)).decode().rstrip("=")


def notice_id(key: bytes, contact_id: str) -> str:
    """Return the id of a notice, of that of what the customer said: the same again, and it leads to nobody."""
    return _keyed(key, "notice", contact_id).hex()


def _keyed(key: bytes, what: str, text: str) -> bytes:
    return hmac.digest(key, f"{what}/{text}".encode("utf-8", "surrogatepass"), hashlib.sha256)
