"""Households as a table that `edge.decide_many` and Spark take: a row each, with consents and contacts."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pyarrow as pa

from tactful import ConsentState, Observation, Policy, ValueType

from .households import Household

_TIME: Final = pa.timestamp("us", "UTC")
_TYPES: Final[Mapping[ValueType, Any]] = {
    ValueType.INT: pa.int64(),
    ValueType.NUMBER: pa.float64(),
    ValueType.BOOL: pa.bool_(),
    ValueType.TEXT: pa.string(),
    ValueType.TIME: _TIME,
    ValueType.TEXTS: pa.list_(pa.string()),
    ValueType.SCORES: pa.map_(pa.string(), pa.float64()),
}
#: A contact, as docs/spark.md has it.
_CONTACT: Final = pa.struct(
    {
        "id": pa.string(),
        "event": pa.string(),
        "at": _TIME,
        "topic": pa.string(),
        "channel": pa.string(),
        "owner": pa.string(),
        "tags": pa.list_(pa.string()),
    }
)


def table_of(policy: Policy, households: Iterable[Household]) -> pa.Table:
    """Return households as a table: the columns of docs/batch.md, and `contacts`."""
    known = list(households)
    columns: dict[str, Any] = {
        "customer": pa.array([one.id for one in known]),
        "made_at": pa.array([one.snapshot.at_us for one in known], _TIME),
        "consents_at": pa.array([one.consents.at_us for one in known], _TIME),
    }
    for spec in policy.attributes:
        seen = [one.snapshot.attributes.get(spec.name) for one in known]
        if any(seen):
            columns |= _attribute(spec.name, _TYPES[spec.type], seen)
    for purpose in sorted({record.purpose for one in known for record in one.consents.records}):
        records = [next((r for r in one.consents.records if r.purpose == purpose), None) for one in known]
        words = [
            None if r is None else r.how.value if r.state is ConsentState.GIVEN else r.state.value for r in records
        ]
        columns[f"consent.{purpose}"] = pa.array(words, pa.string())
        columns[f"consent.{purpose}.at"] = pa.array([None if r is None else r.at_us for r in records], _TIME)
    columns["contacts"] = pa.array([[_told(contact) for contact in one.contacts] for one in known], pa.list_(_CONTACT))
    return pa.table(columns)


def _attribute(name: str, kind: Any, seen: list[Observation | None]) -> dict[str, Any]:
    def column(of: str, kind: Any) -> Any:
        return pa.array([None if one is None else getattr(one, of) for one in seen], kind)

    values = [None if one is None else _plain(one.value) for one in seen]
    sources = [None if one is None else one.source.value for one in seen]
    return {
        name: pa.array(values, kind),
        f"{name}.at": column("at_us", _TIME),
        f"{name}.source": pa.array(sources, pa.string()),
        f"{name}.confidence": column("confidence", pa.float64()),
        f"{name}.first_party": column("first_party", pa.bool_()),
        f"{name}.gave": column("gave_us", _TIME),
    }


def _plain(value: Any) -> Any:
    return list(value.items()) if isinstance(value, Mapping) else value


def _told(contact: Any) -> dict[str, Any]:
    return {one.name: getattr(contact, "at_us" if one.name == "at" else one.name) for one in _CONTACT}
