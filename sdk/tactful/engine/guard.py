"""Guard: what the bounds of guardrails and core allow a customer. It sees the protective view alone."""

from ..clock import NEVER_US, SKEW_US
from ..consent import EVERYTHING, RESTRICTION, Consents, standing
from ..offers import Channel
from ..plan.fold import privacy_name
from ..plan.plan import ChannelPlan, Plan
from ..schema import Value
from .customer import Customer, OnChannel

_SHARED_MAX = 256


def on_channel(plan: Plan, channel: ChannelPlan, customer: Customer, now_us: int) -> OnChannel:
    """Return what is known of a customer on a channel, and what standing bounds allow; kept while it holds."""
    name = channel.channel.name
    for here in customer.channels:
        if here.channel == name and here.since_us <= now_us < here.until_us:
            return here
    kind = "none" if customer.identity is None else customer.identity.kind
    beyond, until_us = known_of(plan, channel.channel, kind, customer.made_us, customer.consents, now_us)
    known = (*beyond, *customer.held)
    allow, flags = channel.allow, channel.flags
    if channel.guard_standing is not None:
        more, set_, until = channel.guard_standing((), (), customer.protective, known, (), now_us)
        allow, flags, until_us = allow & more, flags | set_, min(until_us, until)
    made = OnChannel(name, known, _shared(channel, allow), flags, now_us, until_us)
    customer.channels = (made, *(one for one in customer.channels if one.channel != name))
    return made


def _shared(channel: ChannelPlan, allow: int) -> int:
    """Return the one number that all customers hold who are allowed the same."""
    if len(channel.shared) >= _SHARED_MAX:
        channel.shared.clear()
    return channel.shared.setdefault(allow, allow)


def at_moment(
    channel: ChannelPlan, customer: Customer, here: OnChannel, context: tuple[Value | None, ...], now_us: int
) -> tuple[int, int, int]:
    """Return the treatments that all bounds allow at a moment, the flags that they set, and until when that is so."""
    if channel.guard_momentary is None:
        return here.allow, here.flags, here.until_us
    allow, flags, until_us = channel.guard_momentary((), (), customer.protective, here.known, context, now_us)
    return here.allow & allow, here.flags | flags, min(until_us, here.until_us)


def known_of(
    plan: Plan, channel: Channel, kind: str, made_us: int | None, consents: Consents | None, now_us: int
) -> tuple[tuple[Value | None, ...], int]:
    """
    Return what is known in the order of `k`, without holdouts, and until when it holds; of no consents, all is unknown.

    Args:
        plan: The plan.
        channel: The channel.
        kind: The kind of the identity, or "none".
        made_us: When the profile was made [us since 1970], or None without one.
        consents: The consents, or None.
        now_us: The moment [us since 1970].
    """
    known_us, made_until_us = _trusted(made_us, now_us)
    true_us, true_until_us = _trusted(None if consents is None else consents.at_us, now_us)
    opted_out = consents is not None and standing(consents, (EVERYTHING,), channel.name, now_us).refused
    restricted = consents is not None and standing(consents, (RESTRICTION,), channel.name, now_us).refused
    known: list[Value | None] = [channel.name, privacy_name(channel), kind, known_us, true_us, opted_out, restricted]
    until_us = min(made_until_us, true_until_us)
    for lineage in plan.lineages:
        if consents is None:
            known += (None, None, None, None)
            continue
        said = standing(consents, lineage, channel.name, now_us)
        known += (said.given, said.refused, said.how, said.at_us)
        until_us = min(until_us, said.until_us)
    return tuple(known), until_us


def _trusted(at_us: int | None, now_us: int) -> tuple[int | None, int]:
    """Return a time, or None while it is too far ahead of our clock to tell an age by; and until when that is so."""
    if at_us is not None and at_us > now_us + SKEW_US:
        return None, at_us - SKEW_US
    return at_us, NEVER_US
