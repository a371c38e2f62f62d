"""The grocer decides for a table of households as for each of them: the same offers, texts and worths."""

import pyarrow as pa
import pytest

import tactful
from grocery.coupons import DEMO_DAY
from grocery.households import spread
from grocery.journey import moment_of
from tactful import MemoryStore
from tactful.authoring import load_suite
from tactful.clock import NEVER_US
from tactful.schema import ValueType

NOW_US = moment_of(DEMO_DAY)
HOUSEHOLDS = 300
TIME = pa.timestamp("us", "UTC")
TYPES = {ValueType.SCORES: pa.map_(pa.string(), pa.float64()), ValueType.TIME: TIME}


@pytest.fixture(scope="module")
def some(everyone):
    return spread(everyone, HOUSEHOLDS)


@pytest.fixture(scope="module")
def edge(folder, some):
    store = MemoryStore(clock=lambda: NOW_US)
    store.put_many((), {one.id: one.consents for one in some})
    with tactful.open(load_suite(folder).policy, store=store, clock=lambda: NOW_US) as edge:
        yield edge


def table_of(policy, some):
    """Return households as columns, with all that is known of each value; consents stay with the store."""
    columns = {
        "customer": pa.array([one.id for one in some]),
        "made_at": pa.array([one.snapshot.at_us for one in some], TIME),
    }
    for spec in policy.attributes:
        seen = [one.snapshot.attributes.get(spec.name) for one in some]
        if not any(seen):
            continue
        told = {
            "": ([value_of(one.value) for one in seen if one], TYPES.get(spec.type)),
            ".at": ([one.at_us for one in seen if one], TIME),
            ".source": ([one.source.value for one in seen if one], pa.string()),
            ".confidence": ([one.confidence for one in seen if one], pa.float64()),
            ".first_party": ([one.first_party for one in seen if one], pa.bool_()),
            ".gave": ([None if one.gave_us in (None, -NEVER_US) else one.gave_us for one in seen if one], TIME),
        }
        for part, (values, type_) in told.items():
            known = iter(values)
            columns[spec.name + part] = pa.array([next(known) if one else None for one in seen], type_)
    return pa.table(columns)


def value_of(value):
    return list(value.items()) if hasattr(value, "items") else list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("channel", ["web", "email", "kiosk", "phone"])
def test_a_household_of_a_table_gets_what_it_gets_alone(edge, some, channel, workers):
    policy = edge.plan.policy
    names = tuple(one.name for one in policy.placements if one.channel == channel)[:1]
    contacts = {one.id: one.contacts for one in some}
    decisions = edge.decide_many(names, table_of(policy, some), contacts=contacts, workers=workers)
    assert decisions.careful == ()
    assert ("strict" in decisions.one_by_one) == (channel == "phone")  # the pans are in no other place
    found = {one.id: [] for one in some}
    for row in decisions.table.to_pylist():
        found[row["customer"]].append(tuple(row[name] for name in ("offer", "treatment", "tone", "basis", "worth")))
    for one in some if not decisions.one_by_one else ():
        alone = edge.decide(
            names, one.id, profile=one.snapshot, consents=one.consents, contacts=one.contacts, preview=True
        )
        told = [(pick.offer, pick.treatment, pick.tone.name, pick.basis.name, pick.worth) for pick in alone.picks]
        assert found[one.id] == told, one.number
    assert decisions.table.num_rows > 0
