"""Which name was probably meant. It looks nothing up."""

import difflib
from collections.abc import Iterable


def nearest(name: str, names: Iterable[str]) -> str:
    """
    Return a question for the nearest of the names, or else all of them.

    >>> nearest("vists", ["visits", "name"])
    "did you mean 'visits'?"
    """
    there = sorted(names)
    near = difflib.get_close_matches(name, there, 1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(there) or 'none'}"
