"""Placements that are decided together, and the treatments that they take. It knows no customer and no moment."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Final

import attrs

from ..catalog import Catalog, Entry
from ..offers import Placement
from ..pieces import in_pieces

#: What is longer was never meant as a name, and looking for the nearest takes the square of it.
_NAME_MAX_CHARS: Final = 100


@attrs.frozen(eq=False)
class PlacementPlan:
    """
    A placement, and the treatments that it takes.

    Attributes:
        placement: The placement.
        mask: The treatments that it takes.
        besides: By topic, all treatments but its own; those of topics under it are not its own.
    """

    placement: Placement
    mask: int
    besides: Mapping[str, int]


@attrs.frozen(eq=False)
class Page:
    """
    The placements that are decided together; all are of one channel.

    Attributes:
        placements: In the order in which they were named.
        mask: The treatments that any of them takes.
        slots: All their slots.
        takes: For each placement, the treatments for which it has a slot.
        open: The treatments for which any of them has one.
    """

    placements: tuple[PlacementPlan, ...]
    mask: int
    slots: int
    takes: tuple[int, ...]
    open: int


def taken_by(catalog: Catalog, placement: Placement) -> int:
    """Return the treatments that a placement takes, by what their offers are and where they may be."""

    def takes(entry: Entry) -> bool:
        offer = entry.offer
        return (
            (not offer.placements or placement.name in offer.placements)
            and (not placement.intents or offer.intent in placement.intents)
            and (not placement.moments or offer.moment in placement.moments)
            and (not placement.topics or any(t in placement.topics for t in catalog.topics.above(offer.topic)))
        )

    return catalog.where(takes).bits


def besides_of(catalog: Catalog) -> Mapping[str, int]:
    """Return by topic all treatments but its own; those of topics under it are not its own."""
    found: dict[str, int] = {}
    for entry in in_pieces(catalog.entries):
        found[entry.offer.topic] = found.get(entry.offer.topic, 0) | 1 << entry.index
    return {topic: catalog.all.bits ^ bits for topic, bits in found.items()}


def named(placement: object) -> str:
    """Return a placement's name; what is no text stands as its type, which names none, and is told like any other."""
    return placement if isinstance(placement, str) else f"<{type(placement).__name__}>"


def page_of(placements: Mapping[str, PlacementPlan], names: Sequence[str]) -> tuple[Page | None, tuple[str, ...]]:
    """Return the page of placements, and what is wrong with their names; all are of the first one's channel."""
    known = [placements[name] for name in names if name in placements]
    wrong = [
        f"placement {name!r} is not in the policy{_nearest(name, placements)}"
        for name in names
        if name not in placements
    ]
    if not names:
        wrong = ["no placement is named"]
    if not known:
        return None, tuple(wrong)
    channel = known[0].placement.channel
    here = [one for one in known if one.placement.channel == channel]
    wrong += [f"placement {one.placement.name!r} is not on {channel!r}" for one in known if one not in here]
    mask = reduce(or_, (one.mask for one in here))
    takes = tuple(one.mask if one.placement.slots else 0 for one in here)
    return Page(tuple(here), mask, sum(one.placement.slots for one in here), takes, reduce(or_, takes)), tuple(wrong)


def _nearest(name: object, known: Iterable[str]) -> str:
    """Return a question for the placement that was probably meant, or nothing."""
    if not isinstance(name, str) or len(name) > _NAME_MAX_CHARS:
        return ""
    near = difflib.get_close_matches(name, sorted(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
