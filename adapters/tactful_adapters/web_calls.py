"""What a page asks most: content blocks, a hero, moments, navigation. One call each, over the page's own decisions.

It decides nothing: which placement shows what, and for whom, is the policy's.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

import attrs

import tactful

from .reordering import PLACES_MAX, Reordered

_Item = TypeVar("_Item")
_KINDS: Final = "kinds of moment, by offer"


@attrs.frozen(repr=False)
class Block:
    """
    What stands in one slot of a placement.

    Attributes:
        content: Its fields by name; empty if there is nothing to show.
        offer: The offer's id; empty where it is the placement's fallback, or nothing.
        moment: The kind of moment that it is, as the policy writes it; empty if it does not say.
    """

    content: Mapping[str, str]
    offer: str = ""
    moment: str = ""


class PageCalls:
    """The calls of a page; what they give is shown, and counts as such after the answer."""

    @abstractmethod
    def decide(self, *placements: str) -> tactful.Decision:
        """Return what to show in placements, decided together."""

    @abstractmethod
    def slots(self, placement: str) -> tuple[Mapping[str, str], ...]:
        """Return what to render in a placement, slot by slot."""

    @abstractmethod
    def reorder(
        self,
        placement: str,
        items: Iterable[_Item],
        topic: Callable[[_Item], str | None],
        *,
        places_max: int = PLACES_MAX,
    ) -> Reordered[_Item]:
        """Return a list of the site's own in a customer's order."""

    def blocks(self, *placements: str) -> Mapping[str, tuple[Block, ...]]:
        """
        Return the content blocks of placements, decided together so that they agree, slot by slot.

        Args:
            placements: All of one channel.
        """
        self.decide(*placements)
        return {placement: self._blocks(placement) for placement in placements}

    def hero(self, placement: str) -> Block:
        """Return what stands in a placement's first slot: for the customer's persona, or the fallback, or nothing."""
        return next(iter(self._blocks(placement)), Block({}))

    def moments(self, placement: str) -> tuple[Block, ...]:
        """Return the moments in a placement, such as alerts and reminders, each with its kind; a fallback is none."""
        return tuple(one for one in self._blocks(placement) if one.offer)

    def navigation(
        self,
        placement: str,
        entries: Iterable[_Item],
        topic: Callable[[_Item], str | None] | str = "topic",
        *,
        places_max: int = 1,
    ) -> Reordered[_Item]:
        """
        Return a menu with what suits the customer earlier, near to where it was, so that people find it again.

        Args:
            placement: Whose offers say which topics come earlier.
            entries: The menu's entries, each of which stays.
            topic: Tells what an entry is about, as a topic of the policy; or the key or attribute that does.
            places_max: So many places an entry moves at most, >= 0.
        """
        about = _named(topic) if isinstance(topic, str) else topic
        return self.reorder(placement, entries, about, places_max=places_max)

    def _blocks(self, placement: str) -> tuple[Block, ...]:
        contents, decision = self.slots(placement), self.decide(placement)
        plan = decision.plan
        kinds = plan.once(_KINDS, lambda: {one.id: one.moment.value for one in plan.policy.offers if one.moment})
        offers = [pick.offer for pick in decision.picks if pick.placement == placement]
        offers += [""] * (len(contents) - len(offers))  # where slots stay empty, the fallback comes last
        return tuple(Block(one, offer, kinds.get(offer, "")) for one, offer in zip(contents, offers, strict=True))


def _named(key: str) -> Callable[[Any], str | None]:
    """Return what reads a key of a mapping, or an attribute of anything else."""
    return lambda entry: entry.get(key) if isinstance(entry, Mapping) else getattr(entry, key, None)
