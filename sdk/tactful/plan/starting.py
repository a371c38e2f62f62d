"""What an event starts under a policy: its triggers by event, with their conditions compiled. It decides nothing."""

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

import attrs

from ..events import Event, EventKind
from ..triggers import Trigger
from .conditions import Emitter
from .fuse import single
from .plan import Plan

_BY_EVENT: Final = "triggers by event"


@attrs.frozen(eq=False)
class TriggerPlan:
    """A trigger, and its condition as a function that is true if it surely holds."""

    trigger: Trigger
    holds: Callable[..., object]


def moments(plan: Plan, event: Event, now_us: int) -> Iterator[tuple[Trigger, Mapping[str, object] | None]]:
    """
    Yield what an event asks, with the attributes of the context that it tells; None where the condition is not met.

    An attribute is as the context takes it, so that nothing else of the event is kept; None if its value does not fit.

    Args:
        plan: The policy's plan.
        event: The event.
        now_us: The moment [us since 1970].
    """
    by_event = plan.once(_BY_EVENT, lambda: _by_event(plan))
    for one in by_event.get((event.kind, event.name), ()):
        moment = one.trigger.moment(event)
        context, _ = plan.slots.context_values(moment)
        known = zip(plan.slots.context, context, strict=True)
        taken = {attribute.name: value for attribute, value in known if attribute.name in moment}
        yield one.trigger, taken if one.holds((), (), (), (), context, now_us) else None


def _by_event(plan: Plan) -> Mapping[tuple[EventKind, str], tuple[TriggerPlan, ...]]:
    found: dict[tuple[EventKind, str], tuple[TriggerPlan, ...]] = {}
    for one in plan.policy.triggers:
        key = (one.kind, one.event)
        found[key] = (*found.get(key, ()), TriggerPlan(one, single(plan.slots, partial(_surely, one))))
    return found


def _surely(one: Trigger, emitter: Emitter) -> ast.expr:
    return emitter.surely_true(one.when)
