"""Conditions on names that a value holds: those of a list that is known, and those that are not. It limits nothing."""

from collections.abc import Iterable, Iterator, Sequence

_NAMES_A_RULE = 20


def strange(names: Sequence[str]) -> Iterator[str]:
    """
    Yield conditions on `{0}` of which one holds for a text that is none of these; several, as a rule has a length.

    Args:
        names: The names that are known, sorted.
    """
    for first in range(0, len(names), _NAMES_A_RULE):
        here, rest = names[first : first + _NAMES_A_RULE], names[first + _NAMES_A_RULE :]
        bounds = ([f'{{0}} >= "{here[0]}"'] if first else []) + ([f'{{0}} < "{rest[0]}"'] if rest else [])
        yield " && ".join([*bounds, f"!({{0}} in {literal(here)})"])


def literal(names: Iterable[str]) -> str:
    """
    Return names as a list in a rule.

    >>> literal(["web", "inbox"])
    '["web", "inbox"]'
    """
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
