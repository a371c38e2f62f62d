"""Heads: groups by the best of their offers that are allowed, best first, as far as anyone asks. It chooses none.

Two ways lead to the groups: in the order of base worth, and by what the customer likes most. Both are gone at once, and
a group is given as soon as none that neither way has come to can precede it (Fagin, Lotem and Naor's threshold
algorithm). So it costs what is asked for, whether the worths are alike or the affinities are.
"""

from collections.abc import Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from math import inf
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from ..plan.groups import Group, Grouped
from ..plan.plan import Plan
from ..plan.worth import RankedOffer

if TYPE_CHECKING:
    from .rank import Factors

#: So many groups are looked at before it is seen what of them is surely the best.
_STEP: Final = 32
#: A group by an offer that no open one of it precedes: whether it is no help, its worth below 0 and the index of its
#: first treatment, by which groups are in order; then the treatments of the group, 0 if it is the only offer, and their
#: factor.
Head = tuple[bool, float, int, int, float]
#: What no group that has not been looked at yet precedes, as the beginning of a head.
_Limit = tuple[bool, float, int]
#: Where nothing is left.
_END: Final[_Limit] = (True, inf, 0)
#: To look at a group takes as long as to put so many affinities in order.
_SCORES_A_GROUP: Final = 4
#: Down to which share of the highest affinity affinities are sorted at a time: mostly the first are enough.
_SHARES: Final = (0.75, 0.5, 0.0)
_BY_SCORE: Final = itemgetter(1)


def head_of(offer_at: tuple[RankedOffer, ...], there: int, bits: int, factor: float) -> Head:
    """Return a group by the best offer of those of its treatments that are there."""
    ranked = offer_at[(there & -there).bit_length() - 1]
    return not ranked.helps, -ranked.base * factor, ranked.start, bits, factor


def heads(plan: Plan, allow: int, factors: "Factors") -> Iterator[Head]:
    """Yield the groups by their best allowed offers, best first."""
    for grouped in plan.grouped:
        heap: list[Head] = []
        for groups, limit in _looks(grouped, factors):
            _look(heap, groups, plan, allow, factors)
            while heap and heap[0][:3] < limit:
                yield heappop(heap)
        while heap:
            yield heappop(heap)


def _look(
    heap: list[Head], groups: tuple[Group, ...] | list[Group], plan: Plan, allow: int, factors: "Factors"
) -> None:
    """Put the heads of groups on a heap, by no call of Python's for each: there are many for every new customer."""
    scores, blind, boosts = factors.scores, factors.blind, factors.boosts
    absent, ceiling = factors.ranking.absent, factors.ranking.ceiling
    for group in groups:
        first, bits = group.first, group.bits
        start, base = first.start, first.base
        if not allow >> start & first.mask:  # mostly the best one is allowed
            there = allow & bits
            if not there:
                continue
            best = plan.offer_at[(there & -there).bit_length() - 1]
            start, base = best.start, best.base
        known = scores[first.purpose]
        if blind and (unliked := blind & (bits or first.bits)):
            if bits and unliked != bits:
                heap += _divided(group, unliked, plan, allow, factors)
                heapify(heap)
                continue
            known = None
        factor = absent
        if known is not None:
            factor = known.get(first.offer.affinity, absent)
            if factor > ceiling:  # noqa: PLR1730 - quicker than `min`, for every group of every customer
                factor = ceiling
        for bit, times in boosts:
            if first.boosts & bit:
                factor *= times
        heappush(heap, (not first.helps, -base * factor, start, bits, factor))


def _divided(group: Group, unliked: int, plan: Plan, allow: int, factors: "Factors") -> Iterator[Head]:
    """Yield the heads of a group of whose offers no affinity ranks some: those of the others, and theirs."""
    for bits in (group.bits ^ unliked, unliked):
        if there := allow & bits:
            yield head_of(plan.offer_at, there, bits, factors.of(group.first, blind=bits == unliked))


def _looks(grouped: Grouped, factors: "Factors") -> Iterator[tuple[tuple[Group, ...] | list[Group], _Limit]]:
    """Yield what to look at next, and what nothing precedes that is left then."""
    groups, likely = grouped.groups, grouped.of_affinity
    if len(groups) <= _STEP:
        yield groups, _END
        return
    place, highest, known = 0, 0.0, factors.known()
    few = max(2 * _STEP, sum(map(len, known)) // _SCORES_A_GROUP) if likely else len(groups)
    while place < few:
        further = groups[place : min(few, place + max(_STEP, place))]
        place += len(further)
        if place >= len(groups):
            yield further, _END
            return
        highest = highest or factors.highest()
        yield further, _limit(groups[place], highest)
    floor = factors.floor(likely)
    done: set[str] = set()
    liked: list[Group] = []
    for key, score in _descending(known, floor):
        if key in done:
            continue
        done.add(key)
        begin = groups[place].first.index
        liked += [group for group in likely.get(key, ()) if group.first.index >= begin]
        if len(liked) >= _STEP:
            further = groups[place : place + _STEP]
            place += len(further)
            liked += [group for group in further if group.first.offer.affinity not in done]
            if place == len(groups):
                break
            yield liked, _limit(groups[place], factors.boosted(max(floor, min(score, factors.ranking.ceiling))))
            liked = []
    while place < len(groups):
        further = groups[place : place + _STEP]
        place += len(further)
        liked += [group for group in further if group.first.offer.affinity not in done]
        if place < len(groups):
            yield liked, _limit(groups[place], factors.boosted(floor))
            liked = []
    yield liked, _END


def _limit(group: Group, factor: float) -> _Limit:
    return not group.first.helps, -group.first.base * factor, group.first.start


def _descending(known: Sequence[Mapping[str, float]], floor: float) -> Iterator[tuple[str, float]]:
    """Yield the affinities that any purpose knows and that are above a floor, the highest first, sorted when asked."""
    above = max((max(one.values()) for one in known), default=0.0)
    for share in _SHARES:
        least = max(floor, above * share)
        some = [item for one in known for item in one.items() if least < item[1] <= above]
        yield from sorted(some, key=_BY_SCORE, reverse=True)
        above = least
