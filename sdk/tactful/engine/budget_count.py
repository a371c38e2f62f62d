"""What counts for everyone under one cap, for one value: in small stretches of time, not as single events."""

from bisect import bisect_left
from datetime import tzinfo
from typing import Final

import attrs

from ..clock import NEVER_US
from ..plan.caps import CapPlan

#: A rolling window is counted in so many stretches; an event counts until its stretch has left.
STRETCHES: Final = 256


@attrs.define(eq=False)
class BudgetCount:
    """
    What counts for one value of a cap.

    Attributes:
        cap: The cap.
        value: The value.
        zone: The time zone of a calendar that names none.
        leaving: The moments at which events leave, rising [us since 1970].
        numbers: As how many the events count that leave then.
        total: Their sum.
        reserved: Reservations.
        used_until_us: Until when the cap was reached, if it was, when that was last looked at [us since 1970].
    """

    cap: CapPlan
    value: str
    zone: tzinfo | None
    leaving: list[int] = attrs.field(factory=list)
    numbers: list[int] = attrs.field(factory=list)
    total: int = 0
    reserved: int = 0
    used_until_us: int | None = None

    def leaves_us(self, at_us: int) -> int:
        """Return when an event no longer counts [us since 1970]."""
        leaves_us = self.cap.leaves_us(at_us, self.zone)
        if self.cap.rolling_us is None:
            return leaves_us
        return leaves_us + -leaves_us % max(self.cap.rolling_us // STRETCHES, 1)

    @property
    def shortest_us(self) -> int:
        """No event counts for less long than this."""
        return self.cap.rolling_us or 0

    def add(self, at_us: int, weight: int) -> None:
        """Count an event as so many."""
        leaves_us = self.leaves_us(at_us)
        place = bisect_left(self.leaving, leaves_us)
        if place < len(self.leaving) and self.leaving[place] == leaves_us:
            self.numbers[place] += weight
        else:
            self.leaving.insert(place, leaves_us)
            self.numbers.insert(place, weight)
        self.total += weight

    @property
    def left(self) -> int:
        """No more events than this are left, and more only if some have left the window unseen."""
        return self.cap.cap.count - self.total - self.reserved

    def inside(self, now_us: int) -> int:
        """Return how much counts at a moment; what has left is let go."""
        if self.leaving and self.leaving[0] <= now_us:
            gone = bisect_left(self.leaving, now_us + 1)
            self.total -= sum(self.numbers[:gone])
            del self.leaving[:gone], self.numbers[:gone]
        return self.total + self.reserved

    def frees_us(self, now_us: int) -> int | None:
        """Return until when the cap stays reached if nothing more happens, or None if it is not."""
        inside = self.inside(now_us)
        if inside < self.cap.cap.count:
            return None
        for leaves_us, number in zip(self.leaving, self.numbers, strict=True):
            inside -= number
            if inside < self.cap.cap.count:
                return leaves_us
        return NEVER_US

    def fills_us(self) -> int:
        """Return when next something leaves that speaks against the cap: then it can be reached by nothing more."""
        if not self.cap.weighted:
            return NEVER_US
        return next((at_us for at_us, number in zip(self.leaving, self.numbers, strict=True) if number < 0), NEVER_US)
