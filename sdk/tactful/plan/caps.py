"""Caps and quiet hours as sets: what follows once a cap is reached for a value that it counts by. It counts nothing."""

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Final

import attrs

from ..bitset import bits_of
from ..catalog import Catalog, Entry
from ..clock import SECOND_US
from ..contacts import Contact
from ..limits import Calendar, Cap, Counted, Dimension, Quiet, Scope
from ..pieces import in_pieces
from ..topics import TopicGraph
from .bounds import Bound, over
from .windows import leaves_us, length_us, zone_of

#: The event that an exposure is recorded as, and that reservations count as.
SHOWN: Final = "shown"


@attrs.frozen(eq=False)
class Reach:
    """What follows when a cap is reached for one value: the treatments withheld, and those that no affinity ranks."""

    withheld: int
    blind: int


@attrs.frozen(eq=False)
class CapPlan:
    """
    One cap over one catalog.

    Attributes:
        number: Its place among the caps.
        id: The rule's id.
        cap: The cap.
        reached: By value of the cap's dimension, what follows when it is reached for that value.
        wholly: What follows when it is reached for every offer; None for a cap of another dimension.
        counts_shown: Whether it counts what is shown.
        weighted: Whether it counts some events as more or less than one.
        fills: Whether picks of one page fill it together: it counts what is shown, and not for each offer alone.
        rolling_us: The length of its window [us]; None for one of the calendar.
        suppress_us: How long it stays reached after the event that reached it [us]; 0 means as the window says.
        longest_us: No event concerns it for longer than this [us].
        reason: Why, for an engineer.
        say: Why, for a customer.
    """

    number: int
    id: str
    cap: Cap
    reached: Mapping[str, Reach]
    wholly: Reach | None
    counts_shown: bool
    weighted: bool
    fills: bool
    rolling_us: int | None
    suppress_us: int
    longest_us: int
    reason: str
    say: str

    def limits_on(self, channel: str, value: str) -> bool:
        """Return whether it limits on a channel when it is reached for a value."""
        cap = self.cap
        return (not cap.channels or channel in cap.channels) and (cap.of != "channel" or value == channel)

    def concerns(self, channel: str, treatments: int) -> bool:
        """Return whether it could limit any of these treatments on a channel, whatever has happened."""
        here = not self.cap.channels or channel in self.cap.channels
        return here and bool(treatments & (self.cap.scope.bits | self.cap.instead.bits))

    def knows_its_clock(self, zone: tzinfo | None) -> bool:
        """Return whether the time zone by which it counts is known, given the customer's own."""
        window = self.cap.window
        return not isinstance(window, Calendar) or (zone_of(window.zone) if window.zone else zone) is not None

    def leaves_us(self, at_us: int, zone: tzinfo | None) -> int:
        """Return when an event no longer counts [us since 1970], in the customer's zone unless the cap names one."""
        if self.rolling_us is not None:
            return at_us + self.rolling_us
        window = self.cap.window
        fixed = window.zone if isinstance(window, Calendar) else ""
        return leaves_us(window, at_us, zone_of(fixed) if fixed else zone)


@attrs.frozen(eq=False)
class QuietPlan:
    """Quiet hours over one catalog: the limit, and why, for an engineer and a customer."""

    id: str
    quiet: Quiet
    reason: str
    say: str

    def hushes(self, channel: str) -> bool:
        """Return whether it concerns a channel."""
        return not self.quiet.channels or channel in self.quiet.channels

    def zone(self, own: tzinfo | None) -> tzinfo | None:
        """Return the time zone that counts, given the customer's own."""
        return zone_of(self.quiet.zone) if self.quiet.zone else own


