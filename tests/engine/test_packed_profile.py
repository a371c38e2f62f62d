"""A profile that an edge holds comes back from its bytes as it was, or is not packed."""

import gc
import math
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tactful
from tactful.engine.packed_profile import pack, unpack
from tactful.profile import Observation, Snapshot
from tactful.schema import Source, ValueType, check_value

from .conftest import NOON_US

NOW_US = 1_700_000_000_000_000
TEXTS = st.text(st.characters(), max_size=5)  # half of a surrogate pair too
PLAIN = st.one_of(
    TEXTS,
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False),
    st.booleans(),
    st.lists(TEXTS, max_size=3),
    st.dictionaries(TEXTS, st.floats(0, 9), max_size=3),
    st.datetimes(timezones=st.just(UTC)),
)
OBSERVED = st.builds(
    Observation,
    PLAIN,
    st.sampled_from(Source),
    st.integers(-(2**62), 2**62),
    st.one_of(st.just(1), st.floats(0, 1)),
    st.booleans(),
    st.none() | st.integers(0, 2**62),
)
SNAPSHOTS = st.builds(
    Snapshot,
    TEXTS,
    st.integers(0, 2**62),
    st.dictionaries(TEXTS, OBSERVED, max_size=5),
    st.integers(0, 9),
    st.frozensets(TEXTS, max_size=3),
)


def exact(value):
    """A value with its types, lists as the tuples that they come back as."""
    if isinstance(value, list | tuple):
        return tuple(exact(one) for one in value)
    if isinstance(value, dict):
        return {exact(key): exact(one) for key, one in value.items()}
    if isinstance(value, Observation):
        rest = (value.source, value.at_us, value.confidence, value.first_party, value.gave_us)
        return exact((value.value, *rest))
    return type(value), value


@given(SNAPSHOTS)
def test_a_snapshot_comes_back_whole(snapshot):
    again = unpack(pack(snapshot))

    assert exact(dict(again.attributes)) == exact(dict(snapshot.attributes))
    assert (again.customer, again.at_us, again.epoch) == (snapshot.customer, snapshot.at_us, snapshot.epoch)
    assert again.unreadable == snapshot.unreadable


@given(st.dictionaries(TEXTS, PLAIN | OBSERVED | st.none(), max_size=5))
def test_plain_values_come_back_whole(values):
    assert exact(unpack(pack(values))) == exact(values)


class Stars(IntEnum):
    FIVE = 5


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"a", "b"}, id="a set"),
        Stars.FIVE,
        OrderedDict(a=1.0),
        timedelta(1),
        datetime(2026, 1, 1),  # noqa: DTZ001 - without its offset
        2**64,
        [{"a"}],
        pytest.param(object(), id="an object"),
    ],
    ids=repr,
)
def test_what_would_come_back_otherwise_is_not_packed(value):
    assert pack({"a": value}) is None
    assert pack(Snapshot("ann", NOW_US, {"a": Observation(value, Source.OBSERVED, NOW_US)})) is None
    assert pack({"a": Observation(1, Source.OBSERVED, 2**64)}) is None


def test_a_time_comes_back_as_the_same_moment():
    moment = datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    assert check_value(ValueType.TIME, unpack(pack({"a": moment}))["a"]) == check_value(ValueType.TIME, moment)
    assert math.isnan(unpack(pack({"a": math.nan}))["a"])


def observations(edge):
    """How many observations an edge holds as objects, for customers who are here."""
    seen, found, waiting = set(), 0, list(edge._snapshots._here.values())
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type | tactful.Policy | type(edge.plan)):
            continue
        seen.add(id(one))
        found += isinstance(one, Observation)
        waiting += gc.get_referents(one)
    return found


def fetched(policy, value="Ann"):
    """An edge over a source that gives new objects each time, and the ids of more customers than are held unread."""

    def profile(customer):
        return Snapshot(customer, NOON_US, {"first_name": Observation(value, Source.STATED, NOON_US)})

    edge = tactful.open(policy, profiles=profile, consents=lambda _: {"offers": "explicit"}, clock=lambda: NOON_US)
    return edge, [f"c{number}" for number in range(300)]


def test_no_profile_is_held_as_objects_once_something_was_decided(policy):
    edge, ids = fetched(policy)
    with edge:
        for who in ids[:10]:
            edge.warm(who)
        assert observations(edge) == 10
        decisions = [edge.decide("rows", who) for who in ids[:10]]
        assert observations(edge) == 0
        assert all(one.moment.customer.snapshot.attributes["first_name"].value == "Ann" for one in decisions)


def test_of_whom_nothing_is_decided_few_profiles_are_held_as_objects(policy):
    edge, ids = fetched(policy)
    with edge:
        for who in ids:
            edge.warm(who)
        assert observations(edge) == 256
        before, after = (edge.decide("rows", who) for who in (ids[0], ids[-1]))  # unpacked, and as it came
        assert [pick.offer for pick in before.picks] == [pick.offer for pick in after.picks]
        assert before.picks


def test_a_profile_that_cannot_be_packed_is_decided_by_all_the_same(policy):
    edge, (who, *_) = fetched(policy, value=Name("Ann"))
    with edge:
        edge.warm(who)
        edge.decide("rows", who)
        assert edge.decide("rows", who).moment.customer.snapshot.attributes["first_name"].value == "Ann"


class Name(str):  # noqa: SLOT000 - a plain one
    """A text of somebody's own sort."""
