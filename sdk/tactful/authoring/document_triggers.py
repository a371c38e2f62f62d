"""What the policy document, and `tactful explain`, say of triggers: what starts by itself when an event comes."""

from collections.abc import Collection, Iterator, Mapping

from ..expr import TRUE, text
from ..policy import Policy
from ..triggers import Trigger
from .told import Section, counted, length, listed

_ABOUT = (
    "Each asks twice, when the event comes and right before anything goes out: only what the customer agreed to, and "
    "what limits leave, is sent."
)


def triggers_told(policy: Policy) -> Iterator[Section]:
    """Yield what events start; nothing where none does."""
    columns = ("trigger", "when this comes", "if", "what is known of it", "asks", "by", "of use for", "how often")
    rows = tuple(_row(policy, one) for one in policy.triggers)
    yield Section("Triggers", columns, rows, _ABOUT if rows else "")


def triggers_of(policy: Policy, placements: Collection[str]) -> Mapping[str, str]:
    """Return a sentence for each trigger that asks one of a few placements, by the trigger's name."""
    return {one.name: _sentence(policy, one) for one in policy.triggers if one.placement in placements}


def _sentence(policy: Policy, one: Trigger) -> str:
    _, event, condition, _, asks, port, lasts, often = _row(policy, one)
    when = "" if one.when == TRUE else f" if {condition}"
    return f"{event}{when} asks {asks}, by {port}; of use for {lasts}, {often}"


def _row(policy: Policy, one: Trigger) -> tuple[str, ...]:
    channel = next((place.channel for place in policy.placements if place.name == one.placement), "")
    return (
        one.name,
        f"{one.kind.value} {one.event}",
        "always" if one.when == TRUE else text(one.when),
        listed(attribute for _, attribute in one.properties),
        f"{one.placement} on {channel}",
        f"the port {one.port}",
        length(one.lasts_s),
        f"at most {counted(one.count, 'time')} within {length(one.within_s)}",
    )
