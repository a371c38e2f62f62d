"""Compose: the best offer first, each once, into the first placement that has room; then shares of what is filled."""

from collections.abc import Callable, Sequence

import attrs

from ...limits import AtMost
from ...offers import Offer, Placement
from ...policy import Policy
from .answer import Entry
from .applying import Applying
from .labels import lineage

#: So that a share of 0.2 of 5 slots is 1 in spite of binary fractions.
EPSILON = 1e-9


@attrs.frozen
class Filled:
    """A slot of the page's placement with this number, with what fills it."""

    place: int
    entry: Entry
    worth: float


@attrs.frozen
class Slate:
    """What fills a page, best first; what was taken out again, with the id of the quota; and both, as it was chosen."""

    shown: tuple[Filled, ...]
    taken_out: tuple[tuple[str, Filled], ...]
    chosen: tuple[Filled, ...]


@attrs.frozen
class Composer:
    """
    Fills one page, under the quotas and caps that apply.

    Attributes:
        filling: Gives the ids of the caps that these offers, once on the page, fill for a treatment.
    """

    policy: Policy
    page: Sequence[Placement]
    quotas: Sequence[Applying]
    filling: Callable[[Entry, Sequence[Offer]], tuple[str, ...]]

    def fill(self, ranked: Sequence[tuple[float, Sequence[Entry]]]) -> Slate:
        """Return what fills the page, of the treatments of each offer that are allowed, the best offer first."""
        chosen: list[Filled] = []
        for worth, entries in ranked:
            left = [entry for entry in entries if not self.no_room(entry, chosen)]
            place = self.room(entries[0].offer, chosen) if left else None
            if place is not None:
                chosen.append(Filled(place, self.least_familiar(left), worth))
        shown, taken_out = self.under_shares(chosen)
        return Slate(tuple(shown), tuple(taken_out), tuple(chosen))

    def least_familiar(self, entries: Sequence[Entry]) -> Entry:
        """Return the least familiar treatment whose worth is within the margin of the best one's."""
        enough = max(entry.treatment.lift for entry in entries) * (1 - self.policy.values.exposure_margin)
        close = [entry for entry in entries if entry.treatment.lift >= enough]
        return min(close, key=lambda entry: (entry.labels.tone, -entry.treatment.lift, entry.index))

    def no_room(self, entry: Entry, chosen: Sequence[Filled]) -> tuple[str, ...]:
        """Return the ids of the quotas and caps under which what is chosen leaves no room for a treatment."""
        quotas = (
            f"quota:{one.id}"
            for one in self.quotas
            if _covers(one, entry) and _taken(one, chosen) >= self._most(_limit(one))
        )
        return (*quotas, *self.filling(entry, [one.entry.offer for one in chosen]))

    def room(self, offer: Offer, chosen: Sequence[Filled]) -> int | None:
        """Return the number of the first placement that has room for an offer, or None."""
        for number, placement in enumerate(self.page):
            if takes(self.policy, placement, offer):
                inside = [one for one in chosen if one.place == number]
                if len(inside) < placement.slots and not _is_enough(placement, offer, inside):
                    return number
        return None

    def lacks_variety(self, offer: Offer, chosen: Sequence[Filled]) -> bool:
        """Return whether some placement would have a slot for an offer, but has enough of its topic."""
        for number, placement in enumerate(self.page):
            inside = [one for one in chosen if one.place == number]
            is_free = takes(self.policy, placement, offer) and len(inside) < placement.slots
            if is_free and _is_enough(placement, offer, inside):
                return True
        return False

    def under_shares(self, chosen: Sequence[Filled]) -> tuple[list[Filled], list[tuple[str, Filled]]]:
        """Return what stays when shares hold of what is filled, and what goes: the last of its picks, one at a time."""
        shown, taken_out = list(chosen), list[tuple[str, Filled]]()
        while failing := [one for one in self.quotas if _exceeds(_limit(one).share, _taken(one, shown), len(shown))]:
            last = [filled for filled in shown if _covers(failing[0], filled.entry)][-1]
            shown.remove(last)
            taken_out.append((failing[0].id, last))
        return shown, taken_out

    def _most(self, quota: AtMost) -> float:
        """Return how many treatments a quota allows on the page."""
        slots = sum(placement.slots for placement in self.page)
        by_count = float("inf") if quota.count is None else quota.count
        by_share = float("inf") if quota.share is None else int(quota.share * slots + EPSILON)
        return min(by_count, by_share)


def takes(policy: Policy, placement: Placement, offer: Offer) -> bool:
    """Return whether an offer may be in a placement, by what it is and where it may be."""
    return (
        (not offer.placements or placement.name in offer.placements)
        and (not placement.intents or offer.intent in placement.intents)
        and (not placement.moments or offer.moment in placement.moments)
        and (not placement.topics or any(one in placement.topics for one in lineage(policy, offer.topic)))
    )


def _is_enough(placement: Placement, offer: Offer, inside: Sequence[Filled]) -> bool:
    same = sum(1 for one in inside if one.entry.offer.topic == offer.topic)
    return placement.per_topic is not None and same >= placement.per_topic


def _limit(quota: Applying) -> AtMost:
    if not isinstance(quota.limit, AtMost):
        raise TypeError(f"{quota.id} is no quota")
    return quota.limit


def _covers(quota: Applying, entry: Entry) -> bool:
    return entry.index in _limit(quota).scope


def _taken(quota: Applying, filled: Sequence[Filled]) -> int:
    return sum(1 for one in filled if _covers(quota, one.entry))


def _exceeds(share: float | None, taken: int, filled: int) -> bool:
    return share is not None and taken > share * filled + EPSILON
