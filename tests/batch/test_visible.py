"""Which values exist is for many customers what it is for one; the mistakes it could have are caught."""

from functools import partial

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from tests.differential.mutating import Mutant, mutated

from tactful import Observation, Source
from tactful.clock import NEVER_US, SKEW_US
from tactful.engine import mask
from tactful.engine.batch import visible
from tactful.engine.batch.columns import Told
from tactful.plan.visibility import ALL_SOURCES, Demand

NOW_US = 10**15
#: Few moments around now, at both sides of every bound.
MOMENTS_US = st.builds(
    lambda place, more: NOW_US + place + more,
    st.sampled_from((0, -100, -200, SKEW_US, SKEW_US - 100)),
    st.sampled_from((-1, 0, 1)),
)
OBSERVATIONS = st.builds(
    Observation,
    st.just("a"),
    st.sampled_from(list(Source)),
    MOMENTS_US,
    st.sampled_from((0.0, 0.5, 1.0)),
    st.booleans(),
    st.none() | MOMENTS_US,
)
DEMANDS = st.builds(
    lambda confidence, sources, lasts_us, first_party, waits_us, lease_us: Demand(
        "a", 0, None, confidence, sources, lasts_us, first_party, waits_us, lease_us
    ),
    st.sampled_from((0.0, 0.5, 1.0)),
    st.sampled_from((ALL_SOURCES, frozenset({Source.STATED, Source.OBSERVED}))),
    st.sampled_from((None, 1, 100, 200)),
    st.booleans(),
    st.sampled_from((0, 1, 100)),
    st.sampled_from((None, 1, 100, 200)),
)
CASES = st.tuples(DEMANDS, st.lists(OBSERVATIONS, min_size=1, max_size=5))


def told(observations):
    sorts = [(one.source, one.confidence, one.first_party) for one in observations]
    return Told(
        tuple(sorts),
        np.arange(len(sorts), dtype=np.int32),
        np.array([one.at_us for one in observations]),
        np.array([-NEVER_US if one.gave_us is None else one.gave_us for one in observations]),
    )


def differs(case):
    demand, observations = case
    alone = [mask.exists(one, demand, NOW_US)[0] for one in observations]
    return visible.exists(told(observations), demand, NOW_US).tolist() != alone


@given(CASES)
def test_it_is_for_many_as_for_one(case):
    assert not differs(case)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("met &= now_us < at_us + demand.lasts_us", "met &= now_us <= at_us + demand.lasts_us"),
        ("met &= now_us < from_us + demand.lease_us", "pass"),
        ("(now_us >= told.gave_us - SKEW_US)", "True"),
        ("demand.waits_us or -SKEW_US", "demand.waits_us"),
        ("and (first_party or not demand.first_party)", ""),
        ("confidence >= demand.confidence", "confidence > demand.confidence"),
        ("and source in demand.sources", ""),
    ],
)
def test_a_mistake_is_caught(right, wrong):
    with mutated(Mutant("engine.batch.visible", right, wrong)):
        try:
            found = find(CASES, partial(differs), settings=settings(max_examples=20_000, deadline=None))
        except NoSuchExample:
            found = None
    assert found is not None
