"""What is checked of an answer of a plugin, down to the exact type: a subclass could answer differently each time."""

import math

from .errors import PluginError


def are_texts(names: object) -> bool:
    """Return whether these are texts in a tuple."""
    return type(names) is tuple and all(type(one) is str for one in names)


def is_whole(value: object, least: int) -> bool:
    """Return whether a value is a whole number of at least so much."""
    return type(value) is int and value >= least


def is_share(value: object) -> bool:
    """Return whether a value is a share, 0 to 1."""
    return type(value) in (int, float) and isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= 1


def need(right: bool, words: str) -> None:  # noqa: FBT001 - it is the condition
    """
    Refuse an answer unless something holds of it.

    Raises:
        PluginError: If it does not.
    """
    if not right:
        raise PluginError(f": {words}")
