"""Whether one value of a setting is looser than another, from the direction in which that setting loosens.

It knows no setting: each part of a policy, and each guardrail, says for its own which direction is looser.
"""

import enum
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, Literal

import attrs

from ..clock import NEVER_US, in_words
from ..expr import Call, Const, Local, Quantifier, Var, text
from .told import length, listed, word

#: Looser, tighter, neither of them; or it cannot be told from the settings, and a person has to read it.
Kind = Literal["looser", "unknown", "tighter", "neither"]
KINDS: Final[tuple[Kind, ...]] = ("looser", "unknown", "tighter", "neither")
#: In which direction a setting loosens (see `Guardrail.looser`); here also `neither`, and `unknown`.
Direction = str | tuple[str, ...]

_UNIT: Final = re.compile("_(s|us|min)$")
_DAY_MIN: Final = 1440
#: Of numbers by name, one that is not there is 0.
_OF_EACH: Final[Mapping[Direction, Direction]] = {"more of each": "more", "less of each": "less"}
_OPPOSITE: Final[Mapping[Kind, Kind]] = {
    "looser": "tighter",
    "unknown": "unknown",
    "tighter": "looser",
    "neither": "neither",
}


@attrs.frozen
class Change:
    """
    One difference between two policies.

    Attributes:
        kind: What it does to the boundaries.
        about: What has changed, as `channel web`.
        what: Which setting of it; empty if it is new or gone as a whole.
        old: What it was, in words; empty if there was none.
        new: What it is, in words; empty if there is none.
    """

    kind: Kind
    about: str
    what: str
    old: str
    new: str

    def __str__(self) -> str:
        if not self.what:
            return f"{self.about}: {'new' if self.new else 'gone'}"
        return f"{self.about}: {self.what} was {self.old}, is {self.new}"


@attrs.frozen
class Part:
    """A setting's value, and in which direction it loosens."""

    value: object
    direction: Direction = "unknown"


#: What one thing in a policy consists of, by the name of the setting; what is not there is false.
Parts = Mapping[str, Part]
_ABSENT: Final = Part(False, "unknown")  # noqa: FBT003 - a value


def parts_of(thing: object, directions: Mapping[str, Direction]) -> dict[str, Part]:
    """Return the fields of an attrs object as parts; of a field that is not among the directions nothing is known."""
    names = (field.name for field in attrs.fields(type(thing)))  # type: ignore[arg-type]
    return {name: Part(getattr(thing, name), directions.get(name, "unknown")) for name in names}


def compared(about: str, old: Parts, new: Parts) -> Iterator[Change]:
    """Yield what has changed of one thing, in the order of its parts."""
    span = _span(old)
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name, _ABSENT), new.get(name, _ABSENT)
        if name in span:
            if name == span[0]:
                yield from _span_changes(about, span, old, new)
        elif before.value != after.value:
            known = after if name in new else before
            yield from _changes(about, name, before.value, after.value, known.direction)


def _changes(about: str, name: str, old: object, new: object, direction: Direction) -> Iterator[Change]:
    if isinstance(old, Mapping) and isinstance(new, Mapping) and direction in _OF_EACH:
        for key in dict.fromkeys((*old, *new)):
            was, is_ = old.get(key, 0), new.get(key, 0)
            if was != is_:
                kind = kind_of(was, is_, _OF_EACH[direction])
                yield Change(kind, about, f"{name.removesuffix('s')} of {key}", str(was), str(is_))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _items(f"{about}, {name.removesuffix('s')} {key}", old.get(key), new.get(key), direction)
    elif _has_settings(old, new):
        yield from _items(f"{about}, {name}", old, new, direction)
    else:
        none = "all" if direction in ("wider", "narrower") else "none"
        told = [in_words_of(name, value, none) for value in (old, new)]
        yield Change(kind_of(old, new, direction), about, _UNIT.sub("", name).replace("_", " "), *told)


def _items(about: str, old: object, new: object, direction: Direction) -> Iterator[Change]:
    if old is None or new is None:
        way = direction.partition(" or ")[0] if isinstance(direction, str) else direction
        yield whole(about, kind_of(old is not None, new is not None, way), is_new=old is None)
    elif attrs.has(type(old)) and type(old) is type(new):
        looser = getattr(type(old), "looser", {})
        yield from compared(about, parts_of(old, looser), parts_of(new, looser))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _items(f"{about} {key}", old.get(key), new.get(key), direction)
    elif old != new:
        yield Change(kind_of(old, new, direction), about, "setting", in_words_of("", old), in_words_of("", new))


