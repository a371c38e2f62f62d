"""Which topics of a list of the site's own suit a customer: those of the offers that a placement is decided for.

So whatever limits an offer limits what comes earlier. A sensitive topic never moves a thing, nor is it moved.
"""

from collections.abc import Sequence
from typing import TypeVar

import tactful
from tactful import Sensitivity

from .reordering import Reordered, in_order

_Item = TypeVar("_Item")


class Lifting:
    """
    What a decision's picks in one placement lift.

    Args:
        edge: What decided.
        decision: The decision.
        placement: The placement; its first pick lifts most.
    """

    def __init__(self, edge: tactful.Edge, decision: tactful.Decision, placement: str) -> None:
        plan = edge.plan
        self._topics = plan.catalog.topics
        self._known = plan.once("known topics", lambda: frozenset(one.name for one in plan.policy.topics))
        self._decision = decision
        about = plan.once("topics of offers", lambda: {one.id: one.topic for one in plan.policy.offers})
        here = [(slot, one.offer) for slot, one in enumerate(decision.picks) if one.placement == placement]
        #: By topic, the rank of its best pick, the pick's slot in the decision, and its offer.
        self._picks: dict[str, tuple[int, int, str]] = {}
        for rank, (slot, offer) in enumerate(here):
            topic = about.get(offer)
            if topic is not None and not self._is_sensitive(topic):
                self._picks.setdefault(topic, (rank, slot, offer))

    def reorder(
        self, items: Sequence[_Item], topics: Sequence[str | None], places_max: int
    ) -> tuple[Reordered[_Item], frozenset[int]]:
        """Return the items in their new order, and the slots of the picks because of which any moved."""
        found = [self._pick(topic) for topic in topics]
        fixed = [topic in self._known and self._is_sensitive(topic) for topic in topics]
        lifts = [0 if one is None else max(places_max - one[0], 1) for one in found]
        order = in_order(lifts, fixed, places_max)
        lifted: dict[int, str] = {}
        slots: set[int] = set()
        for now, before in enumerate(order):
            if now < before and (pick := found[before]) is not None:
                lifted[now] = pick[2]
                slots.add(pick[1])
        why = {"why": self._decision.why} if lifted else {}
        return Reordered(tuple(items[at] for at in order), lifted, **why), frozenset(slots)

    def _pick(self, topic: str | None) -> tuple[int, int, str] | None:
        """Return the best pick about a topic or a wider one."""
        if topic not in self._known or self._is_sensitive(topic):
            return None
        return min((self._picks[one] for one in self._topics.above(topic) if one in self._picks), default=None)

    def _is_sensitive(self, topic: str | None) -> bool:
        return self._topics.sensitivity(topic) > Sensitivity.ORDINARY
