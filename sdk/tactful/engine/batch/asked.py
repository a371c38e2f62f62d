"""Asked: what many decisions share, what of it columns cannot say, and whether one of them depends on another."""

from typing import Final

import attrs

from ...plan.caps import CapPlan
from ...plan.pages import Page
from ...plan.plan import ChannelPlan, Plan
from ...schema import Value
from ..budgets import Budgets

#: Flags are bits of a signed number of 64.
_FLAGS_MAX: Final = 62
_TREATMENTS_MAX: Final = 62


@attrs.frozen(eq=False, repr=False)
class Asked:
    """
    What many decisions share.

    Attributes:
        plan: The plan.
        channel: What the page's channel adds.
        page: The placements.
        context: The context by slot.
        budgets: What counts for everyone together, if any cap does.
        now_us: The moment [us since 1970].
    """

    plan: Plan
    channel: ChannelPlan
    page: Page
    context: tuple[Value | None, ...]
    budgets: Budgets | None
    now_us: int


def lacking(asked: Asked) -> str:
    """Return why columns cannot say what is asked, or an empty text."""
    plan, caps = asked.plan, _concerning(asked)
    if any(cap.cap.strict and cap.cap.per != "customer" for cap in caps):
        return "strict caps for households or everyone reserve room at the centre, customer by customer"
    if asked.budgets is None and "everyone" in plan.counted_per:
        return "what counts for everyone together is not known"
    if (
        max((bound.bit_length() for channel in plan.channels.values() for bound in channel.flag_of), default=0)
        > _FLAGS_MAX
    ):
        return f"guardrails set more than {_FLAGS_MAX} flags"
    if max((one.width for one in plan.offers), default=0) > _TREATMENTS_MAX:
        return f"an offer has more than {_TREATMENTS_MAX} treatments"
    return ""


def strict(asked: Asked) -> bool:
    """Return whether strict caps could limit anything on the page."""
    return any(cap.cap.strict for cap in _concerning(asked))


def at_home(asked: Asked) -> bool:
    """Return whether caps that could limit anything on the page count for households."""
    return any(cap.cap.per == "household" for cap in _concerning(asked))


def shared(asked: Asked, customers: int) -> str:
    """
    Return why what one customer is shown could depend on what others are, or an empty text.

    Args:
        asked: What many decisions share; columns can say it (see `lacking`).
        customers: How many customers there are.
    """
    budgets = asked.budgets
    caps = frozenset(cap.number for cap in _concerning(asked) if cap.cap.per == "everyone")
    if budgets is None or not caps or budgets.spare(asked.now_us, caps) >= customers * asked.page.slots:
        return ""
    return "the customers could use up a budget for everyone together"


def _concerning(asked: Asked) -> list[CapPlan]:
    """Return the caps that could limit anything on the page."""
    possible = asked.channel.allow & asked.page.mask & asked.plan.running(asked.now_us)[0]
    return [cap for cap in asked.plan.caps if cap.concerns(asked.channel.channel.name, possible)]
