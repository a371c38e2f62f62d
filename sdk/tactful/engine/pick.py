"""Pick: one filled slot, as its caller sees it."""

from collections.abc import Mapping

import attrs

from ..familiarity import Familiarity
from . import render
from .moment import Chosen, Moment


@attrs.frozen(repr=False)
class Pick:
    """
    One filled slot.

    Attributes:
        placement: The placement's name.
        offer: The offer's id.
        treatment: The treatment's id.
        tone: How much the text shows that it knows.
        basis: How much selected it; PERSONAL if the customer's affinity ranked it.
        worth: Its expected worth.
        content: What to render: fields by name.
    """

    placement: str
    offer: str
    treatment: str
    tone: Familiarity
    basis: Familiarity
    worth: float
    content: Mapping[str, str]

    def __repr__(self) -> str:  # the content can be personal
        return f"<Pick {self.offer}/{self.treatment} at {self.placement}, {self.tone.name}>"


def pick_of(moment: Moment, one: Chosen) -> Pick:
    """Return what fills a slot, with its content."""
    entry = moment.plan.catalog.entries[one.index]
    return Pick(
        moment.page.placements[one.placement].placement.name,
        entry.offer.id,
        entry.treatment.id,
        entry.labels.tone,
        basis_of(moment, one),
        one.worth,
        render.content(moment, one.index, one.ranked.purpose),
    )


def basis_of(moment: Moment, one: Chosen) -> Familiarity:
    """Return how much selected what fills a slot; PERSONAL if the customer's affinity ranked it."""
    if moment.affinities.personal(one.ranked):
        return Familiarity.PERSONAL
    return moment.plan.catalog.entries[one.index].labels.basis
