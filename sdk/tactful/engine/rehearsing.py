"""Rehearsing: a plan decides for a visitor before it decides for anybody, and what it keeps is there by then.

A plan works some things out when they are first asked for, such as which of its offers run by now. With ten thousand
offers that takes milliseconds, and each of those who come first would do it.
"""

from contextlib import nullcontext, suppress

from ..plan.plan import Plan
from . import middle
from .arrive import NOTHING_BROUGHT, Arrivals


def rehearse(plan: Plan, arrivals: Arrivals, now_us: int) -> None:
    """
    Decide once on each channel, leaving no trace.

    Args:
        plan: The plan; nobody decides by it yet.
        arrivals: Tells what is known of a visitor.
        now_us: The moment [us since 1970].
    """
    for name in {one.placement.channel: name for name, one in plan.placements.items()}.values():
        with suppress(Exception):  # what fails here fails in decisions, which say so
            _decide(plan, name, arrivals, now_us)


def _decide(plan: Plan, placement: str, arrivals: Arrivals, now_us: int) -> None:
    page, _ = plan.page((placement,))
    if page is None:
        return
    channel = plan.channels[page.placements[0].placement.channel]
    whom = arrivals.whom(plan, None, NOTHING_BROUGHT, now_us)
    with nullcontext() if whom.tally is None else whom.tally.held():
        limited = whom.limited(plan, channel.channel.name, now_us)
    values, _ = plan.slots.context_values(None)
    middle.decide(plan, channel, page, whom.customer, values, limited, None, now_us)
