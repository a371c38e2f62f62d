"""Renewing: what an edge holds of customers comes under a new plan. It works nothing out itself.

Those who were fetched last are made ready at once, the last one first. Of the others, what was worked out under plans
of before is let go, so that these plans go too; it is worked out anew when they come.

A plan that nobody holds any more goes part by part: to free all of it is one call, in which nobody decides.
"""

import gc
import sys
from collections.abc import Callable
from heapq import nlargest
from typing import Final

from ..pieces import in_pieces
from ..plan.plan import Plan
from .snapshot import Snapshots

#: So many are made ready: about a second's work with ten thousand offers.
LATEST_MAX: Final = 500
#: Once for so many, what is young is searched for garbage: as what it replaces goes, Python sees no need for it, until
#: it searches all of it at once.
_TOGETHER: Final = 16
#: Whether what is young can be searched alone. Without a global lock, Python has one generation, and stops every thread
#: to search all of it.
_HAS_YOUNG: Final = getattr(sys, "_is_gil_enabled", lambda: True)()


def renew(snapshots: Snapshots, plan: Plan, make_ready: Callable[[str, tuple[str, ...]], None]) -> None:
    """
    Bring the customers who are here under a plan.

    Args:
        snapshots: The customers.
        plan: The plan that is decided by from now on.
        make_ready: Decides for a customer on some channels, leaving no trace.
    """
    here = snapshots.everyone()
    latest = nlargest(LATEST_MAX, here, key=lambda item: item[1].loaded_us)
    for number, (customer, one) in enumerate(in_pieces(latest)):
        make_ready(customer, one.met_on())
        if _HAS_YOUNG and number % _TOGETHER == 0:
            gc.collect(0)
    for _, one in in_pieces(here):
        one.let_go(plan)
    snapshots.let_go(plan)


def parts_of(plan: Plan) -> list[object]:
    """Return the many small parts of a plan: while they are held, it is little to free the plan itself."""
    return [
        *plan.policy.offers,
        *plan.catalog.entries,
        *plan.offers,
        *plan.requirements,
        *plan.bounds,
        *plan.policy.conditions,
        *(one for channel in plan.channels.values() for one in channel.bounds),
    ]


def let_go(parts: list[object]) -> None:
    """Let go of parts one after the other; those that somebody else holds stay."""
    for _ in in_pieces(range(len(parts))):
        parts.pop()
