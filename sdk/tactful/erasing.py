"""The receipt of an erasure: how much went, what stays and why, and who has still to follow. It leads to nobody."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import attrs

from .acknowledging import behind, edges_in, keeps
from .errors import CentreError, StoreError
from .held import Held
from .rights_ports import Followed

#: What stays after an erasure, and why.
WHY_KEPT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "withdrawals": "they wait until whom they are for has acknowledged them: else others would go on",
        "disclosures": "that something was passed on to a partner, without whom it concerned: to answer for it",
        "decisions": "what was shown under which policy, without whom it concerned: to answer for it",
    }
)
#: Nothing was kept, or can be told.
NOTHING: Final[Mapping[str, int]] = MappingProxyType({})
NO_EDGES: Final[Mapping[str, str]] = MappingProxyType({})
#: Who else has to forget, where a store is a centre; and whether it can be told who has.
_FOLLOWERS: Final = "edges that follow this store are told of it, and forget with their next contact"
_FOLLOWED_UP: Final = (
    "`tactful fleet --receipt` lists who has not yet: behind a relay, and with --centre who asks itself"
)
_UNKNOWN: Final = "nobody can tell who has: this store counts no epochs"
#: So many edges are named in words; `edges` has all.
_NAMED_MAX: Final = 20
PENDING: Final = "pending"
ACKNOWLEDGED: Final = "acknowledged"


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
        epochs: The store's epochs by line, once the erasure was in them, where it knows: who has acknowledged them has
            taken it in (`tactful fleet --receipt`).
        edges: The edges that follow the store themselves, by name: "acknowledged" if one has it, else "pending".
    """

    at_us: int
    gone: Mapping[str, int]
    kept: Mapping[str, int]
    pending: tuple[str, ...]
    beside: Mapping[str, int] = attrs.field(factory=dict)
    epochs: Mapping[str, int] = attrs.field(factory=dict)
    edges: Mapping[str, str] = attrs.field(factory=dict)


def receipt_of(
    gone: Mapping[str, int],
    held: Held,
    at_us: int,
    pending: Iterable[str],
    *,
    beside: Mapping[str, int] = NOTHING,
    epochs: Mapping[str, int] = NOTHING,
    edges: Mapping[str, str] = NO_EDGES,
) -> ErasureReceipt:
    """Return the receipt of an erasure, of what went and of what was held before it."""
    kept = {
        "withdrawals": len(held.notices),
        "disclosures": gone.get("disclosures", 0),
        "decisions": gone.get("decisions", 0),
    }
    stays = {sort: count for sort, count in kept.items() if count}
    return ErasureReceipt(at_us, dict(gone), stays, tuple(pending), dict(beside), dict(epochs), dict(edges))


def followers(epochs: Mapping[str, int]) -> str:
    """Return, in words, that edges have still to forget which follow a store, and how it is found out who has."""
    return f"{_FOLLOWERS}; {_FOLLOWED_UP if epochs else _UNKNOWN}"


def edges_of(store: object, epochs: Mapping[str, int]) -> Mapping[str, str]:
    """
    Return how the edges stand to an erasure that follow a store themselves, by name; none if it keeps no record.

    It never raises: the erasure is done by then.

    Args:
        store: The store, or the centre.
        epochs: Its epochs once the erasure was in them.
    """
    kept = keeps(store)
    if kept is None or not epochs:
        return NO_EDGES
    try:
        reached = kept.acknowledged()
    except (StoreError, CentreError):
        return NO_EDGES
    return {one: PENDING if behind(one, reached, epochs) else ACKNOWLEDGED for one in edges_in(reached)}


def owing_edges(edges: Mapping[str, str]) -> tuple[str, ...]:
    """Return in words who of the edges has still to take an erasure in; nothing if nobody has."""
    pending = [name for name, standing in edges.items() if standing == PENDING]
    if not pending:
        return ()
    named = ", ".join(pending[:_NAMED_MAX])
    more = f" and {len(pending) - _NAMED_MAX} more" if len(pending) > _NAMED_MAX else ""
    return (
        f"{len(pending)} of {len(edges)} edges that follow it themselves have not said that they have: {named}{more}",
    )


def epochs_of(store: object) -> Mapping[str, int]:
    """
    Return how far the lines are that edges follow a store by, after an erasure; none if it has none, or cannot tell.

    It never raises: the erasure is done by then.
    """
    if not isinstance(store, Followed):
        return NOTHING
    try:
        return store.line_epochs()
    except (StoreError, CentreError):
        return NOTHING
