"""The rows of a CSV file, for offers that are made from each; and `{row.column}` in what they share."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from ..expr import Const
from ..names import hint_for
from ..schema import ValueType
from .format_types import ID, NAME
from .source import Items, Keys, Log, Node, Place, Scalar
from .typed_values import read_value
from .yaml_reader import is_clean

CSV_MAX_BYTES: Final = 64 * 1024 * 1024
ROWS_MAX: Final = 100_000
_CELL: Final = re.compile(r"\{\s*row\.(\w+)\s*\}")
#: What keeps its `{row.column}`: rules and contents take the values, not the texts.
_TYPED: Final = ("when", "unless", "treatments")


@attrs.frozen
class Row:
    """
    One row.

    Attributes:
        place: Where it begins.
        id: The text of its id column.
        texts: Its texts by column.
        values: Its values as constants of rules, by `row.column`; None if one is not of its type.
    """

    place: Place
    id: str
    texts: Mapping[str, str]
    values: Mapping[str, Const] | None


class Rows:
    """
    The rows of one file.

    Args:
        file: Its name.
        text: What it holds.
        id_column: The column of the ids, where it is written.
        types: The types of columns that are not text.
        log: Takes the mistakes.
    """

    def __init__(self, file: str, text: str, id_column: Scalar, types: Mapping[str, ValueType], log: Log) -> None:
        self._file = file
        self._reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        self._id_column = id_column
        self._types = types
        self._log = log
        self._columns: list[str] = []

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows that are right, after noting what is wrong with the others."""
        try:
            self._columns = next(self._reader, [])
            if self._has_columns():
                yield from self._rows()
        except csv.Error as error:
            self._log.add(Place(self._file, self._reader.line_num), "csv-file", f"this is no CSV file: {error}")

    def filled(self, keys: Keys, row: Row) -> Keys:
        """Return keys with each `{row.column}` replaced by the row's text; rules and contents keep theirs."""
        return Keys(tuple((n, v if n.text in _TYPED else _fill(v, row)) for n, v in keys.pairs), keys.place, keys.flow)

    def has_all(self, keys: Keys) -> bool:
        """Return whether every `{row.column}` exists, after noting those that do not; the columns must be read."""
        shared = [text for name, node in keys.pairs if name.text not in _TYPED for text in _texts(node)]
        unknown = [(t.place, c) for t in shared for c in _CELL.findall(t.text) if c not in self._columns]
        for place, column in unknown:
            self._no_column(place, column)
        return not unknown

    def _has_columns(self) -> bool:
        columns = self._columns
        twice = sorted({column for column in columns if column and columns.count(column) > 1})
        for column in twice:
            self._log.add(Place(self._file), "csv-column", f"column {column!r} is there twice")
        if self._id_column.text not in columns:
            self._no_column(self._id_column.place, self._id_column.text)
        for column in self._types:
            if column not in columns:
                self._no_column(Place(self._file), column)
        return not twice and self._id_column.text in columns

    def _no_column(self, place: Place, column: str) -> None:
        message = f"{self._file} has no column {column!r}"
        self._log.add(place, "csv-column", message, hint_for(column, self._columns))

    def _rows(self) -> Iterator[Row]:
        seen: dict[str, int] = {}
        line = self._reader.line_num + 1
        for number, cells in enumerate(self._reader, 1):
            place, line = Place(self._file, line), self._reader.line_num + 1
            if number > ROWS_MAX:
                self._log.add(place, "csv-row", f"more than {ROWS_MAX:,} rows", "split the file")
                return
            row = self._row(place, cells)
            if row is not None and row.id in seen:
                self._log.add(place, "duplicate", f"id {row.id!r} is there twice; first in line {seen[row.id]}")
            elif row is not None:
                seen[row.id] = place.line
                yield row

    def _row(self, place: Place, cells: list[str]) -> Row | None:
        if not cells:
            return None
        if len(cells) != len(self._columns):
            message = f"the row has {len(cells)} cells, and there are {len(self._columns)} columns"
            self._log.add(place, "csv-row", message, "a text with commas needs quotes")
            return None
        texts = dict(zip(self._columns, cells, strict=True))
        if not all(map(is_clean, cells)):
            self._log.add(place, "file-text", "a cell holds control characters, or halves of characters", "delete them")
        id_ = ID.read(Scalar(texts[self._id_column.text], place), self._log)
        named = (column for column in self._columns if NAME.fullmatch(column))
        values = {f"row.{column}": self._value(place, column, texts[column]) for column in named}
        right = {name: value for name, value in values.items() if value is not None}
        return None if id_ is None else Row(place, id_, texts, right if len(right) == len(values) else None)

    def _value(self, place: Place, column: str, text: str) -> Const | None:
        type_, log = self._types.get(column, ValueType.TEXT), Log()
        value = read_value(type_, Scalar(text, place), log)
        for mistake in log.sorted():
            self._log.add(place, mistake.code, f"column {column!r}: {mistake.message}", mistake.hint)
        return None if value is None else Const(type_, value)


def _fill(node: Node, row: Row) -> Node:
    if isinstance(node, Items):
        return Items(tuple(_fill(item, row) for item in node.items), node.place)
    if isinstance(node, Keys):
        return Keys(tuple((name, _fill(value, row)) for name, value in node.pairs), node.place, node.flow)
    text = _CELL.sub(lambda match: row.texts[match[1]], node.text)
    return node if text == node.text else Scalar(text, row.place)


def _texts(node: Node) -> Iterator[Scalar]:
    """Yield all texts in a node."""
    if isinstance(node, Scalar):
        yield node
    for part in node.items if isinstance(node, Items) else ():
        yield from _texts(part)
    for _, value in node.pairs if isinstance(node, Keys) else ():
        yield from _texts(value)
