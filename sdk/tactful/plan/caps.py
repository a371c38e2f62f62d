"""Caps as sets: for each value of what a cap counts by, the treatments that stay allowed once it is reached."""

from collections.abc import Iterator, Mapping

import attrs

from ..catalog import Catalog, Entry
from ..clock import SECOND_US
from ..contacts import Contact
from ..familiarity import Familiarity
from ..limits import Cap, Dimension, Scope
from ..topics import TopicGraph
from .bounds import Bound, over


@attrs.frozen(eq=False)
class CapPlan:
    """
    One cap over one catalog.

    Attributes:
        id: The rule's id.
        cap: The cap.
        count: So many events are allowed.
        within_us: Its window [us].
        suppress_us: How long it stays reached after the event that reached it [us]; 0 means as the window says.
        reached: By value of the cap's dimension, the treatments that it withholds (or that it lets no affinity
            rank) when it is reached for that value.
        reason: Why, for an engineer.
        say: Why, for a customer.
    """

    id: str
    cap: Cap
    count: int
    within_us: int
    suppress_us: int
    reached: Mapping[str, "Reach"]
    reason: str
    say: str


@attrs.frozen(eq=False)
class Reach:
    """What follows when a cap is reached for one value: the treatments withheld, and those that no affinity ranks."""

    withheld: int
    blind: int


def caps_of(catalog: Catalog, bounds: tuple[Bound, ...]) -> tuple[CapPlan, ...]:
    """Return the caps among the bounds, in their order."""
    return tuple(_plan(catalog, bound, bound.limit) for bound in bounds if isinstance(bound.limit, Cap))


def _plan(catalog: Catalog, bound: Bound, cap: Cap) -> CapPlan:
    scopes: dict[str, int] = {}
    for index in cap.scope:
        for value in entry_values(catalog, catalog.entries[index], cap.of):
            scopes[value] = scopes.get(value, 0) | 1 << index
    return CapPlan(
        bound.id,
        cap,
        cap.count,
        cap.within_s * SECOND_US,
        (cap.suppress_s or 0) * SECOND_US,
        {value: _reach(catalog, cap, Scope(bits)) for value, bits in scopes.items()},
        bound.reason,
        bound.say,
    )


def _reach(catalog: Catalog, cap: Cap, scope: Scope) -> Reach:
    if cap.then == "downgrade":
        softened = over(catalog, scope, Familiarity.CONTEXT, Familiarity.CONTEXT)
        return Reach(softened.bits, scope.bits)
    return Reach(scope.bits, 0)


def entry_values(catalog: Catalog, entry: Entry, dimension: Dimension) -> Iterator[str]:
    """Yield the values of a dimension under which a treatment is limited; a channel limits all that may use it."""
    offer = entry.offer
    match dimension:
        case "offer":
            yield offer.id
        case "topic":
            yield from catalog.topics.above(offer.topic)
        case "tag":
            yield from offer.tags
        case "owner":
            yield from (offer.owner,) if offer.owner else ()
        case "channel":
            yield from (channel.name for channel in catalog.policy.channels)
        case "all":
            yield ""


def contact_values(topics: TopicGraph, contact: Contact, cap: Cap) -> tuple[str, ...]:
    """Return the values of a cap's dimension under which a contact counts; of an empty one, none."""
    match cap.of:
        case "offer":
            values: tuple[str, ...] = (contact.offer,)
        case "topic":
            values = (contact.topic,) if cap.exact else topics.above(contact.topic)
        case "tag":
            values = contact.tags
        case "owner":
            values = (contact.owner,)
        case "channel":
            values = (contact.channel,)
        case "all":
            return ("",)
    return tuple(value for value in values if value)
