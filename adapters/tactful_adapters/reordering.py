"""The order of a list of a site's own, such as search results: what suits a customer comes a few places earlier.

Nothing is hidden and nothing is added. It knows no customer: which topics suit is decided elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Generic, TypeVar

import attrs

_Item = TypeVar("_Item")
#: So many places an item moves at most, unless the site says otherwise.
PLACES_MAX: Final = 3
_NOTHING: Final[Mapping[int, str]] = MappingProxyType({})


def _nothing_moved() -> str:
    return "Nothing was chosen for you: everyone sees this."


@attrs.frozen(repr=False)
class Reordered(Generic[_Item]):
    """
    A list in its new order.

    Attributes:
        items: All items, each once.
        lifted: The new places of those that come earlier because of an offer, each with the offer's id.
        why: Tells the customer why; true, and in plain words.
    """

    items: tuple[_Item, ...]
    lifted: Mapping[int, str] = _NOTHING
    why: Callable[[], str] = _nothing_moved


def in_order(lifts: Sequence[int], fixed: Sequence[bool], places_max: int = PLACES_MAX) -> list[int]:
    """
    Return the places of items in their new order; none moves further than `places_max` either way.

    What is lifted alike keeps its order, and what is fixed its place: nothing moves past it.

    Args:
        lifts: By how many places each item is lifted.
        fixed: Whether each item keeps its place.
        places_max: >= 0.

    >>> in_order([0, 0, 0, 2], [False] * 4)
    [0, 3, 1, 2]
    """
    order: list[int] = []
    part: list[tuple[int, int]] = []
    for place, (lift, is_fixed) in enumerate(zip(lifts, fixed, strict=True)):
        if is_fixed:
            order += [*(at for _, at in sorted(part)), place]
            part = []
        else:
            up = min(max(lift, 0), places_max)
            part.append((2 * (place - up) - (up > 0), place))  # in front of who is there, unless it is lifted too
    return order + [at for _, at in sorted(part)]
