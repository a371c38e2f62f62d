"""One visit: what happens in it, and how far from buying the customer is. It knows no person, no product, no clock.

The caller keeps it with the web session and hands the stage to `decide` as context. It is made of counts alone: which
products were looked at is in none of them.
"""

from math import isfinite
from typing import Final, Literal

import attrs

from .clock import DAY_US, SECOND_US
from .errors import ValueRefused

Stage = Literal["researching", "evaluating", "ready"]
#: More of it says no more, and a session stays small.
COUNT_MAX: Final = 1_000
DWELL_MAX_S: Final = DAY_US / SECOND_US


def _count(value: int) -> int:
    if type(value) is not int or value < 0:
        raise ValueRefused(f"a visit counts in whole numbers of 0 or more, up to {COUNT_MAX:,}")
    return min(value, COUNT_MAX)


def _dwell_s(value: float) -> float:
    if type(value) not in (int, float) or not isfinite(value) or value < 0:
        raise ValueRefused("a time on a page is a number of seconds, 0 or more")
    return min(float(value), DWELL_MAX_S)


def _truth(value: bool) -> bool:  # noqa: FBT001 - a field's converter
    if type(value) is not bool:
        raise ValueRefused("whether a checkout is in progress is true or false")
    return value


@attrs.frozen(kw_only=True)
class Visit:
    """
    What happened in a visit: since it began, or since an order was paid for in it.

    It is a value, so that each event gives another one. `attrs.asdict(visit)` is what a session keeps of it, and
    `Visit(**kept)` is the visit again.

    Attributes:
        products: How many product pages were seen, 0 to 1,000; more count as 1,000.
        comparisons: How often products were put side by side, likewise.
        dwell_s: The longest time on one product page [s], 0 to a day; more counts as a day.
        checkout: Whether a checkout is in progress.

    Raises:
        ValueRefused: If a count, a time or a truth is none.
    """

    products: int = attrs.field(default=0, converter=_count)
    comparisons: int = attrs.field(default=0, converter=_count)
    dwell_s: float = attrs.field(default=0.0, converter=_dwell_s)
    checkout: bool = attrs.field(default=False, converter=_truth)

    def saw_product(self) -> "Visit":
        """Return the visit after one more product page was opened."""
        return attrs.evolve(self, products=self.products + 1)

    def dwelt(self, dwell_s: float) -> "Visit":
        """
        Return the visit after so long on one product page.

        Args:
            dwell_s: The time on this page so far [s], 0 or more.

        Raises:
            ValueRefused: If it is no time.
        """
        return attrs.evolve(self, dwell_s=max(self.dwell_s, _dwell_s(dwell_s)))

    def compared(self) -> "Visit":
        """Return the visit after products were put side by side once more."""
        return attrs.evolve(self, comparisons=self.comparisons + 1)

    def began_checkout(self) -> "Visit":
        """Return the visit with a checkout in progress."""
        return attrs.evolve(self, checkout=True)

    def left_checkout(self) -> "Visit":
        """Return the visit after a checkout was left without an order; what was seen before still counts."""
        return attrs.evolve(self, checkout=False)

    def paid(self) -> "Visit":
        """Return the visit after an order was paid for: it begins anew, for who has bought is not about to buy."""
        return Visit()

    def stage(self, *, products: int = 3, comparisons: int = 1, dwell_s: float = 60.0) -> Stage:
        """
        Return how far the customer is.

        `ready` while a checkout is in progress; else `evaluating` if any of the three bounds is reached; else
        `researching`. The bounds are a rule of thumb: what fits a grocer is too low for who sells cars.

        Args:
            products: So many product pages make `evaluating`, 1 to 1,000.
            comparisons: So many comparisons do, 1 to 1,000.
            dwell_s: So long on one product page does [s], above 0, at most a day.
        """
        if self.checkout:
            return "ready"
        looks = self.products >= products or self.comparisons >= comparisons or self.dwell_s >= dwell_s
        return "evaluating" if looks else "researching"
