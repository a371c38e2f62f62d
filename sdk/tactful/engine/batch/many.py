"""Many: decisions for many customers at one moment. The stages are those of one decision, over columns.

mask and qualify -> guard -> rank -> compose, each condition once for each distinct value of what it reads. What columns
cannot say is decided customer by customer, by the very same code as a single decision.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ...contacts import Contact
from ..limited import NOTHING, Limited
from .asked import Asked
from .chunk import Chunk
from .columns import Customers
from .picks import Filling, Picks
from .shortlists import Scored
from .worths import Worths

#: Conditions are evaluated for so many customers at a time: more have the same values.
CHUNK: Final = 8192


def decide(asked: Asked, customers: Customers, contacts: Mapping[str, Sequence[Contact]]) -> Picks:
    """
    Return what fills the slots of many customers' pages.

    Args:
        asked: What they share; columns can say it, and no customer depends on another (see `lacking`, `shared`).
        customers: The customers.
        contacts: Their contacts within the caps' windows, by customer id.
    """
    whole, limited = Picks.none(len(customers), asked.page.slots), for_everyone(asked)
    for first, chunk in chunks(asked, customers, contacts):
        chunk.fill(slice(0, len(chunk)), limited, whole.part(slice(first, first + len(chunk))))
    return whole


def for_everyone(asked: Asked) -> Limited:
    """Return what budgets for everyone ask by now."""
    if asked.budgets is None:
        return NOTHING
    with asked.budgets.lock:
        return asked.budgets.limited(asked.channel.channel.name, asked.now_us)


def chunks(
    asked: Asked, customers: Customers, contacts: Mapping[str, Sequence[Contact]]
) -> Iterator[tuple[int, Chunk]]:
    """Yield the customers in parts, each with the place of its first; none where there is nothing to fill."""
    if not asked.plan.offers or not asked.page.slots:
        return
    worths = Worths(asked.plan, asked.channel)
    filling = Filling(asked.plan, asked.page, worths.helping)
    scored = None if asked.plan.scoring is None else Scored(asked.plan.scoring, asked)
    for start in range(0, len(customers), CHUNK):
        part = customers.part(slice(start, start + CHUNK))
        yield start, Chunk(asked, part, contacts, worths, filling, scored)
