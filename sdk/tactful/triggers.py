"""Triggers: which event of a client asks which placement, and by which port the answer goes out. It sends nothing."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from .events import Event, EventKind, at_path
from .expr import TRUE, Expr

_SECOND_US: Final = 1_000_000
#: The kinds of events that have a name, and so can start something.
NAMED: Final = (EventKind.TRACK, EventKind.PAGE, EventKind.SCREEN)


@attrs.frozen
class Trigger:
    """
    What an event starts.

    Attributes:
        name: What it is called.
        event: The event's name.
        placement: The placement that is asked, on a channel that is outbound.
        port: The outbound port by which the answer goes, by the name that the application gives it.
        kind: Which kind of event.
        when: It starts only if this is surely true; it reads the context and `now`.
        properties: Which property of the event is which attribute of the context.
        lasts_s: So long after the event there is something to say [s], > 0; what waits longer is dropped.
        count: So often at most it starts something for a customer within `within_s`, >= 1.
        within_s: The time in which `count` counts [s], > 0.
    """

    name: str
    event: str
    placement: str
    port: str
    kind: EventKind = EventKind.TRACK
    when: Expr = TRUE
    properties: tuple[tuple[str, str], ...] = ()
    lasts_s: int = 21_600
    count: int = 1
    within_s: int = 3_600

    def moment(self, event: Event) -> Mapping[str, object]:
        """Return the attributes of the context that an event tells."""
        found = {attribute: at_path(event.fields, field) for field, attribute in self.properties}
        return {attribute: value for attribute, value in found.items() if value is not None}

    def until_us(self, event: Event) -> int:
        """Return until when there is something to say [us since 1970]."""
        return event.at_us + self.lasts_s * _SECOND_US

    @property
    def within_us(self) -> int:
        """The time in which `count` counts [us]."""
        return self.within_s * _SECOND_US


def misused(triggers: Iterable[Trigger], outbound: Mapping[str, bool]) -> Iterator[tuple[tuple[str, ...], str]]:
    """
    Yield what a policy says of triggers that cannot be meant: under which keys, and why.

    Args:
        triggers: The policy's triggers.
        outbound: Whether a placement's channel is outbound, by placement.
    """
    for one in triggers:
        if outbound.get(one.placement) is False:
            why = f"trigger {one.name}: {one.placement} is on no channel that is outbound, so nothing goes out there"
            yield (one.name, "placement"), why
        if one.kind not in NAMED:
            yield (one.name, "kind"), f"trigger {one.name}: an event of kind {one.kind.value} has no name"
        told: set[str] = set()
        for field, attribute in one.properties:
            if attribute in told:
                yield (one.name, "properties", field), f"trigger {one.name}: {attribute!r} is told twice"
            told.add(attribute)
