"""Subjects: what counts under the caps for many customers; those of whom nothing is counted share one tally."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo

import attrs
import numpy as np

from ...contacts import Contact
from ...plan.plan import Plan
from ...plan.windows import zone_of
from ..budgets import Budgets
from ..count import Counters
from ..limited import Limited, everything_reached
from ..tally import Tally, tally_of
from .columns import Codes, Customers


@attrs.frozen(eq=False, repr=False)
class Subjects:
    """
    Customers by what counts for them.

    Attributes:
        tallies: What counts; None if something of it is not known.
        tally_of: Each customer's, as an index.
        limited: What is asked of each of them.
        filling: Whether the picks of a page can fill a cap of theirs.
    """

    tallies: tuple[Tally | None, ...]
    tally_of: Codes
    limited: tuple[Limited, ...]
    filling: tuple[bool, ...]


def subjects(
    plan: Plan,
    customers: Customers,
    contacts: Mapping[str, Sequence[Contact]],
    budgets: Budgets | None,
    channel: str,
    slots: int,
    now_us: int,
) -> Subjects:
    """
    Return what counts for customers on a channel at a moment.

    Args:
        plan: The plan.
        customers: The customers.
        contacts: Their contacts within the caps' windows, by customer id; who has none need not be there.
        budgets: What counts for everyone together, if any cap does.
        channel: The channel's name.
        slots: The slots of the page.
        now_us: The moment [us since 1970].
    """
    zones, zone_of_ = _zones(plan, customers)
    tallies = [tally_of(plan, Counters(plan, (), "customer", zone), None, budgets) for zone in zones]
    codes = zone_of_.copy()
    for row, id_ in enumerate(customers.ids) if contacts else ():
        theirs = contacts.get(id_)
        if theirs:
            codes[row] = len(tallies)
            tallies.append(tally_of(plan, Counters(plan, theirs, "customer", zones[zone_of_[row]]), None, budgets))
    limited = [everything_reached(plan, channel) if one is None else one.limited(channel, now_us) for one in tallies]
    filling = [one is not None and one.room(channel, slots, now_us) is not None for one in tallies]
    return Subjects(tuple(tallies), codes, tuple(limited), tuple(filling))


def _zones(plan: Plan, customers: Customers) -> tuple[list[tzinfo | None], Codes]:
    """Return the distinct time zones, and each customer's as an index."""
    column = customers.attributes.get(plan.policy.values.customer_zone or "")
    if column is None:
        return [None], np.zeros(len(customers), dtype=np.int32)
    zones = [zone_of(value) if isinstance(value, str) else None for value in column.values]
    return [*zones, None], np.where(column.codes >= 0, column.codes, len(zones)).astype(np.int32)
