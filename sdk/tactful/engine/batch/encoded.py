"""Encoded: columns of Arrow as distinct values and indices, maps of scores as rows of numbers. It knows no name."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...schema import SCORES_MAX_ITEMS


class Scores:
    """
    The scores of a column of maps.

    Attributes:
        padded: Rows by names, and one column more that is empty; NaN where there is none.
        absent: Which rows have none.
        refused: Which rows have wrong ones.
    """

    def __init__(self, column: Any, names: Sequence[str]) -> None:
        rows = len(column)
        lengths = np.diff(column.offsets.to_numpy())
        first = column.offsets[0].as_py() if rows else 0
        count = int(lengths.sum())
        self.absent: NDArray[np.bool_] = column.is_null().to_numpy(zero_copy_only=False)
        self.padded = np.full((rows, len(names) + 1), np.nan)
        row_of = np.repeat(np.arange(rows), lengths)
        found, places = distinct(column.keys.slice(first, count))
        values = column.items.slice(first, count).to_numpy(zero_copy_only=False).astype(np.float64)
        wrong = ~((values >= 0) & (values < np.inf))  # NaN, and what is null, is neither
        self.refused = (lengths > SCORES_MAX_ITEMS) & ~self.absent
        self.refused[row_of[wrong]] = True
        self.refused &= ~self.absent
        name_at = {name: place for place, name in enumerate(names)}
        at = np.array([*(name_at.get(name, -1) for name in found), -1], dtype=np.int64)[places]
        wanted = at >= 0
        if self.refused.any() or self.absent.any():
            wanted &= ~(self.refused | self.absent)[row_of]
        cells = row_of * self.padded.shape[1] + at
        if wanted.all():
            np.put(self.padded, cells, values)
        else:
            np.put(self.padded, cells[wanted], values[wanted])


def distinct(column: Any) -> tuple[list[Any], NDArray[np.int64]]:
    """Return a column's distinct values, and each row's as an index; of a null, the one after the last."""
    try:
        encoded = column.dictionary_encode()
    except pa.ArrowNotImplementedError:  # lists
        values: dict[object, int] = {}
        rows = (tuple(one) if isinstance(one, list) else one for one in column.to_pylist())
        places = [-1 if one is None else values.setdefault(one, len(values)) for one in rows]
        found = list(values)
        return found, np.array([len(found) if one < 0 else one for one in places], dtype=np.int64)
    found, indices = encoded.dictionary.to_pylist(), encoded.indices
    if indices.null_count:
        indices = indices.fill_null(len(found))
    return found, indices.to_numpy(zero_copy_only=False).astype(np.int64)
