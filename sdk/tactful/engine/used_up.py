"""Used up: the values for which one budget is used up, and what follows, kept as values come and go. It counts nothing.

A decision keeps what it saw for its explanation, so nothing that was seen ever changes: the values are in parts, and
only the part of a value that comes or goes is made anew.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from ..plan.caps import CapPlan
from .limited import Reached, reached_by

#: Values are in so many parts.
_PARTS: Final = 64
#: Values with until when a budget is used up for them.
_Values = Mapping[str, int]
_NO_VALUES: Final[_Values] = {}


@attrs.frozen(eq=False)
class Seen:
    """
    What followed at a moment, on one channel.

    Attributes:
        withheld: The treatments that were withheld.
        blind: The treatments that no affinity ranked.
    """

    withheld: int
    blind: int
    _cap: CapPlan
    _parts: tuple[_Values, ...]

    @property
    def acting(self) -> Iterable[Reached]:
        """What the cap does for each value, in their order; it is worked out for explanations alone."""
        values = sorted(pair for part in self._parts for pair in part.items())
        return (reached_by(self._cap, value, until_us) for value, until_us in values)


class UsedUp:
    """The values for which one cap is reached, with until when, and the treatments that it keeps away for them."""

    __slots__ = ("_blind", "_cap", "_known", "_parts", "_withheld")

    def __init__(self, cap: CapPlan) -> None:
        self._cap = cap
        self._parts: tuple[_Values, ...] = (_NO_VALUES,) * _PARTS
        self._withheld = self._blind = 0
        #: Whether the treatments are those of the values.
        self._known = True

    def put(self, value: str, until_us: int) -> None:
        """Let it be reached for a value until a moment."""
        place = hash(value) % _PARTS
        before = self._parts[place]
        self._set(place, {**before, value: until_us})
        if value not in before:
            reach = self._cap.reached[value]
            self._withheld |= reach.withheld
            self._blind |= reach.blind

    def drop(self, value: str) -> None:
        """Let it no longer be reached for a value."""
        place = hash(value) % _PARTS
        self._set(place, {one: until_us for one, until_us in self._parts[place].items() if one != value})
        if self._cap.cap.of == "offer":  # no two have a treatment in common
            reach = self._cap.reached[value]
            self._withheld &= ~reach.withheld
            self._blind &= ~reach.blind
        else:
            self._known = False

    def seen(self, channel: str) -> Seen | None:
        """Return what follows on a channel; None if it is reached for no value that is limited there."""
        if self._cap.cap.of == "channel":
            return self._seen_of(channel)
        if not any(self._parts) or not self._cap.limits_on(channel, ""):
            return None
        if not self._known:
            self._work_out()
        return Seen(self._withheld, self._blind, self._cap, self._parts)

    def _seen_of(self, channel: str) -> Seen | None:
        until_us = self._parts[hash(channel) % _PARTS].get(channel)
        if until_us is None:  # elsewhere than where it limits it counts nothing
            return None
        reach = self._cap.reached[channel]
        return Seen(reach.withheld, reach.blind, self._cap, ({channel: until_us},))

    def _set(self, place: int, values: _Values) -> None:
        parts = list(self._parts)
        parts[place] = values
        self._parts = tuple(parts)

    def _work_out(self) -> None:
        self._withheld = self._blind = 0
        for part in self._parts:
            for value in part:
                reach = self._cap.reached[value]
                self._withheld |= reach.withheld
                self._blind |= reach.blind
        self._known = True
