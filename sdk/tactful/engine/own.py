"""Own: what of a customer's own caps count by: the time zone, and how many events each allows. It counts none."""

from collections.abc import Sequence
from datetime import tzinfo

import attrs

from ..plan.plan import Plan
from ..plan.windows import zone_of
from ..profile import Snapshot
from ..schema import Value, ValueType


@attrs.frozen
class Own:
    """
    What caps count by.

    Attributes:
        zone: The time zone, or None if it is not known.
        counts: How many events each cap allows, by its number: as many as the policy says, or fewer; 0 allows none.
    """

    zone: tzinfo | None
    counts: tuple[int, ...]


def unstated(plan: Plan) -> Own:
    """Return what a customer is counted by who has stated nothing: no time zone, and the policy's numbers."""
    return plan.once("unstated", lambda: Own(None, tuple(cap.cap.count for cap in plan.caps)))


def shared(plan: Plan) -> Own:
    """Return what households and everyone are counted by: the organization's time zone, and the policy's numbers."""
    return plan.once("shared", lambda: Own(shared_zone(plan), unstated(plan).counts))


def own(plan: Plan, snapshot: Snapshot | None, protective: Sequence[Value | None]) -> Own:
    """
    Return what a customer is counted by.

    Args:
        plan: The plan with the caps.
        snapshot: The profile; None if it is not known.
        protective: The protective view of it, so that nothing hides a wish.
    """
    return counted_by(plan, own_zone(plan, snapshot), protective)


def counted_by(plan: Plan, zone: tzinfo | None, protective: Sequence[Value | None]) -> Own:
    """Return what a customer is counted by whose time zone and protective view are known."""
    nothing = unstated(plan)
    if zone is None and not wishes(plan):
        return nothing
    fewer = {number: _wished(protective, place) for number, place in wishes(plan)}
    return Own(zone, tuple(min(count, fewer.get(number, count)) for number, count in enumerate(nothing.counts)))


def own_zone(plan: Plan, snapshot: Snapshot | None) -> tzinfo | None:
    """Return a customer's own time zone, or None if it is not known."""
    name = plan.policy.values.customer_zone
    found = None if snapshot is None or not name else snapshot.attributes.get(name)
    return zone_of(found.value) if found is not None and isinstance(found.value, str) else None


def shared_zone(plan: Plan) -> tzinfo | None:
    """Return the time zone in which households and everyone are counted: the organization's."""
    return zone_of(plan.policy.values.zone)


def wishes(plan: Plan) -> tuple[tuple[int, int | None], ...]:
    """Return the caps by number that know a wish, each with its place in the protective view; None if it has none."""

    def make() -> tuple[tuple[int, int | None], ...]:
        places = {one.name: place for place, one in enumerate(plan.slots.protective) if one.type is ValueType.INT}
        return tuple((cap.number, places.get(cap.cap.wish)) for cap in plan.caps if cap.cap.wish)

    return plan.once("wishes", make)


def _wished(protective: Sequence[Value | None], place: int | None) -> int:
    """Return how many events are wished for: none where that is not known, and where it is less than none."""
    wish = None if place is None else protective[place]
    return max(wish, 0) if isinstance(wish, int) else 0
