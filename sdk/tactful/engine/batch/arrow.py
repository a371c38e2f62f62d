"""Arrow: customers out of a table. What a column cannot mean is refused by its name.

A row is a customer. Columns: `customer`; each attribute by its name, and beside it `NAME.at`, `NAME.source`,
`NAME.confidence`, `NAME.first_party`, `NAME.gave`; `made_at`, when the profile was made; `consent.PURPOSE`, how
consent was given, or a state such as "withdrawn", with `consent.PURPOSE.at`; `consents_at`, when they were last known.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...clock import NEVER_US
from ...consent import Consent, Consents
from ...errors import UsageError, ValueRefused
from ...plan.plan import Plan
from ...schema import Attribute, Source, Value, ValueType, check_value
from ..convert import to_consents
from .columns import ABSENT, UNREADABLE, Affinities, Codes, Column, Customers, Moments, Sort, Told
from .encoded import Scores, distinct

_PARTS: Final = ("at", "source", "confidence", "first_party", "gave")
_OTHERS: Final = ("customer", "made_at", "consents_at")


class Table:
    """
    A table of customers, under a plan.

    Attributes:
        first: The place of its first row in the whole.
        refused: By attribute, how many of its values do not fit their type; of these nothing is known.
        misunderstood: Purposes with a word for consent that is not understood; it counts as refused.
    """

    def __init__(self, plan: Plan, columns: Mapping[str, Any], now_us: int, first: int = 0) -> None:
        self._plan = plan
        self.first = first
        self._now_us = now_us
        self._columns = columns
        self._rows = len(next(iter(self._columns.values()), ()))
        self.refused: dict[str, int] = {}
        self.misunderstood: set[str] = set()
        self._check_names()

    def customers(self) -> Customers:
        """
        Return the customers.

        Raises:
            UsageError: If a column is not what its name says; its message names the column, never a value.
        """
        specs = self._plan.policy.attributes
        ranked = self._plan.policy.ranking.affinity
        plain = [one for one in specs if one.type is not ValueType.SCORES]
        attributes = {one.name: self._attribute(one) for one in plain if one.name in self._columns}
        affinities = {one.name: self._affinities(one) for one in specs if one.name == ranked}
        consents, consent_of = self._consents()
        made_us = self._moments("made_at", self._now_us)
        return Customers(self.ids(), made_us, attributes, affinities, consents, consent_of)

    def _check_names(self) -> None:
        names = [one.name for one in self._plan.policy.attributes]
        known = [*_OTHERS, *names, *(f"{name}.{part}" for name in names for part in _PARTS)]
        asked = [one.name for one in self._plan.policy.purposes]
        known += [f"consent.{name}{part}" for name in asked for part in ("", ".at")]
        if strange := set(self._columns).difference(known):
            name = next(one for one in self._columns if one in strange)
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"column {name!r}: the policy has no such attribute or purpose{hint}")
        if "customer" not in self._columns:
            raise UsageError("column 'customer' is missing: the persistent id of each row's customer")

    def ids(self) -> list[str]:
        """
        Return the customers' ids.

        Raises:
            UsageError: If a row has none, or two have the same.
        """
        column = self._cast("customer", pa.string(), "texts")
        if column.null_count:
            raise UsageError(f"column 'customer': {column.null_count} rows have none")
        ids: list[str] = column.to_pylist()
        distinct = set(ids)
        if len(distinct) < len(ids):
            raise UsageError(
                f"column 'customer': {len(ids) - len(distinct)} rows are of a customer who has one already"
            )
        if "" in distinct:
            raise UsageError("column 'customer': an empty text is nobody")
        return ids

    def slices(self, rows: int) -> Iterator["Table"]:
        """Yield the table in parts of so many rows."""
        for start in range(0, self._rows, rows):
            columns = {name: one.slice(start, rows) for name, one in self._columns.items()}
            yield Table(self._plan, columns, self._now_us, start)

    def row(self, number: int) -> "Table":
        """Return one row of the table."""
        return Table(self._plan, {name: one.slice(number, 1) for name, one in self._columns.items()}, self._now_us)

    def __len__(self) -> int:
        return self._rows

    @property
    def tells_consents(self) -> bool:
        """Whether there is a column for a consent."""
        return any(name.startswith("consent.") for name in self._columns)

    def _attribute(self, spec: Attribute) -> Column:
        found, places = distinct(self._columns[spec.name])
        values: list[Value] = []
        codes = np.empty(len(found) + 1, dtype=np.int32)
        for place, value in enumerate(found):
            try:
                checked = check_value(spec.type, value)
            except ValueRefused:
                codes[place] = UNREADABLE
            else:
                codes[place] = len(values)
                values.append(checked)
        codes[len(found)] = ABSENT
        column = Column(tuple(values), codes[places], self._told(spec))
        self._refuse(spec.name, int(np.count_nonzero(column.codes == UNREADABLE)))
        return column

    def _affinities(self, spec: Attribute) -> Affinities:
        empty = spec.absent if isinstance(spec.absent, Mapping) else {}
        if spec.name not in self._columns:
            alike = np.tile(np.array([*empty.values(), np.nan], dtype=np.float64), (self._rows, 1))
            nobody = np.full(self._rows, ABSENT, dtype=np.int32)
            return Affinities(tuple(empty), alike, nobody, self._told(spec))
        column = self._cast(spec.name, pa.map_(pa.string(), pa.float64()), "maps of texts to numbers")
        names = tuple(dict.fromkeys([*empty, *(one.offer.affinity for one in self._plan.offers)]))
        scores = Scores(column, names)
        codes = np.where(scores.refused, UNREADABLE, np.where(scores.absent, ABSENT, 0)).astype(np.int32)
        scores.padded[scores.absent] = [empty.get(name, np.nan) for name in (*names, "")]
        self._refuse(spec.name, int(np.count_nonzero(scores.refused)))
        return Affinities(names, scores.padded, codes, self._told(spec))

    def _told(self, spec: Attribute) -> Told:
        name = spec.name
        at_us, gave_us = self._moments(f"{name}.at", self._now_us), self._moments(f"{name}.gave", -NEVER_US)
        if not any(f"{name}.{part}" in self._columns for part in ("source", "confidence", "first_party")):
            return Told(((spec.source, 1.0, True),), np.zeros(self._rows, dtype=np.int32), at_us, gave_us)
        sources, source_of = self._words(f"{name}.source", spec.source, Source, "a source")
        confidences, confidence_of = self._numbers(f"{name}.confidence")
        first = self._bools(f"{name}.first_party")
        pairs = (source_of.astype(np.int64) * len(confidences) + confidence_of) * 2 + first
        kinds, sort_of = np.unique(pairs, return_inverse=True)
        sorts: list[Sort] = [
            (sources[one // 2 // len(confidences)], confidences[one // 2 % len(confidences)], bool(one % 2))
            for one in kinds.tolist()
        ]
        return Told(tuple(sorts), sort_of.astype(np.int32), at_us, gave_us)

    def _consents(self) -> tuple[tuple[Consents | None, ...], Codes]:
        asked = [one.name for one in self._plan.policy.purposes if f"consent.{one.name}" in self._columns]
        if not asked:
            return (None,), np.zeros(self._rows, dtype=np.int32)
        parts: list[tuple[list[Any], NDArray[np.int64]]] = []
        for name in asked:
            parts.append(distinct(self._columns[f"consent.{name}"]))
            moments_us, of = np.unique(self._moments(f"consent.{name}.at", self._now_us), return_inverse=True)
            parts.append((moments_us.tolist(), of.astype(np.int64)))
        moments_us, of = np.unique(self._moments("consents_at", self._now_us), return_inverse=True)
        parts.append((moments_us.tolist(), of.astype(np.int64)))
        stacked = np.column_stack([of for _, of in parts])
        _, rows, codes = np.unique(stacked, axis=0, return_index=True, return_inverse=True)
        said = [self._said(asked, parts, row) for row in rows.tolist()]
        return tuple(said), codes.reshape(-1).astype(np.int32)

    def _said(self, asked: Sequence[str], parts: Sequence[tuple[list[Any], NDArray[np.int64]]], row: int) -> Consents:
        """Return the consents of one row."""
        records: list[Consent] = []
        for number, purpose in enumerate(asked):
            (words, word_of), (moments_us, moment_of) = parts[2 * number], parts[2 * number + 1]
            place = int(word_of[row])
            if place < len(words):
                said, misunderstood = to_consents({purpose: words[place]}, moments_us[int(moment_of[row])])
                records += said.records
                self.misunderstood.update(misunderstood)
        moments_us, of = parts[-1]
        return Consents(tuple(records), moments_us[int(of[row])])

    def _moments(self, name: str, otherwise_us: int) -> Moments:
        if name not in self._columns:
            return np.full(self._rows, otherwise_us, dtype=np.int64)
        column = self._columns[name]
        if not pa.types.is_timestamp(column.type) or column.type.tz is None:
            raise UsageError(f"column {name!r}: expected timestamps with a time zone, got {column.type}")
        whole = column.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64())
        found: Moments = whole.fill_null(otherwise_us).to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
        return found

    def _numbers(self, name: str) -> tuple[list[float], Codes]:
        if name not in self._columns:
            return [1.0], np.zeros(self._rows, dtype=np.int32)
        column = self._cast(name, pa.float64(), "numbers").fill_null(1.0).to_numpy(zero_copy_only=False)
        if not np.all((column >= 0) & (column <= 1)):  # NaN is neither
            raise UsageError(f"column {name!r}: a confidence is 0 to 1")
        values, codes = np.unique(column, return_inverse=True)
        return values.tolist(), codes.astype(np.int32)

    def _bools(self, name: str) -> NDArray[np.int64]:
        if name not in self._columns:
            return np.ones(self._rows, dtype=np.int64)
        column = self._cast(name, pa.bool_(), "true or false").fill_null(fill_value=True)
        return np.asarray(column.to_numpy(zero_copy_only=False)).astype(np.int64)

    def _words(self, name: str, otherwise: Source, kind: type[Source], what: str) -> tuple[list[Source], Codes]:
        if name not in self._columns:
            return [otherwise], np.zeros(self._rows, dtype=np.int32)
        found, places = distinct(self._cast(name, pa.string(), "texts"))
        try:
            words = [kind(word) for word in found]
        except ValueError:
            known = ", ".join(one.value for one in kind)
            raise UsageError(f"column {name!r}: {what} is one of {known}") from None
        return [*words, otherwise], places.astype(np.int32)

    def _cast(self, name: str, type_: pa.DataType, what: str) -> Any:
        try:
            return self._columns[name].cast(type_)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
            raise UsageError(f"column {name!r}: expected {what}, got {self._columns[name].type}") from None

    def _refuse(self, name: str, count: int) -> None:
        if count:
            self.refused[name] = count


def columns_of(table: object) -> dict[str, Any]:
    """
    Return a table's columns by name, each in one piece.

    Args:
        table: An Arrow table, or what gives one by `__arrow_c_stream__`, as Polars' and pandas' do.

    Raises:
        UsageError: If it is none, or a name is there twice.
    """
    try:
        whole: Any = table if isinstance(table, pa.Table) else pa.table(table)
    except (TypeError, ValueError, pa.ArrowException):
        raise UsageError(
            f"customers come as an Arrow table, or as what gives one; got {type(table).__name__}"
        ) from None
    names = whole.column_names
    if len(set(names)) < len(names):
        raise UsageError(f"column {next(one for one in names if names.count(one) > 1)!r} is there more than once")
    return {name: _plain(whole.column(name).combine_chunks()) for name in names}


def _plain(column: Any) -> Any:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
