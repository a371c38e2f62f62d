"""Until when a cap stays reached, against counting anew at each later moment; the mistakes it could have are caught."""

from functools import partial

import attrs
import pytest
from hypothesis import find, given
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from tactful.clock import NEVER_US
from tactful.engine import reached
from tactful.limits import Cap, Counted, Rolling, Scope
from tactful.plan.caps import CapPlan

from .mutating import Mutant, mutated

WINDOW_US = 10


def cap_plan(count, suppress_us, weighted):
    """Return a cap of a rolling window of 10 us; how it was authored is none of this test's concern."""
    counted = Counted("shown", weights=(("click", -1),) if weighted else ())
    cap = Cap(scope=Scope(), count=count, window=Rolling(1), counted=counted)
    shape = {field.name: None for field in attrs.fields(CapPlan)}
    return CapPlan(**{**shape, "cap": cap, "suppress_us": suppress_us, "weighted": weighted})


@st.composite
def counted(draw):
    """A cap and the events that it counts: weighty ones, or ones of one each after which it rests."""
    weighted = draw(st.booleans())
    plan = cap_plan(draw(st.integers(1, 4)), 0 if weighted else draw(st.integers(0, 25)), weighted)
    weights = st.sampled_from((-3, -1, 1, 2, 4)) if weighted else st.just(1)
    # Room that was taken lapses before its window ends; what speaks against a cap, and what rests, happened for good.
    lapses = st.just(NEVER_US) if plan.suppress_us else st.one_of(st.just(NEVER_US), st.integers(0, 40))
    events = draw(st.lists(st.tuples(st.integers(0, 30), lapses, weights), max_size=8))
    return plan, [
        (at_us, at_us + WINDOW_US, lapses_us if weight > 0 else NEVER_US, str(number), weight)
        for number, (at_us, lapses_us, weight) in enumerate(sorted(events))
    ]


def is_reached(plan, events, now_us):
    """Count anew: what is within its window and has not lapsed; and whether it rests after having been reached."""
    inside = sorted((event[0], event[4]) for event in events if now_us < min(event[1], event[2]))
    latest = (sum(weight for _, weight in inside[first:]) for first in range(len(inside)))
    if any(weight >= plan.cap.count for weight in latest):
        return True
    return any(
        now_us < last[0] + plan.suppress_us
        and sum(1 for event in events if event[0] <= last[0] < event[1]) >= plan.cap.count
        for last in events
    )


def is_wrong(now_us, case):
    """Whether the answer is another than that of counting anew, now and at every moment until all have left."""
    plan, events = case
    until_us, changes_us = reached.reached_until(plan, events, now_us, plan.cap.count)
    later = range(now_us, now_us + 80)
    free_us = next((t for t in later if not is_reached(plan, events, t)), NEVER_US)
    expected = None if free_us == now_us else free_us
    same = all(is_reached(plan, events, t) == (expected is not None) for t in later if t < changes_us)
    return until_us != expected or not same


@given(counted(), st.integers(30, 60))
def test_it_is_until_counting_anew_says_no(case, now_us):
    assert not is_wrong(now_us, case)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("max(total + weight, 0)", "total + weight"),
        ("standing(cap, counted, end_us) < count", "standing(cap, counted, end_us) <= count"),
        ("ends[below], changes_us", "ends[-1], changes_us"),
        ("bisect_right(leaves_us, at_us, 0", "bisect_right(leaves_us, at_us - 1, 0"),
        ("sorted(ends)[-count]", "sorted(ends)[-1]"),
        ("return at_us + cap.suppress_us", "return at_us"),
        ("changes_us = ends[0] if ends else NEVER_US", "changes_us = NEVER_US"),
        ("max(rests_us, ends_us or rests_us)", "rests_us"),
    ],
)
def test_a_mistake_in_it_is_caught(right, wrong):
    with mutated(Mutant("engine.reached", right, wrong)):
        assert any(_found(partial(is_wrong, now_us)) for now_us in (30, 33, 40))


def _found(wrong):
    try:
        find(counted(), wrong)
    except NoSuchExample:
        return False
    return True
