"""Subjects: what counts under the caps for many customers; those of whom nothing is counted share one tally."""

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from ...contacts import Contact
from ...plan.plan import Plan
from ...plan.windows import zone_of
from ...schema import Value
from ..count import Counters
from ..limited import Limited
from ..own import Own, counted_by, wishes
from ..tally import Counting, Tally, tally_of
from .columns import Codes, Customers
from .fields import Field, Fields
from .truths import combined


@attrs.frozen(eq=False, repr=False)
class Subjects:
    """
    Customers by what counts for them.

    Attributes:
        own: What counts for a customer alone.
        tallies: What counts; None if something of it is not known.
        tally_of: Each customer's, as an index.
        limited: What is asked of each of them for what counts for them alone.
        filling: Whether the picks of a page can fill a cap of theirs.
    """

    own: tuple[Counters, ...]
    tallies: tuple[Tally | None, ...]
    tally_of: Codes
    limited: tuple[Limited, ...]
    filling: tuple[bool, ...]


def subjects(
    plan: Plan,
    customers: Customers,
    fields: Fields,
    contacts: Mapping[str, Sequence[Contact]],
    budgets: Counting | None,
    channel: str,
    slots: int,
    now_us: int,
) -> Subjects:
    """
    Return what counts for customers on a channel at a moment.

    Args:
        plan: The plan.
        customers: The customers.
        fields: What conditions read of them.
        contacts: Their contacts within the caps' windows, by customer id; who has none need not be there.
        budgets: What counts for everyone together, if any cap does.
        channel: The channel's name.
        slots: The slots of the page.
        now_us: The moment [us since 1970].
    """
    owns, codes = _owns(plan, customers, fields)
    own_of = codes.copy()
    counters = [Counters(plan, (), "customer", own) for own in owns]
    for row, id_ in enumerate(customers.ids) if contacts else ():
        theirs = contacts.get(id_)
        if theirs:
            codes[row] = len(counters)
            counters.append(Counters(plan, theirs, "customer", owns[own_of[row]]))
    limited = tuple(one.limited(channel, now_us) for one in counters)
    filling = tuple(one.nearest <= slots for one in counters)
    tallies = tuple(tally_of(plan, one, None, budgets) for one in counters)
    return Subjects(tuple(counters), tallies, codes, limited, filling)


def _owns(plan: Plan, customers: Customers, fields: Fields) -> tuple[list[Own], Codes]:
    """Return what customers are counted by, each thing once, and each customer's as an index."""
    places = sorted({place for _, place in wishes(plan) if place is not None})
    wished = [fields.field(("q", -1, place), ()) for place in places]
    codes, combinations = combined([_zones(plan, customers), *wished])
    owns = []
    for (zone, _), *said in combinations:
        protective: list[Value | None] = [None] * len(plan.slots.protective)
        for place, (wish, _) in zip(places, said, strict=True):
            protective[place] = wish
        owns.append(counted_by(plan, zone_of(zone) if isinstance(zone, str) else None, protective))
    return owns, np.zeros(len(customers), dtype=np.int32) if codes is None else codes


def _zones(plan: Plan, customers: Customers) -> Field:
    """Return the names of the customers' time zones."""
    column = customers.attributes.get(plan.policy.values.customer_zone or "")
    if column is None:
        return Field(((None, False),), np.zeros(len(customers), dtype=np.int32))
    known = tuple((value, False) for value in column.values)
    return Field((*known, (None, False)), np.where(column.codes >= 0, column.codes, len(known)).astype(np.int32))
