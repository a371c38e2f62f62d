"""What comes in late of a customer who was erased: it happened before, and must bring nothing back. It keeps nothing.

A store knows whom it erased by a keyed hash alone, and for a while: longer than an edge that is offline waits to send.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, TypeVar

from .clock import DAY_US
from .contacts import Contact
from .disclosures import Disclosure
from .outbox import OutboxLimits
from .pseudonyms import LOG_KEY, pseudonym

_WITHDRAWAL = OutboxLimits.classes.index("withdrawal")
_Event = TypeVar("_Event", Contact, Disclosure)


class Late:
    """Tells events of before an erasure from the others."""

    #: The register of a store that holds the key of the hashes.
    register: ClassVar[str] = LOG_KEY
    #: So long a store knows whom it has erased [us].
    known_us: ClassVar[int] = 90 * DAY_US

    @staticmethod
    def names(events: Sequence[_Event], key: bytes) -> list[bytes]:
        """Return the keyed hashes of whom events concern."""
        return list({pseudonym(key, one.customer) for one in events if one.customer})

    @staticmethod
    def in_time(
        events: Sequence[_Event], erased_us: Mapping[bytes, int], key: bytes
    ) -> tuple[list[_Event], list[_Event]]:
        """
        Return the events that may be kept; and of those that come late, the withdrawals, which others must hear of.

        Args:
            events: Contacts or disclosures.
            erased_us: When customers were erased, by keyed hash [us since 1970].
            key: The key of the hashes.
        """
        kept: list[_Event] = []
        late: list[_Event] = []
        for one in events:
            at_us = erased_us.get(pseudonym(key, one.customer or ""), one.at_us - 1)
            (kept if one.at_us > at_us else late).append(one)
        return kept, [one for one in late if OutboxLimits.rank(one) == _WITHDRAWAL]
