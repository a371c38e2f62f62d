"""The value matrix: segments by offers, with what is expected. It ranks what could be done, and decides nothing."""

from collections.abc import Iterable, Mapping

import attrs

from ..expr import Call, Expr, Var, conjuncts, reads
from ..offers import Offer
from ..policy import Expectation, Policy


@attrs.frozen
class Row:
    """
    A segment.

    Attributes:
        segment: Its name.
        size: How many customers it has, as counted; None if nobody counted.
        within: The segments that it lies within, as its rule says.
    """

    segment: str
    size: int | None
    within: tuple[str, ...]


@attrs.frozen
class Opportunity:
    """
    An offer for a segment.

    Attributes:
        segment: The segment.
        offer: The offer's id.
        size: How many customers the segment has; None if nobody counted.
        satisfaction: The share that is expected to be glad, 0 to 1; None if nothing is expected.
        retention: The share that is expected to stay, likewise.
        reach: The share of the policy's channels on which it can be shown, 0 to 1.
        promise: Customers to be won: size x (satisfaction + retention) / 2 x reach; None if it cannot be told.
    """

    segment: str
    offer: str
    size: int | None
    satisfaction: float | None
    retention: float | None
    reach: float
    promise: float | None


@attrs.frozen
class Matrix:
    """
    The matrix.

    Attributes:
        rows: The segments, the outer ones before those within them.
        opportunities: The cells, the most promising first; those of which nothing can be told last.
        unaddressed: Segments that no offer speaks to, nor to one that they lie within.
        unexpected: Offers that speak to a segment, and of which nothing is expected there.
        uncounted: Segments that nobody counted.
    """

    rows: tuple[Row, ...]
    opportunities: tuple[Opportunity, ...]
    unaddressed: tuple[str, ...]
    unexpected: tuple[tuple[str, str], ...]
    uncounted: tuple[str, ...]


def matrix_of(policy: Policy) -> Matrix:
    """
    Return the matrix of a policy.

    A cell is there if an offer's rule asks for the segment, or if something is expected of the pair. What no cell says
    is taken from what the offer declares, for whomever it is for. What an offer's
    rule asks of customers besides is not counted, so that a promise is the most that there is to win.
    """
    within = {one.name: _within(policy, one.name) for one in policy.segments}
    sizes = {one.name: one.size for one in policy.segments}
    offers = {offer.id: offer for offer in policy.offers}
    expected = {(one.segment, one.offer): one for one in policy.expectations}
    spoken = [(name, offer.id) for offer in policy.offers for name in sorted(_asks_for(offer) & sizes.keys())]
    pairs = [pair for pair in dict.fromkeys((*spoken, *expected)) if pair[0] in sizes and pair[1] in offers]
    cells = [_cell(policy, sizes, offers[offer], expected.get((name, offer)), name) for name, offer in pairs]
    addressed = {name for name, _ in pairs}
    names = sorted(sizes, key=lambda name: (len(within[name]), name))
    return Matrix(
        tuple(Row(name, sizes[name], tuple(sorted(within[name]))) for name in names),
        tuple(sorted(cells, key=lambda c: (c.promise is None, -(c.promise or 0.0), c.segment, c.offer))),
        tuple(name for name in names if addressed.isdisjoint({name, *within[name]})),
        tuple((c.segment, c.offer) for c in cells if c.satisfaction is None and c.retention is None),
        tuple(name for name in names if sizes[name] is None),
    )


def _cell(
    policy: Policy, sizes: Mapping[str, int | None], offer: Offer, expected: Expectation | None, segment: str
) -> Opportunity:
    glad = offer.satisfaction if expected is None or expected.satisfaction is None else expected.satisfaction
    stay = offer.retention if expected is None or expected.retention is None else expected.retention
    size, reach = sizes[segment], _reach(policy, offer)
    told = size is not None and (glad is not None or stay is not None)
    promise = (size or 0) * ((glad or 0.0) + (stay or 0.0)) / 2 * reach if told else None
    return Opportunity(segment, offer.id, size, glad, stay, reach, promise)


def _reach(policy: Policy, offer: Offer) -> float:
    """Return the share of the channels that have a place which takes the offer; a place's topics are not asked."""
    places = [
        place
        for place in policy.placements
        if (not offer.placements or place.name in offer.placements)
        and (not offer.channels or place.channel in offer.channels)
        and (not place.intents or offer.intent in place.intents)
        and (not place.moments or offer.moment in place.moments)
    ]
    return len({place.channel for place in places}) / max(len(policy.channels), 1)


def _asks_for(offer: Offer) -> set[str]:
    """Return the segments whose members an offer's rule asks for: what is negated is not asked for."""
    return set(_named(conjuncts(offer.when)))


def _within(policy: Policy, name: str) -> set[str]:
    """Return the segments that all members of a segment are in, as its rule says, and theirs, however far out."""
    rules = {one.name: one.when for one in policy.segments}
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for rule in conjuncts(rules[waiting.pop()]):
            outer = rule.name.removeprefix("segment.") if isinstance(rule, Var) else ""
            if isinstance(rule, Var) and rule.name.startswith("segment.") and outer in rules and outer not in found:
                found.add(outer)
                waiting.append(outer)
    return found - {name}


def _named(rules: Iterable[Expr]) -> Iterable[str]:
    for rule in rules:
        if isinstance(rule, Call) and rule.fn in ("&&", "||"):
            yield from _named(rule.args)
        elif isinstance(rule, Var):
            yield from (name.removeprefix("segment.") for name in reads(rule) if name.startswith("segment."))
