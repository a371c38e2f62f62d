"""Offers that every customer's factors treat alike: within such a group the order of base worth is the order of worth.

It knows no customer. Ranking asks each group for its best offer, and needs to look at no other.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Final

import attrs

from ..pieces import in_pieces
from .worth import RankedOffer

#: There are at most so many groups of several offers, as each has a set that is as long as the plan has offers.
_SEVERAL_MAX: Final = 2000
#: Of so many groups none is looked up by what a customer likes best: to go through them all takes less.
_FEW: Final = 256


@attrs.frozen(eq=False)
class Group:
    """
    Offers that are alike in all that a factor depends on.

    Attributes:
        first: Its best offer by base worth.
        bits: The treatments of all its offers; 0 where the first is the only one, which tells its own.
    """

    first: RankedOffer
    bits: int


def groups_of(offers: Sequence[RankedOffer]) -> tuple[Group, ...]:
    """
    Return the groups of offers that are in the order of base worth, the one with the best offer first.

    Where they would be very many groups, a few offers that are alike stay alone: with an affinity for each, there are
    as many groups as offers.
    """
    members: dict[object, list[RankedOffer]] = {}
    for one in in_pieces(offers):
        # No factor depends on the topic; but what a page has enough of is mostly a topic, and then a whole group.
        alike = (one.helps, one.purpose, one.offer.affinity, one.boosts, one.offer.topic)
        members.setdefault(alike, []).append(one)
    found: list[Group] = []
    alone = max(1, len(offers) // _SEVERAL_MAX)
    for several in in_pieces(members.values()):
        if len(several) <= alone:
            found += [Group(one, 0) for one in several]
        else:
            found.append(Group(several[0], reduce(or_, (one.bits for one in several))))
    return tuple(sorted(found, key=lambda group: group.first.index))


@attrs.frozen(eq=False)
class Grouped:
    """
    The groups of the offers that help, or of those that do not.

    Attributes:
        helps: Whether they help.
        groups: The groups, the one with the best offer first.
        of_affinity: The same by the key of their affinity; nothing where they are so few that all are looked at.
    """

    helps: bool
    groups: tuple[Group, ...]
    of_affinity: Mapping[str, tuple[Group, ...]]


def grouped(groups: Sequence[Group]) -> tuple[Grouped, ...]:
    """Return groups in the order of base worth, those that help apart from the others and before them."""
    found = []
    for helps in (True, False):
        some = tuple(group for group in in_pieces(groups) if group.first.helps is helps)
        by: dict[str, list[Group]] = {}
        for group in in_pieces(some if len(some) > _FEW else ()):
            by.setdefault(group.first.offer.affinity, []).append(group)
        if some:
            found.append(Grouped(helps, some, {key: tuple(several) for key, several in in_pieces(by.items())}))
    return tuple(found)


def starts_of(offers: Sequence[RankedOffer]) -> tuple[tuple[int, int], ...]:
    """Return for each width of offers, where they start, as bits."""
    starts: dict[int, int] = {}
    for one in in_pieces(offers):
        starts[one.width] = starts.get(one.width, 0) | 1 << one.start
    return tuple(starts.items())


def whole(starts: Sequence[tuple[int, int]], bits: int) -> int:
    """Return all treatments of the offers of which some are in a set, by where offers of each width start."""
    found = 0
    for width, where in starts:
        some = 0
        for place in range(width):
            some |= bits >> place & where
        for place in range(width):
            found |= some << place
    return found