class _ByOffer(Mapping[str, Reach]):
    """What follows when a cap is reached for an offer; made when asked, as a set for each of 100,000 is a gigabyte."""

    def __init__(self, catalog: Catalog, cap: Cap, places: Mapping[str, tuple[int, int]]) -> None:
        self._catalog = catalog
        self._cap = cap
        self._places = places
        self._all = cap.scope == catalog.all

    def _bits(self, offer: str) -> int:
        start, mask = self._places.get(offer, (0, 0))
        return mask << start & self._cap.scope.bits

    def __getitem__(self, offer: str) -> Reach:
        if not (bits := self._bits(offer)):
            raise KeyError(offer)
        return _reach(self._catalog, self._cap, Scope(bits))

    def __contains__(self, offer: object) -> bool:
        return offer in self._places and (self._all or bool(self._bits(str(offer))))

    def __iter__(self) -> Iterator[str]:
        return (offer for offer in self._places if offer in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def caps_of(catalog: Catalog, bounds: tuple[Bound, ...]) -> tuple[CapPlan, ...]:
    """Return the caps among the bounds, in their order."""
    found = [(bound, bound.limit) for bound in bounds if isinstance(bound.limit, Cap)]
    places = _places(catalog) if any(cap.of == "offer" for _, cap in found) else {}
    others: set[Dimension] = {cap.of for _, cap in found if cap.of != "offer"}
    limited = {of: _limited(catalog, of) for of in others}

    def reached(cap: Cap) -> Mapping[str, Reach]:
        return _ByOffer(catalog, cap, places) if cap.of == "offer" else _by_value(catalog, cap, limited[cap.of])

    def wholly(cap: Cap) -> Reach | None:
        return _reach(catalog, cap, cap.scope) if cap.of == "offer" else None

    return tuple(_plan(number, bound, cap, reached(cap), wholly(cap)) for number, (bound, cap) in enumerate(found))


def _places(catalog: Catalog) -> Mapping[str, tuple[int, int]]:
    """Return of each offer the index of its first treatment, and its treatments as bits from there."""
    found: dict[str, tuple[int, int]] = {}
    for entry in in_pieces(catalog.entries):
        start, mask = found.get(entry.offer.id, (entry.index, 0))
        found[entry.offer.id] = (start, mask | 1 << entry.index - start)
    return found


def quiets_of(bounds: tuple[Bound, ...]) -> tuple[QuietPlan, ...]:
    """Return the quiet hours among the bounds, in their order."""
    return tuple(QuietPlan(b.id, b.limit, b.reason, b.say) for b in bounds if isinstance(b.limit, Quiet))


def _plan(number: int, bound: Bound, cap: Cap, reached: Mapping[str, Reach], wholly: Reach | None) -> CapPlan:
    suppress_us = (cap.suppress_s or 0) * SECOND_US
    return CapPlan(
        number=number,
        id=bound.id,
        cap=cap,
        reached=reached,
        wholly=wholly,
        counts_shown=cap.counted.event == SHOWN,
        weighted=bool(cap.counted.weights),
        fills=cap.counted.event == SHOWN and cap.of != "offer",
        rolling_us=None if isinstance(cap.window, Calendar) else length_us(cap.window),
        suppress_us=suppress_us,
        longest_us=length_us(cap.window) + suppress_us,
        reason=bound.reason,
        say=bound.say,
    )


def _by_value(catalog: Catalog, cap: Cap, limited: Mapping[str, int]) -> Mapping[str, Reach]:
    return {
        value: _reach(catalog, cap, Scope(bits & cap.scope.bits))
        for value, bits in limited.items()
        if bits & cap.scope.bits
    }


def _limited(catalog: Catalog, dimension: Dimension) -> Mapping[str, int]:
    """Return the treatments that are limited under each value of a dimension."""
    alike: dict[tuple[str, ...], list[int]] = {}
    for entry in in_pieces(catalog.entries):
        alike.setdefault(tuple(entry_values(catalog, entry, dimension)), []).append(entry.index)
    found: dict[str, int] = {}
    for values, indices in alike.items():
        bits = bits_of(indices)
        for value in values:
            found[value] = found.get(value, 0) | bits
    return found


def _reach(catalog: Catalog, cap: Cap, scope: Scope) -> Reach:
    if cap.then == "downgrade":
        softened = over(catalog, scope, cap.to, cap.to)
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


def counted_values(topics: TopicGraph, contact: Contact, cap: Cap) -> tuple[str, ...]:
    """Return the values under which a cap counts a contact; none if it does not count it."""
    if cap.channels and contact.channel and contact.channel not in cap.channels:
        return ()
    return _values(topics, contact, cap) if _counts(topics, contact, cap.counted) else ()


def _counts(topics: TopicGraph, contact: Contact, counted: Counted) -> bool:
    """Return whether an event is one of those that are counted; what is not known of it speaks for counting it."""
    return (
        counted.weight(contact.event) != 0
        and (not counted.intents or contact.intent in (*counted.intents, ""))
        and (not counted.owners or contact.owner in (*counted.owners, ""))
        and (not counted.topics or not contact.topic or any(t in counted.topics for t in topics.above(contact.topic)))
        and (not counted.tags or not contact.offer or any(tag in counted.tags for tag in contact.tags))
        and not (contact.offer_class and contact.offer_class in counted.exempt)
    )


def _values(topics: TopicGraph, contact: Contact, cap: Cap) -> tuple[str, ...]:
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
    return tuple(dict.fromkeys(value for value in values if value))
