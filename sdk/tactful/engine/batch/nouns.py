"""Nouns: customers as columns, from profiles and consents as the rest of the library speaks of them."""

from collections.abc import Iterable, Mapping, Sequence

import attrs
import numpy as np

from ...clock import NEVER_US
from ...consent import Consents
from ...plan.plan import Plan
from ...profile import Observation, Snapshot
from ...schema import Attribute, Source, Value, ValueType
from .columns import ABSENT, UNREADABLE, Affinities, Column, Customers, Sort, Told


def customers_of(plan: Plan, known: Sequence[tuple[Snapshot, Consents | None]]) -> Customers:
    """
    Return customers as columns.

    Args:
        plan: The plan whose schema the profiles fit (see `convert.to_snapshot`).
        known: Each customer's profile, and consents if they are known.
    """
    snapshots = [one for one, _ in known]
    kinds: dict[Consents | None, int] = {}
    consent_of = [kinds.setdefault(consents, len(kinds)) for _, consents in known]
    attributes, affinities = {}, {}
    for spec in plan.policy.attributes:
        if spec.type is not ValueType.SCORES:
            attributes[spec.name] = _column(spec.name, snapshots)
        elif spec.name == plan.policy.ranking.affinity:
            affinities[spec.name] = _affinities(spec, snapshots)
    return Customers(
        [one.customer for one in snapshots],
        np.array([one.at_us for one in snapshots], dtype=np.int64),
        attributes,
        affinities,
        tuple(kinds) or (None,),
        np.array(consent_of, dtype=np.int32),
    )


def with_consents(customers: Customers, known: Sequence[Consents | None]) -> Customers:
    """Return customers with the consents of each of them."""
    kinds: dict[Consents | None, int] = {}
    consent_of = [kinds.setdefault(consents, len(kinds)) for consents in known]
    return attrs.evolve(customers, consents=tuple(kinds) or (None,), consent_of=np.array(consent_of, dtype=np.int32))


def _codes(name: str, snapshots: Sequence[Snapshot], there: Iterable[int | None]) -> list[int]:
    """Return codes, with what is absent or unreadable told apart where there is none."""
    return [
        (UNREADABLE if name in one.unreadable else ABSENT) if code is None else code
        for one, code in zip(snapshots, there, strict=True)
    ]


def _column(name: str, snapshots: Sequence[Snapshot]) -> Column:
    seen = [one.attributes.get(name) for one in snapshots]
    values: dict[tuple[type, Value], int] = {}  # 1, 1.0 and True are three values
    there = [None if one is None else values.setdefault((type(one.value), one.value), len(values)) for one in seen]
    codes = np.array(_codes(name, snapshots, there), dtype=np.int32)
    return Column(tuple(value for _, value in values), codes, _told(seen))


def _affinities(spec: Attribute, snapshots: Sequence[Snapshot]) -> Affinities:
    seen = [one.attributes.get(spec.name) for one in snapshots]
    rows: list[Mapping[str, float]] = [_scores(spec.absent if one is None else one.value) for one in seen]
    names = {name: place for place, name in enumerate(dict.fromkeys(name for row in rows for name in row))}
    padded = np.full((len(rows), len(names) + 1), np.nan)
    for number, row in enumerate(rows):
        for name, score in row.items():
            padded[number, names[name]] = score
    there = [None if one is None else 0 for one in seen]
    codes = np.array(_codes(spec.name, snapshots, there), dtype=np.int32)
    return Affinities(tuple(names), padded, codes, _told(seen))


def _scores(value: object) -> Mapping[str, float]:
    return value if isinstance(value, Mapping) else {}


def _told(seen: Sequence[Observation | None]) -> Told:
    sorts: dict[Sort, int] = {}
    alike = [
        0 if one is None else sorts.setdefault((one.source, one.confidence, one.first_party), len(sorts))
        for one in seen
    ]
    return Told(
        tuple(sorts) or ((Source.OBSERVED, 1.0, True),),  # of nobody
        np.array(alike, dtype=np.int32),
        np.array([0 if one is None else one.at_us for one in seen], dtype=np.int64),
        np.array([-NEVER_US if one is None or one.gave_us is None else one.gave_us for one in seen], dtype=np.int64),
    )
