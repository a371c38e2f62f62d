"""Qualify: the treatments whose requirements are met. What is not surely true is not eligible."""

from ..clock import NEVER_US
from ..plan.plan import ChannelPlan, Plan
from ..schema import Value
from .customer import Customer, Masked, OnChannel, Standing


def standing(
    plan: Plan, channel: ChannelPlan, customer: Customer, here: OnChannel, masked: Masked, hides: int, now_us: int
) -> Standing:
    """Return what a snapshot that hides mask comes to, as far as it does not depend on the moment."""
    views, seen, scores, until_us = masked
    allow, until = plan.everything, NEVER_US
    if channel.need_standing is not None:
        allow, _, until = channel.need_standing(views, seen, customer.protective, here.known, (), now_us)
    spared = []
    for spare in (*(one.spare for one in plan.lookups), *(one.spare for one in plan.eithers)):
        met, lasts = 0, NEVER_US
        if spare is not None:
            met, _, lasts = spare(views, seen, customer.protective, here.known, (), now_us)
        spared.append(met)
        until = min(until, lasts)
    return Standing(hides, views, seen, scores, allow, tuple(spared), now_us, min(until, until_us, here.until_us))


def at_moment(
    plan: Plan,
    channel: ChannelPlan,
    customer: Customer,
    here: OnChannel,
    there: Standing,
    context: tuple[Value | None, ...],
    now_us: int,
) -> tuple[int, int]:
    """Return the treatments whose requirements are all met at a moment, and until when that is so."""
    running, ends_us = plan.running(now_us)
    allow, until_us = there.allow & running, min(there.until_us, ends_us)
    for lookup, spared in zip(plan.lookups, there.spared, strict=False):  # those of the others come after them
        allow &= lookup.allow.get(context[lookup.slot], lookup.otherwise) | spared
    if plan.eithers:
        arguments = there.views, there.seen, customer.protective, here.known, context, now_us
        for either, spared in zip(plan.eithers, there.spared[len(plan.lookups) :], strict=True):
            met, _, until = either.met(*arguments)
            allow &= spared | met
            until_us = min(until_us, until)
    if channel.need_momentary is not None:
        views, seen = there.views, there.seen
        met, _, until = channel.need_momentary(views, seen, customer.protective, here.known, context, now_us)
        allow &= met
        until_us = min(until_us, until)
    return allow, until_us
