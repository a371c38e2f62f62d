"""Telling: what one event says that the policy takes, under the purposes that its customer allows. It keeps nothing."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

import attrs

from ..errors import ValueRefused
from ..events import Event, EventContact, Events, Fate, at_path
from ..plan.plan import Plan
from ..profile import Observation, Snapshot
from ..schema import check_value

_ABSENT: Final = object()


@attrs.frozen(repr=False)
class Told:
    """
    What an event tells.

    Attributes:
        observations: By attribute.
        removed: The attributes of which nothing is to be known any more.
        contacts: What it counts as.
        fates: What became of the parts that tell nothing.
    """

    observations: Mapping[str, Observation]
    removed: AbstractSet[str]
    contacts: Sequence[EventContact]
    fates: Sequence[Fate]

    def __bool__(self) -> bool:
        return bool(self.observations or self.removed or self.contacts)


def told(plan: Plan, event: Event, allowed: AbstractSet[str]) -> Told:
    """
    Return what an event tells.

    Args:
        plan: The plan; its policy says what is taken from events.
        event: The event.
        allowed: The purposes for which something may be kept. What is to be forgotten needs none.
    """
    observations: dict[str, Observation] = {}
    removed: set[str] = set()
    fates: list[Fate] = []
    for feed in plan.policy.events.feeds:
        if (feed.kind, feed.event) != (event.kind, event.name if feed.event else ""):
            continue
        value = at_path(event.fields, feed.field, _ABSENT)
        if value is _ABSENT:
            continue
        spec = plan.attribute_specs[feed.attribute]
        if value is None:
            removed.add(feed.attribute)
        elif not may_keep(spec.purposes, allowed):
            fates.append(Fate.NOT_ALLOWED)
        else:
            try:
                checked = check_value(spec.type, value)
            except ValueRefused:
                fates.append(Fate.NOT_FITTING)
            else:
                source = feed.source or spec.source
                observations[feed.attribute] = Observation(checked, source, event.at_us, feed.confidence)
    contacts = []
    for contact in contacts_in(plan.policy.events, event):
        if may_keep(() if contact.purpose is None else (contact.purpose,), allowed):
            contacts.append(contact)
        else:
            fates.append(Fate.NOT_ALLOWED)
    return Told(observations, removed - observations.keys(), contacts, fates)


def contacts_in(events: Events, event: Event) -> Iterator[EventContact]:
    """Yield what an event counts as."""
    return (one for one in events.contacts if (one.kind, one.event) == (event.kind, event.name))


def may_keep(purposes: Sequence[str], allowed: AbstractSet[str]) -> bool:
    """Return whether what serves some purposes may be kept; where none is named, it serves all."""
    return not allowed.isdisjoint(purposes) if purposes else bool(allowed)


def text_at(event: Event, field: str) -> str:
    """Return the text that an event has in a field, or an empty one."""
    found = at_path(event.fields, field) if field else ""
    return found if isinstance(found, str) else ""


def amended(
    before: Snapshot | None, customer: str, said: Told, at_us: int, now_us: int, fed: AbstractSet[str]
) -> tuple[Snapshot, int]:
    """
    Return a customer's own snapshot with what an event tells, and how much of it was news.

    What was observed later stays. A snapshot that events alone have filled is as new as the last of them.

    Args:
        before: The snapshot before, or None.
        customer: The customer's id.
        said: What the event tells.
        at_us: When it happened [us since 1970].
        now_us: The moment [us since 1970].
        fed: The attributes that events can tell.
    """
    known = Snapshot(customer, now_us, {}) if before is None else before
    attributes = dict(known.attributes)
    news = 0
    for name, observation in said.observations.items():
        last = attributes.get(name)
        if last is None or last.at_us <= observation.at_us:
            attributes[name] = observation if last is None else attrs.evolve(observation, gave_us=last.gave_us)
            news += 1
    for name in said.removed:
        last = attributes.get(name)
        if last is not None and last.at_us <= at_us:
            del attributes[name]
            news += 1
    made_us = max(known.at_us, now_us) if not known.epoch and attributes.keys() <= fed else known.at_us
    return attrs.evolve(known, attributes=attributes, at_us=made_us), news
