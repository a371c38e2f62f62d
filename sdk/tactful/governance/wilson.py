"""An interval for a share that was counted. It knows no event."""

from typing import Final

import attrs

from ..score_interval import share_interval

#: Intervals hold in so many cases.
_LEVEL: Final = 0.95


@attrs.frozen
class Interval:
    """
    A share, and where it lies with a confidence of 95 %.

    Attributes:
        share: The share that was counted, 0 to 1.
        low: Not below this, 0 to 1.
        high: Not above this, 0 to 1.
    """

    share: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.share:.2%} ({self.low:.2%} to {self.high:.2%})"


def wilson(hits: int, count: int) -> Interval:
    """
    Return a share with Wilson's score interval (E. B. Wilson, JASA 22, 1927), which holds for small shares too.

    Args:
        hits: How often it happened, 0 to `count`.
        count: Out of how many; of none, the share may be anything.

    >>> wilson(0, 0), str(wilson(2, 100))
    (Interval(share=0.0, low=0.0, high=1.0), '2.00% (0.55% to 7.00%)')
    """
    if count == 0:
        return Interval(0.0, 0.0, 1.0)
    return Interval(hits / count, *share_interval(hits, count, _LEVEL))
