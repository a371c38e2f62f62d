"""The nearest right name, for someone who wrote another one."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

#: As many names as fit in a line of words, and as many as are compared.
FEW: Final = 12
COMPARED_MAX: Final = 5_000


def hint_for(name: str, names: Iterable[str]) -> str:
    """
    Return a hint with the nearest right name, or with all of them if they are few.

    >>> hint_for("fod", ["food", "wine"]), hint_for("car", ["food", "wine"])
    ("did you mean 'food'?", 'there are: food, wine')
    """
    import difflib  # noqa: PLC0415 - only for who wrote a wrong name; no edge needs it

    known = list(islice(names, COMPARED_MAX))
    close = difflib.get_close_matches(name[:200], known, 1, 0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are: {', '.join(sorted(known))}" if 0 < len(known) <= FEW else ""


def meant(name: str, names: Iterable[str]) -> str:
    """
    Return all right names, which are few, with the nearest one first if there is one.

    >>> meant("sqlit", ["valkey", "sqlite"]), meant("foo", [])
    ("did you mean 'sqlite'? there are: sqlite, valkey", 'there are: none')
    """
    known = sorted(names)
    hint = hint_for(name, known)
    listed = f"there are: {', '.join(known) or 'none'}"
    return f"{hint} {listed}" if hint.startswith("did you mean") else listed
