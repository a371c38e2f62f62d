"""The types of the policy format: each reads what stands at a place, or says what would be right there."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Final, Generic, TypeVar

import attrs

from ..names import hint_for
from .source import Items, Keys, Log, Node, Scalar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
TEXT_MAX_CHARS: Final = 4096
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_ID: Final = re.compile(r"\w[\w.\-]{0,127}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_NUMBER: Final = re.compile(r"[+-]?(\d{1,300}(\.\d{0,300})?|\.\d{1,300})([eE][+-]?\d{1,4})?", re.ASCII)
_WHOLE: Final = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_DURATION: Final = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*(w|d|h|m|s)", re.ASCII)
_UNITS_S: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_LENGTH_MAX_S: Final = 2**40


@attrs.frozen
class Type(Generic[T_co]):
    """
    A type of the policy format.

    Attributes:
        words: What it is called, for people.
        read: Gives the value of a node, or None after noting a mistake.
    """

    words: str
    read: Callable[[Node, Log], T_co | None]


def kind(node: Node) -> str:
    """Return what stands at a node, for a message: a text in quotes, as far as it fits half a line."""
    if isinstance(node, Items):
        return "a list"
    if isinstance(node, Keys):
        return "keys"
    return "nothing" if not node.text else repr(node.text if len(node.text) <= 40 else node.text[:37] + "…")  # noqa: PLR2004 - half a line


def number(text: str) -> float | None:
    """
    Return a number that is written out, or None.

    >>> number("1.5"), number("1e3"), number("1_000"), number("nan"), number("1e999")
    (1.5, 1000.0, None, None, None)
    """
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def whole(text: str) -> int | None:
    """
    Return a whole number that is written out, or None.

    >>> whole("12"), whole("1.0")
    (12, None)
    """
    return int(text) if _WHOLE.fullmatch(text) else None


def duration_s(text: str) -> int | None:
    """
    Return a length of time in whole seconds, or None.

    >>> duration_s("90d"), duration_s("1h 30m"), duration_s("0s"), duration_s("soon")
    (7776000, 5400, None, None)
    """
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        return None
    seconds = sum(float(count) * _UNITS_S[unit] for count, unit in parts)
    return int(seconds) if 1 <= seconds < _LENGTH_MAX_S else None


def is_braces(node: Node) -> bool:
    """Return whether a node is `{…}` that is meant as part of a text."""
    return (
        isinstance(node, Keys)
        and node.flow
        and all(isinstance(value, Scalar) and value.is_nothing for _, value in node.pairs)
    )


def refuse(node: Node, words: str, log: Log) -> None:
    """Note that something else is expected at a node."""
    if is_braces(node):
        log.add(node.place, "quotes", f"expected {words}, found keys", 'a text with {…} needs quotes: "{…}"')
    else:
        log.add(node.place, "type", f"expected {words}, found {kind(node)}")


def scalar(words: str, convert: Callable[[str], T | None]) -> Type[T]:
    """Return the type of what a function makes of a text; None of a text that it cannot be."""

    def read(node: Node, log: Log) -> T | None:
        value = convert(node.text) if isinstance(node, Scalar) else None
        if value is None:
            refuse(node, words, log)
        return value

    return Type(words, read)


def text_of(max_chars: int) -> Type[str]:
    """Return the type of a text that is not too long."""

    def read(node: Node, log: Log) -> str | None:
        if not isinstance(node, Scalar):
            refuse(node, "a text", log)
            return None
        if len(node.text) > max_chars:
            log.add(node.place, "type", f"a text has at most {max_chars:,} characters, and this {len(node.text):,}")
            return None
        return node.text

    return Type("a text", read)


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda text: text if pattern.fullmatch(text) else None


def _at_least(low: float, convert: Callable[[str], T | None]) -> Callable[[str], T | None]:
    def converted(text: str) -> T | None:
        value = convert(text)
        return value if isinstance(value, int | float) and value >= low else None

    return converted


def share(text: str) -> float | None:
    """
    Return a share of 0 to 1 that is written as such or in per cent, or None.

    >>> share("20%"), share("0.2"), share("120%")
    (0.2, 0.2, None)
    """
    value = number(text.removesuffix("%"))
    if value is None:
        return None
    part = value / 100 if text.endswith("%") else value
    return part if 0 <= part <= 1 else None


def _above_zero(text: str) -> float | None:
    value = number(text)
    return value if value is not None and value > 0 else None


TEXT = text_of(TEXT_MAX_CHARS)
RULE_NAME = scalar("a name of letters, digits and _", _matching(NAME))
ID = scalar("a name of letters, digits and . _ -", _matching(_ID))
LANGUAGE = scalar("a language such as en or de-CH", _matching(_LANGUAGE))
BOOL: Type[bool] = scalar("true or false", {"true": True, "false": False}.get)
COUNT = scalar("a whole number of 1 or more", _at_least(1, whole))
NUMBER = scalar("a number of 0 or more", _at_least(0, number))
SIGNED_NUMBER = scalar("a number", number)
FACTOR = scalar("a number above 0", _above_zero)
SHARE = scalar("a share such as 20% or 0.2", share)
DURATION = scalar("a length of time such as 90d, 12h or 30m", duration_s)


def _rule(node: Node, log: Log) -> Scalar | None:
    if isinstance(node, Scalar):
        return node
    refuse(node, "a rule", log)
    return None


RULE: Final = Type("a rule", _rule)


def anything(words: str) -> Type[Node]:
    """Return the type of a part that is read where its meaning is known."""
    return Type(words, lambda node, _log: node)


def one_of(words: Mapping[str, T], what: str) -> Type[T]:
    """Return the type of what each of a few words stands for."""

    def read(node: Node, log: Log) -> T | None:
        if isinstance(node, Scalar) and node.text in words:
            return words[node.text]
        if isinstance(node, Scalar):
            hint = hint_for(node.text, words) or f"there are: {', '.join(words)}"
            log.add(node.place, "choice", f"{kind(node)} is no {what}", hint)
        else:
            refuse(node, f"a {what}: {', '.join(words)}", log)
        return None

    return Type(f"one of {', '.join(words)}", read)


def choice(enum: type[Enum], what: str) -> Type[Any]:
    """Return the type of an enum's values, or of its names where the values are numbers."""
    words = {(m.value if isinstance(m.value, str) else m.name.lower().replace("_", "-")): m for m in enum}
    return one_of(words, what)


def name_of(what: str) -> Type[str]:
    """Return the type of a name that must exist in the policy: it is looked up when all is read."""

    def read(node: Node, log: Log) -> str | None:
        name = ID.read(node, log)
        if name is not None and isinstance(node, Scalar):
            log.refer(what, node)
        return name

    return Type(f"the name of {'an' if what[0] in 'aeiou' else 'a'} {what}", read)


def many(item: Type[T]) -> Type[tuple[T, ...]]:
    """Return the type of a list; one item may stand alone."""

    def read(node: Node, log: Log) -> tuple[T, ...]:
        nodes: Iterable[Node] = node.items if isinstance(node, Items) else (node,)
        values = (item.read(one, log) for one in nodes)
        return tuple(value for value in values if value is not None)

    return Type(f"{item.words}, or a list of such", read)
