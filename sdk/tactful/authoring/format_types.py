"""The types of the policy format: each reads what stands at a place, or says what would be right there.

A type is a word for people and a reader. Records are tables of keys, from which the reference page is checked too.
"""

import difflib
import math
import re
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from typing import Any, Final, Generic, TypeVar

import attrs

from .source import Items, Keys, Log, Node, Scalar

T = TypeVar("T")
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(w|d|h|m|s)")
_UNITS_S: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_TEXT_MAX: Final = 4096


@attrs.frozen
class Type(Generic[T]):
    """
    A type of the policy format.

    Attributes:
        words: What it is called.
        read: Gives the value of a node, or None after noting a mistake.
    """

    words: str
    read: Callable[[Node, Log], T | None]


def nearest(name: str, names: Collection[str]) -> str:
    """Return a hint with the nearest right name, or with all of them if they are few."""
    close = difflib.get_close_matches(name, names, 1, 0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are: {', '.join(sorted(names))}" if 0 < len(names) <= 12 else ""  # noqa: PLR2004 - a line of words


def _scalar(words: str, convert: Callable[[str], T | None]) -> Type[T]:
    def read(node: Node, log: Log) -> T | None:
        if not isinstance(node, Scalar):
            quotes = isinstance(node, Keys) and node.flow
            hint = 'a text with {…} needs quotes: "{…}"' if quotes else ""
            log.add(node.place, "quotes" if quotes else "type", f"expected {words}, found {_kind(node)}", hint)
            return None
        value = convert(node.text)
        if value is None:
            log.add(node.place, "type", f"expected {words}, found {_shown(node.text)}")
        return value

    return Type(words, read)


def _kind(node: Node) -> str:
    return {Items: "a list", Keys: "keys"}.get(type(node), "a text")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "…") if text else "nothing"  # noqa: PLR2004 - half a line


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _share(text: str) -> float | None:
    value = _number(text.removesuffix("%"))
    if value is None:
        return None
    share = value / 100 if text.endswith("%") else value
    return share if 0 <= share <= 1 else None


def duration_s(text: str) -> int | None:
    """
    Return a duration in seconds, or None.

    >>> duration_s("90d"), duration_s("1h 30m"), duration_s("soon")
    (7776000, 5400, None)
    """
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        return None
    seconds = sum(float(number) * _UNITS_S[unit] for number, unit in parts)
    return int(seconds) if 0 < seconds < 2**40 else None


def _whole(low: int) -> Callable[[str], int | None]:
    return lambda text: int(text) if re.fullmatch(r"-?\d{1,18}", text) and int(text) >= low else None


def _positive(text: str) -> float | None:
    value = _number(text)
    return value if value is not None and value >= 0 else None


TEXT = _scalar("a text", lambda text: text if len(text) <= _TEXT_MAX else None)
NAME_TYPE = _scalar("a name (letters, digits, _)", lambda text: text if NAME.fullmatch(text) else None)
ID = _scalar("an id (letters, digits, . _ -)", lambda t: t if re.fullmatch(r"[\w][\w.\-]{0,127}", t) else None)
BOOL: Type[bool] = _scalar("true or false", {"true": True, "false": False}.get)
COUNT = _scalar("a whole number of 1 or more", _whole(1))
WHOLE = _scalar("a whole number of 0 or more", _whole(0))
NUMBER = _scalar("a number of 0 or more", _positive)
SHARE = _scalar("a share such as 20% or 0.2", _share)
DURATION = _scalar("a duration such as 90d, 12h or 30m", duration_s)


def choice(enum: type[Enum], words: str) -> Type[Any]:
    """Return the type of one of an enum's values, or of its names where the values are numbers."""
    names = {(m.value if isinstance(m.value, str) else m.name.lower().replace("_", "-")): m for m in enum}

    def read(node: Node, log: Log) -> Enum | None:
        if isinstance(node, Scalar) and node.text in names:
            return names[node.text]
        text = node.text if isinstance(node, Scalar) else _kind(node)
        log.add(
            node.place, "choice", f"{text!r} is no {words}", nearest(text, names) or f"there are: {', '.join(names)}"
        )
        return None

    return Type(f"one of {', '.join(names)}", read)


def many(item: Type[T]) -> Type[tuple[T, ...]]:
    """Return the type of a list; one item may stand alone."""

    def read(node: Node, log: Log) -> tuple[T, ...]:
        nodes = node.items if isinstance(node, Items) else () if _nothing(node) else (node,)
        values = (item.read(one, log) for one in nodes)
        return tuple(value for value in values if value is not None)

    return Type(f"a list of {item.words.removeprefix('a ').removeprefix('an ')}", read)


def _nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.text in ("", "null", "~")


@attrs.frozen
class Key:
    """
    One key of a record.

    Attributes:
        type: What may stand there.
        meaning: What it means, for the reference page.
        required: Whether it must be there.
    """

    type: Type[Any]
    meaning: str
    required: bool = False


@attrs.frozen
class Record:
    """
    A table of keys.

    Attributes:
        words: What it is called.
        keys: The keys.
        short: The key that a text alone stands for, or None.
    """

    words: str
    keys: Mapping[str, Key]
    short: str | None = None

    def read(self, node: Node, log: Log) -> dict[str, Any]:
        """Return the values that are there and right, by key."""
        values: dict[str, Any] = {}
        for name, value in as_keys(node, self.words, log, self.short).pairs:
            key = self.keys.get(name.text)
            if key is None:
                hint = nearest(name.text, self.keys)
                log.add(name.place, "unknown-key", f"{self.words} has no key {name.text!r}", hint)
            elif not _nothing(value):
                read = key.type.read(value, log)
                if read is not None:
                    values[name.text] = read
        for name_, key in self.keys.items():
            there = isinstance(node, Keys) and node.get(name_) is not None
            if key.required and name_ not in values and not there:
                log.add(node.place, "missing-key", f"{self.words} needs {name_!r}: {key.meaning}")
        return values

    def as_type(self) -> Type[dict[str, Any]]:
        """Return the record as a type."""
        return Type(self.words, self.read)


def as_keys(node: Node, words: str, log: Log, short: str | None = None) -> Keys:
    """Return a node as keys; nothing is no keys, and a text alone is the short form if there is one."""
    if isinstance(node, Keys):
        return node
    if _nothing(node):
        return Keys((), node.place)
    if isinstance(node, Scalar) and short is not None:
        return Keys(((Scalar(short, node.place), node),), node.place)
    log.add(node.place, "type", f"expected {words} with keys, found {_kind(node)}")
    return Keys((), node.place)


def with_defaults(section: Keys, words: str, log: Log, short: str | None = None) -> list[tuple[Scalar, Keys]]:
    """Return a section's items, each with what the section's `all:` adds."""
    defaults = section.get("all")
    common = as_keys(defaults, "all", log).pairs if defaults is not None else ()
    items = []
    for name, node in section.pairs:
        if name.text == "all":
            continue
        own = as_keys(node, words, log, short)
        mine = {key.text for key, _ in own.pairs}
        items.append((name, Keys((*own.pairs, *(p for p in common if p[0].text not in mine)), own.place)))
    return items
