"""Recipients out of a table or a query, in batches: a campaign of any size takes no more memory than one of them."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import tactful

if TYPE_CHECKING:
    import pyarrow as pa

#: The column with a recipient's address.
ADDRESS: Final = "address"
CUSTOMER: Final = "customer"


def batches(recipients: object, size: int) -> "Iterator[pa.Table]":
    """
    Yield recipients as tables of at most so many rows.

    Args:
        recipients: An Arrow table, a reader of record batches, what gives either (Polars, pandas, DuckDB), or rows as
            mappings, such as those of a query.
        size: So many at once.

    Raises:
        ExtraMissing: Without pyarrow.
        UsageError: If it is none of these, a column is missing, or consents stand in it.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - loaded for campaigns alone
    except ImportError as error:
        raise tactful.ExtraMissing("a campaign", "email") from error
    found = _reader(recipients, pa)
    tables = _of_rows(recipients, size, pa) if found is None else _of_batches(found, size, pa)
    for table in tables:
        _check(table.column_names)
        if table.num_rows:
            yield table


def _reader(recipients: Any, pa: Any) -> Any:
    """Return a reader of record batches, where there can be one."""
    if isinstance(recipients, pa.RecordBatchReader):
        return recipients
    if isinstance(recipients, pa.Table):
        return recipients.to_reader()
    if hasattr(recipients, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(recipients)
    return None


def _of_batches(reader: Any, size: int, pa: Any) -> "Iterator[pa.Table]":
    for batch in reader:
        table = pa.Table.from_batches([batch])
        for start in range(0, table.num_rows, size):
            yield table.slice(start, size)


def _of_rows(recipients: object, size: int, pa: Any) -> "Iterator[pa.Table]":
    if not isinstance(recipients, Iterable) or isinstance(recipients, str | bytes | Mapping):
        raise tactful.UsageError("recipients: an Arrow table, or rows as mappings by column")
    rows = iter(recipients)
    while part := list(islice(rows, size)):
        if not all(isinstance(row, Mapping) for row in part):
            raise tactful.UsageError("recipients: each row is a mapping by column")
        try:
            table = pa.Table.from_pylist([dict(row) for row in part])
        except (pa.ArrowException, UnicodeError, TypeError, OverflowError) as error:
            raise tactful.UsageError(f"recipients: rows do not fit together: {type(error).__name__}") from None
        yield table


def _check(columns: Iterable[str]) -> None:
    columns = list(columns)
    for name in (CUSTOMER, ADDRESS):
        if name not in columns:
            raise tactful.UsageError(f"recipients: column {name!r} is missing")
    said = [name for name in columns if name.startswith("consent.") or name == "consents_at"]
    if said:
        raise tactful.UsageError(
            f"recipients: column {said[0]!r}: consents are asked of the edge, once more before each mail; "
            "leave the column out, and open the edge with the store or the consents= that has them"
        )
