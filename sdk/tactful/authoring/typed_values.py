"""Values of the profile's and the context's types, as they are written in YAML and CSV."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from ..clock import SECOND_US, to_us
from ..schema import INT64_MAX, LIST_MAX_ITEMS, SCORES_MAX_ITEMS, Value, ValueType
from .format_types import BOOL, TEXT, Type, duration_s, number, refuse, scalar, whole
from .source import Items, Keys, Log, Node

#: The types that a column of a CSV file can have.
COLUMN_TYPES: Final = (
    ValueType.TEXT,
    ValueType.INT,
    ValueType.NUMBER,
    ValueType.BOOL,
    ValueType.TIME,
    ValueType.DURATION,
)


def _int64(text: str) -> int | None:
    value = whole(text)
    return value if value is not None and -INT64_MAX - 1 <= value <= INT64_MAX else None


def _time_us(text: str) -> int | None:
    try:
        return to_us(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _duration_us(text: str) -> int | None:
    seconds = duration_s(text)
    return None if seconds is None else seconds * SECOND_US


def _list(item: Type[Value]) -> Callable[[Node, Log], Value | None]:
    words = f"a list of at most {LIST_MAX_ITEMS} items, such as [a, b]"

    def read(node: Node, log: Log) -> Value | None:
        if not isinstance(node, Items) or len(node.items) > LIST_MAX_ITEMS:
            refuse(node, words, log)
            return None
        values = [item.read(one, log) for one in node.items]
        whole_list: Value = tuple(value for value in values if value is not None)  # type: ignore[assignment] # of one type
        return None if None in values else whole_list

    return read


def _scores(node: Node, log: Log) -> Mapping[str, float] | None:
    if not isinstance(node, Keys) or len(node.pairs) > SCORES_MAX_ITEMS:
        refuse(node, f"at most {SCORES_MAX_ITEMS} keys with a number of 0 or more each", log)
        return None
    scores = {name.text: _SCORE.read(value, log) for name, value in node.pairs}
    return None if None in scores.values() else {name: score for name, score in scores.items() if score is not None}


def _score(text: str) -> float | None:
    value = number(text)
    return value if value is not None and value >= 0 else None


_SCORE = scalar("a number of 0 or more", _score)
_SCALARS: Final[Mapping[ValueType, Type[Value]]] = {
    ValueType.TEXT: TEXT,
    ValueType.INT: scalar("a whole number of 64 bits", _int64),
    ValueType.NUMBER: scalar("a number", number),
    ValueType.BOOL: BOOL,
    ValueType.TIME: scalar("a time with its offset, such as 2026-12-01T09:00:00+01:00", _time_us),
    ValueType.DURATION: scalar("a length of time such as 90d, 12h or 30m", _duration_us),
}
_READERS: Final[Mapping[ValueType, Callable[[Node, Log], Value | None]]] = {
    **{type_: reader.read for type_, reader in _SCALARS.items()},
    ValueType.TEXTS: _list(_SCALARS[ValueType.TEXT]),
    ValueType.INTS: _list(_SCALARS[ValueType.INT]),
    ValueType.NUMBERS: _list(_SCALARS[ValueType.NUMBER]),
    ValueType.SCORES: _scores,
}


def read_value(type_: ValueType, node: Node, log: Log) -> Value | None:
    """Return the value that is written at a node, or None after noting that it is of another type."""
    return _READERS[type_](node, log)
