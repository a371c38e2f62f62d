"""The middle of a decision: pure, from what is known and a moment to what is shown. It does no I/O and keeps no clock.

mask -> qualify -> guard -> rank -> compose
"""

from ..plan.pages import Page
from ..plan.plan import ChannelPlan, Plan
from ..schema import Value
from . import guard, qualify, rank
from .compose import compose
from .customer import Customer, OnChannel, Standing
from .limited import NOTHING, Limited
from .mask import mask
from .moment import Moment, Slate
from .room import PageRoom
from .shortlist import Shortlist


def decide(
    plan: Plan,
    channel: ChannelPlan,
    page: Page,
    customer: Customer,
    context: tuple[Value | None, ...],
    limited: Limited,
    caps: PageRoom | None,
    now_us: int,
) -> Moment:
    """
    Return what fills the slots of a page, and all that it was decided from.

    Args:
        plan: The plan.
        channel: What the page's channel adds.
        page: The placements.
        customer: Whom it is for, under this plan.
        context: The context by slot.
        limited: What caps and quiet hours ask.
        caps: The room under the caps; None if no pick can fill one.
        now_us: The moment [us since 1970].
    """
    here = guard.on_channel(plan, channel, customer, now_us)
    kept: Slate | None = here.slate  # type: ignore[assignment] # a customer's memory does not know this stage
    if (
        kept is None
        or caps is not None  # picks may fill a cap
        or kept.page is not page
        or kept.limited is not limited
        or not kept.since_us <= now_us < kept.until_us
        or kept.context != context
    ):
        kept = _slate(channel, page, customer, here, context, limited, caps, now_us)
        if caps is None and channel.is_foreseen:
            here.slate = kept
    return Moment(plan, channel, customer, here, now_us, caps, kept)


def _slate(
    channel: ChannelPlan,
    page: Page,
    customer: Customer,
    here: OnChannel,
    context: tuple[Value | None, ...],
    limited: Limited,
    caps: PageRoom | None,
    now_us: int,
) -> Slate:
    """Return what fills the slots of a page, all worked out; arguments are as for `decide`."""
    plan = customer.plan
    allowed, flags, guards_us = guard.at_moment(channel, customer, here, context, now_us)
    there = _standing(plan, channel, customer, here, flags & plan.hide_flags, now_us)
    needed, needs_us = qualify.at_moment(plan, channel, customer, here, there, context, now_us)
    allowed &= page.mask & needed & ~limited.withheld
    effects = plan.effects(flags)
    arguments = there.views, there.seen, customer.protective, here.known, context, now_us
    ranking, factors = _ranking(plan, page, there, effects.blind | limited.blind, allowed, arguments)
    chosen, dropped = compose(page, ranking, allowed, effects.quotas, factors, caps)
    shortlist = ranking if isinstance(ranking, Shortlist) else None
    until_us = min(guards_us, needs_us)
    return Slate(page, context, limited, there, flags, factors, chosen, dropped, shortlist, now_us, until_us)


def allowed_in(moment: Moment) -> int:
    """Return the treatments that could be chosen in a moment, worked out again: no decision keeps them."""
    if not moment.page.placements:
        return 0
    known = moment.customer, moment.here
    allowed, _, _ = guard.at_moment(moment.channel, *known, moment.context, moment.now_us)
    needed, _ = qualify.at_moment(moment.plan, moment.channel, *known, moment.there, moment.context, moment.now_us)
    return allowed & moment.page.mask & needed & ~moment.limited.withheld


def _ranking(
    plan: Plan, page: Page, there: Standing, blind: int, allowed: int, arguments: tuple[object, ...]
) -> tuple[rank.Walk | rank.Listed | Shortlist, rank.Factors]:
    """Return what gives the best offers, a score model's first if the policy has one; and what affinities say."""
    boosts = rank.boosting(plan, arguments) if plan.boosts else 0
    order = rank.order(plan, there, blind, boosts)
    scoring = plan.scoring
    if scoring is None:
        return rank.walk(plan, order, allowed, page.slots), order.factors
    asked = max(page.slots, scoring.model.shortlist)
    own = rank.walk(plan, order, allowed, asked)
    return Shortlist(own, scoring, order.factors, scoring.holding(*arguments)), order.factors


def _standing(
    plan: Plan, channel: ChannelPlan, customer: Customer, here: OnChannel, hides: int, now_us: int
) -> Standing:
    """Return what the snapshot comes to under these hides; worked out once while it holds."""
    for there in here.standings:
        if there.hides == hides and there.since_us <= now_us < there.until_us:
            return there
    masked = mask(channel.visibility, customer.snapshot, plan.effects(hides).hidden, now_us)
    there = qualify.standing(plan, channel, customer, here, masked, hides, now_us)
    here.standings = (there, *(one for one in here.standings if one.hides != hides))
    customer.release()
    return there


def nothing(plan: Plan, customer: Customer, now_us: int) -> Moment:
    """Return the moment in which nothing could be decided: a page without placements. No rule is evaluated for it."""
    channel = next(iter(plan.channels.values()))
    context, _ = plan.slots.context_values(None)
    views, seen, scores, _ = mask(channel.visibility, None, plan.effects(0).hidden, now_us)
    here = OnChannel(channel.channel.name, (None,) * len(plan.slots.known), 0, 0, now_us, now_us)
    there = Standing(0, views, seen, scores, 0, (), now_us, now_us)
    page, factors = Page((), 0, 0, (), 0), rank.order(plan, there, 0, 0).factors
    slate = Slate(page, context, NOTHING, there, 0, factors, (), (), None, now_us, now_us)
    return Moment(plan, channel, customer, here, now_us, None, slate)
