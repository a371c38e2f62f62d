"""How settings are told to people: shares, lengths of time, lists and rows. It knows no part of a policy."""

import enum
from collections.abc import Iterable
from typing import Final

import attrs

_UNITS_S: Final[tuple[tuple[str, int], ...]] = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@attrs.frozen
class Section:
    """
    A titled table of a document.

    Attributes:
        title: Its title.
        columns: The names of its columns; the first one names what a row tells of.
        rows: Its rows, in plain text.
        about: What a reader should know before reading it.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    about: str = ""


def word(member: enum.Enum) -> str:
    """Return a member of an enumeration as a policy writes it."""
    return member.value if isinstance(member.value, str) else member.name.lower().replace("_", "-")


def share(part: float) -> str:
    """
    Return a share in per cent.

    >>> share(0.2), share(0.125)
    ('20%', '12.5%')
    """
    return f"{part * 100:.6g}%"


def length(seconds: int) -> str:
    """
    Return a length of time in its largest whole unit.

    >>> length(7_776_000), length(5_400), length(0)
    ('90 days', '90 minutes', '0 seconds')
    """
    unit, unit_s = next(it for it in _UNITS_S if (seconds and seconds % it[1] == 0) or it[1] == 1)
    return counted(seconds // unit_s, unit)


def counted(count: int, thing: str) -> str:
    """
    Return a number of things.

    >>> counted(1, "offer"), counted(2469, "household")
    ('1 offer', '2,469 households')
    """
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def listed(words: Iterable[str], none: str = "none") -> str:
    """
    Return words as a list, or what stands for no word.

    >>> listed(["web", "email"]), listed([])
    ('web, email', 'none')
    """
    return ", ".join(words) or none
