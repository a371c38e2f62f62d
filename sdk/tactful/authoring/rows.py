"""The rows of a CSV file, for offers that are made from each; and `{row.column}` in what they share."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from ..expr import Const
from ..schema import ValueType
from .format_types import ID, NAME
from .names import hint_for
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
        values: Its values as constants of rules, by `row.column`.
    """

    place: Place
    id: str
    texts: Mapping[str, str]
    values: Mapping[str, Const]


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
        return Keys(
            tuple((n, v if n.text in _TYPED else self._fill(v, row)) for n, v in keys.pairs), keys.place, keys.flow
        )

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
            self._log.add(place, "file-text", "a cell holds control characters, or halves of characters")
        id_ = ID.read(Scalar(texts[self._id_column.text], place), self._log)
        values = {f"row.{c}": v for c, text in texts.items() if (v := self._value(place, c, text)) is not None}
        return None if id_ is None else Row(place, id_, texts, values)

    def _value(self, place: Place, column: str, text: str) -> Const | None:
        """Return a cell as its column's type; None of a column whose name is no name for a rule."""
        if not NAME.fullmatch(column):
            return None
        type_, log = self._types.get(column, ValueType.TEXT), Log()
        value = read_value(type_, Scalar(text, place), log)
        for mistake in log.sorted():
            self._log.add(place, mistake.code, f"column {column!r}: {mistake.message}", mistake.hint)
        return None if value is None else Const(type_, value)

    def _fill(self, node: Node, row: Row) -> Node:
        if isinstance(node, Items):
            return Items(tuple(self._fill(item, row) for item in node.items), node.place)
        if isinstance(node, Keys):
            return Keys(tuple((name, self._fill(value, row)) for name, value in node.pairs), node.place, node.flow)
        unknown = [column for column in _CELL.findall(node.text) if column not in row.texts]
        for column in unknown:
            self._no_column(node.place, column)
        text = node.text if unknown else _CELL.sub(lambda match: row.texts[match[1]], node.text)
        return node if text == node.text else Scalar(text, row.place)