def _has_settings(old: object, new: object) -> bool:
    """Return whether a setting has settings of its own; one of the two may be absent."""
    kinds = {type(one) for one in (old, new) if one is not None}
    return len(kinds) == 1 and hasattr(kinds.pop(), "looser")


def whole(about: str, kind: Kind, *, is_new: bool) -> Change:
    """Return that something is new, or gone, as a whole."""
    return Change(kind, about, "", "" if is_new else "there", "there" if is_new else "")


def opposite(kind: Kind) -> Kind:
    """Return what the change back does."""
    return _OPPOSITE[kind]


def kind_of(old: object, new: object, direction: Direction) -> Kind:
    """
    Return what a change of a value does.

    >>> kind_of(3, 5, "more"), kind_of(7, 14, "less"), kind_of("a", "b", ("a", "b")), kind_of(1, 2, "unknown")
    ('looser', 'tighter', 'looser', 'unknown')
    >>> kind_of(("web",), (), "wider"), kind_of(("web",), (), "narrower"), kind_of(9, None, "more or none")
    ('looser', 'tighter', 'looser')
    """
    if direction == "neither":
        return "neither"
    if _looser(old, new, direction):
        return "looser"
    return "tighter" if _looser(new, old, direction) else "unknown"


def _looser(old: Any, new: Any, direction: Direction) -> bool:
    """Return whether the new value is surely looser; the two differ."""
    if isinstance(direction, tuple):
        ranks = [direction.index(one) if one in direction else None for one in map(_plain, (old, new))]
        return None not in ranks and ranks[0] < ranks[1]  # type: ignore[operator]
    way, _, none = direction.partition(" or ")
    if none and (old is None or new is None):
        return new is None
    match way:
        case "more":
            return _less(old, new)
        case "less":
            return _less(new, old)
        case "wider":
            return _within(old, new)
        case "narrower":
            return _within(new, old)
    return False


def _less(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one < other
    if isinstance(one, tuple | frozenset) and isinstance(other, tuple | frozenset):
        return set(one) < set(other)
    return one == "" and isinstance(other, str)


def _within(one: Any, other: Any) -> bool:
    """Return whether one names less than the other; who names none means all."""
    named, others = _named(one), _named(other)
    return bool(named) and (not others or named < others)


def _named(value: Any) -> set[Any]:
    if value is None or isinstance(value, str):
        return {value} if value else set()
    return set(value)


def _plain(value: object) -> object:
    return word(value) if isinstance(value, enum.Enum) else value


def _span(parts: Parts) -> tuple[str, ...]:
    """Return the names of the two settings that bound a part of the day, if there are such: they loosen together."""
    ends = {part.direction: name for name, part in parts.items() if part.direction in ("later", "earlier")}
    return (ends["later"], ends["earlier"]) if len(ends) == len(("from", "to")) else ()


def _span_changes(about: str, span: tuple[str, ...], old: Parts, new: Parts) -> Iterator[Change]:
    (was_from, was_to), (is_from, is_to) = ([it[name].value for name in span] for it in (old, new))
    if (was_from, was_to) != (is_from, is_to):
        kind = kind_of(_minutes(was_from, was_to), _minutes(is_from, is_to), "less")
        told = [" to ".join(in_words_of(n, it[n].value) for n in span) for it in (old, new)]
        yield Change(kind, about, "from", *told)


def _minutes(from_min: Any, to_min: Any) -> frozenset[int]:
    """Return the minutes of the day from one on and before the next other; of the same two, all of the day."""
    last = to_min if from_min < to_min else to_min + _DAY_MIN
    return frozenset(minute % _DAY_MIN for minute in range(from_min, last))


def in_words_of(name: str, value: object, none: str = "none") -> str:
    """
    Return a setting's value as people read it; the ending of its name tells the unit.

    >>> in_words_of("within_s", 604_800), in_words_of("from_min", 1290), in_words_of("accept", ("explicit",))
    ('7 days', '21:30', 'explicit')
    """
    match value:
        case None | "" | ():
            return none
        case bool():
            return "yes" if value else "no"
        case enum.Enum():
            return word(value)
        case Const() | Var() | Local() | Call() | Quantifier():
            return text(value)
        case int() if name.endswith("_s"):
            return length(value)
        case int() if name.endswith("_min"):
            return f"{value // 60:02}:{value % 60:02}"
        case int() if name.endswith("_us"):
            return "always" if value in (0, NEVER_US) else in_words(value)
        case float():
            return f"{value:g}"
    if isinstance(value, Collection) and not isinstance(value, str | Mapping):
        return listed(in_words_of("", one) for one in value)
    return str(value)
