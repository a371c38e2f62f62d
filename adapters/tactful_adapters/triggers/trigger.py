"""A trigger: which placement an event decides, and what of the event the decision may know. It sends nothing."""

from collections.abc import Mapping
from typing import Final

import attrs

import tactful

_HOUR_S: Final = 3_600
_SECOND_US: Final = 1_000_000


@attrs.frozen
class Trigger:
    """
    What an event starts.

    Attributes:
        placement: The placement that is decided, on a channel that is outbound.
        context: Which property of the event is which attribute of the moment: property by attribute.
        lasts_s: So long after the event there is something to say [s], > 0; what waits longer is dropped.
        once_in_s: Another event for the same customer starts nothing within this time [s], >= 0.
    """

    placement: str
    context: Mapping[str, str] = attrs.field(factory=dict)
    lasts_s: int = attrs.field(default=6 * _HOUR_S, validator=attrs.validators.gt(0))
    once_in_s: int = attrs.field(default=_HOUR_S, validator=attrs.validators.ge(0))

    def moment(self, event: tactful.Event) -> Mapping[str, object]:
        """Return the attributes of the moment that an event tells."""
        found = {attribute: event.fields.get(field) for attribute, field in self.context.items()}
        return {attribute: value for attribute, value in found.items() if value is not None}

    def until_us(self, event: tactful.Event) -> int:
        """Return until when there is something to say [us since 1970]."""
        return event.at_us + self.lasts_s * _SECOND_US

    def check(self, name: str, policy: tactful.Policy) -> None:
        """
        Hold a trigger against a policy.

        Args:
            name: The event's name, for messages.
            policy: The policy.

        Raises:
            UsageError: If the placement or an attribute is not there, or nothing goes out there.
        """
        channels = {one.name: one.channel for one in policy.placements}
        if self.placement not in channels:
            raise tactful.UsageError(f"trigger {name!r}: the policy has no placement {self.placement!r}")
        outbound = {one.name: one.outbound for one in policy.channels}
        if not outbound[channels[self.placement]]:
            raise tactful.UsageError(f"trigger {name!r}: {self.placement} is on no channel with outbound: true")
        if unknown := sorted(self.context.keys() - {one.name for one in policy.context}):
            raise tactful.UsageError(f"trigger {name!r}: the policy's context has no {', '.join(unknown)}")
