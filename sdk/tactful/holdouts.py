"""Holdouts: customers from whom offers are withheld, so that it shows what the offers do. They rank nothing.

Who is in one follows from the customer's persistent id, the holdout's name and the policy's key alone. So every channel
and every process agrees, it stays so while a policy changes, and one holdout tells nothing of another.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

import attrs

from .errors import ValueRefused
from .offers import Intent, Offer, OfferClass

#: The ids of limits begin with it.
PREFIX: Final = "holdout."
KEY_BYTES: Final = 16
_DIGEST_BYTES: Final = 8
_BUCKETS: Final = 2 ** (8 * _DIGEST_BYTES)


@attrs.frozen
class Holdout:
    """
    A share of the customers from whom offers are withheld. Where no tag, topic or offer is named, all are.

    Attributes:
        name: Its name; another name draws other customers.
        share: The share of customers, 0 to 1.
        tags: Offers with one of these tags.
        topics: Offers about one of these topics, or one under them.
        offers: These offers.
    """

    name: str
    share: float
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id of its limit."""
        return f"{PREFIX}{self.name}"

    def covers(self, offer: Offer, topics: Iterable[str]) -> bool:
        """
        Return whether it withholds an offer: never one that helps, nor one that is mandatory or transactional.

        Args:
            offer: The offer.
            topics: Its topic and those above it.
        """
        if offer.intent is Intent.HELP or offer.offer_class is not OfferClass.DEFAULT:
            return False
        if not (self.tags or self.topics or self.offers):
            return True
        tagged = not set(self.tags).isdisjoint(offer.tags)
        return tagged or not set(self.topics).isdisjoint(topics) or offer.id in self.offers

    def holds(self, key: bytes, customer: str) -> bool:
        """
        Return whether a customer is in it.

        Args:
            key: The policy's key, see `key_of`.
            customer: The persistent customer id.
        """
        return bucket(key, self.name, customer) < self.share * _BUCKETS


def bucket(key: bytes, name: str, customer: str) -> int:
    """
    Return where a customer stands in a holdout: a whole number below 2**64, as if drawn for each holdout anew.

    It is BLAKE2b (RFC 7693) of the name's length, the name and the customer id, with the key.
    """
    drawn = f"{len(name)}:{name}{customer}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(drawn, key=key, digest_size=_DIGEST_BYTES).digest(), "big")


def key_of(text: str) -> bytes:
    """
    Return the key that a policy writes in hex.

    Raises:
        ValueRefused: If it is not 32 hex digits.
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        message = f"the key of holdouts is {2 * KEY_BYTES} hex digits; `openssl rand -hex {KEY_BYTES}` makes one"
        raise ValueRefused(message)
    return key
