"""What is checked of an answer of a plugin, down to the exact type: a subclass could answer differently each time."""

import math
from datetime import date
from typing import Final

from .errors import PluginError

#: Every clock goes so far, in every time zone, and some days more.
_FIRST_DAY: Final = date(1970, 1, 1)
_LAST_DAY: Final = date(9998, 12, 1)


def are_texts(names: object) -> bool:
    """Return whether these are texts in a tuple."""
    return type(names) is tuple and all(type(one) is str for one in names)


def is_whole(value: object, least: int) -> bool:
    """Return whether a value is a whole number of at least so much."""
    return type(value) is int and value >= least


def is_share(value: object) -> bool:
    """Return whether a value is a share, 0 to 1."""
    return type(value) in (int, float) and isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= 1


def are_days(span: object) -> bool:
    """Return whether this is a pair of days, the first no later than the last."""
    return (
        type(span) is tuple
        and len(span) == len(("first", "last"))
        and all(type(day) is date for day in span)
        and _FIRST_DAY <= span[0] <= span[1] <= _LAST_DAY
    )


def need(right: bool, words: str) -> None:  # noqa: FBT001 - it is the condition
    """
    Refuse an answer unless something holds of it.

    Raises:
        PluginError: If it does not.
    """
    if not right:
        raise PluginError(f": {words}")
