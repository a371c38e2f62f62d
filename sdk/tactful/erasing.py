"""The receipt of an erasure: how much went, what stays and why, and who has still to follow. It leads to nobody."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import attrs

from .held import Held

#: What stays after an erasure, and why.
WHY_KEPT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "withdrawals": "they wait until whom they are for has acknowledged them: else others would go on",
        "disclosures": "that something was passed on to a partner, without whom it concerned: to answer for it",
        "decisions": "what was shown under which policy, without whom it concerned: to answer for it",
    }
)
#: Nothing is kept beside the store.
NOTHING_BESIDE: Final[Mapping[str, int]] = MappingProxyType({})
#: Who else has to forget, where a store is a centre.
FOLLOWERS: Final = "edges that follow this store are told of it, and forget with their next contact"


@attrs.frozen
class ErasureReceipt:
    """
    What an erasure did. There is no personal value in it, nor an id.

    Attributes:
        at_us: When it was done [us since 1970].
        gone: How many rows were erased, or lost whom they concern, by sort of record as `Erasure.erase` tells them.
        kept: What stays, by sort, with how much of it there is; `WHY_KEPT` tells why.
        pending: Who has still to forget, in words for whoever keeps the receipt.
        beside: How much went of what is kept beside the store, by the name under which it was attached.
    """

    at_us: int
    gone: Mapping[str, int]
    kept: Mapping[str, int]
    pending: tuple[str, ...]
    beside: Mapping[str, int] = attrs.field(factory=dict)


def receipt_of(
    gone: Mapping[str, int], held: Held, at_us: int, pending: Iterable[str], beside: Mapping[str, int] = NOTHING_BESIDE
) -> ErasureReceipt:
    """Return the receipt of an erasure, of what went and of what was held before it."""
    kept = {
        "withdrawals": len(held.notices),
        "disclosures": gone.get("disclosures", 0),
        "decisions": gone.get("decisions", 0),
    }
    stays = {sort: count for sort, count in kept.items() if count}
    return ErasureReceipt(at_us, dict(gone), stays, tuple(pending), dict(beside))
