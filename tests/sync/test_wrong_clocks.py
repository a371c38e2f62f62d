"""Edges whose clocks are wrong: what was said last counts, and a no never loses force by a clock."""

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tactful import Consent, Consents, ConsentState, Contact, How, MemoryStore, after_telling
from tactful.clock import DAY_US, SECOND_US, SKEW_US
from tactful.consent import EVERYTHING, standing
from tactful.testing.centre_kit import opt_in, withdrawal

from .conftest import NAMED, NOON_US, PLAIN, FakeClock, ada, title

YES = (How.EXPLICIT, ConsentState.GIVEN)
NO = (How.EXPLICIT, ConsentState.WITHDRAWN)


def stands(consents, now_us, purpose="offers"):
    found = standing(consents, (purpose,), "web", now_us)
    return found.given, found.refused


def record(said, at_us, purpose="offers"):
    how, state = said
    return Consent(purpose, state, how, at_us)


apart_us = st.sampled_from([0, 1, SECOND_US, 2 * SECOND_US, 60 * SECOND_US, SKEW_US, SKEW_US + 1, 30 * DAY_US])
records = st.lists(
    st.builds(
        record,
        st.sampled_from([YES, NO]),
        st.builds(lambda apart: NOON_US + apart, apart_us | apart_us.map(lambda us: -us)),
    ),
    max_size=4,
)


def no_loses_force(tell, known, ahead_us, everything):
    """Whatever was known, once a no has come in from a clock that is ahead nothing is given, now or later."""
    before = Consents(tuple(known), NOON_US)
    purposes = (EVERYTHING,) if everything else ("offers",)
    after = tell(before, withdrawal("1", "ada", NOON_US + ahead_us, *purposes), NOON_US)
    for later_us in (0, SECOND_US, SKEW_US, ahead_us, 31 * DAY_US):
        if max([0, *(one.at_us for one in known if not one.refuses)]) <= NOON_US + ahead_us:
            assert stands(after, NOON_US + later_us)[0] is False
    assert tell(after, withdrawal("1", "ada", NOON_US + ahead_us, *purposes), NOON_US + DAY_US).records == after.records


@given(records, apart_us, st.booleans())
def test_a_no_from_a_clock_ahead_loses_no_force(known, ahead_us, everything):
    no_loses_force(after_telling, known, ahead_us, everything)


def arrival_alone(known, event, at_us):
    """As if a no were as new as its arrival, and no newer: a yes within the margin outlives it."""
    return after_telling(known, attrs.evolve(event, at_us=min(event.at_us, at_us)), at_us)


def test_the_property_notices_a_no_that_is_as_new_as_its_arrival_alone():
    with pytest.raises(AssertionError):
        no_loses_force(arrival_alone, [record(YES, NOON_US + SECOND_US)], 60 * SECOND_US, everything=False)


@given(records, apart_us)
@example([record(NO, NOON_US)], 30 * DAY_US)
def test_a_yes_from_a_clock_far_ahead_lifts_no_no(known, apart):
    ahead_us = SKEW_US + 1 + apart
    before = Consents(tuple(known), NOON_US)
    after = after_telling(before, opt_in("1", "ada", NOON_US + ahead_us), NOON_US)
    if any(one.refuses for one in known):
        assert after.records == before.records
    else:
        assert stands(after, NOON_US) == (True, False)


@pytest.mark.parametrize("ahead_s", [3, 60, 30 * 86_400])
def test_what_is_said_after_a_no_from_a_clock_ahead_counts_at_once(ahead_s):
    known = after_telling(None, withdrawal("1", "ada", NOON_US + ahead_s * SECOND_US, "offers"), NOON_US)
    known = after_telling(known, opt_in("2", "ada", NOON_US + 1), NOON_US + 1)
    assert stands(known, NOON_US + 1) == (True, False)


def test_a_yes_from_a_clock_ahead_comes_before_a_no_that_is_said_after_it():
    known = after_telling(None, opt_in("1", "ada", NOON_US + 60 * SECOND_US), NOON_US)
    known = after_telling(known, withdrawal("2", "ada", NOON_US + SECOND_US, "offers"), NOON_US + SECOND_US)
    for later_us in (2 * SECOND_US, DAY_US):
        assert stands(known, NOON_US + later_us) == (False, True)


@pytest.mark.parametrize("way", ["explicit", "double_opt_in"])
@pytest.mark.parametrize("again_s", [2, 70])
def test_a_yes_that_comes_twice_does_not_overtake_a_no_in_between(way, again_s):
    late = opt_in("1/yes", "ada", NOON_US + 60 * SECOND_US, way=way)
    known = after_telling(None, late, NOON_US)
    known = after_telling(known, withdrawal("2", "ada", NOON_US + SECOND_US, "offers"), NOON_US + SECOND_US)
    known = after_telling(known, late, NOON_US + again_s * SECOND_US)
    assert stands(known, NOON_US + DAY_US) == (False, True)


def test_what_is_kept_of_a_clock_ahead_names_nobody():
    event = Contact("opt_out/ada/7/", "ada", "withdrawal", NOON_US + DAY_US, tags=("offers",))
    (kept,) = after_telling(None, event, NOON_US).records
    assert "ada" not in kept.evidence
    assert kept.at_us == NOON_US


@pytest.mark.parametrize("off_s", [-30 * 86_400, -60, 60, 30 * 86_400])
def test_a_no_at_an_edge_whose_clock_is_wrong_counts_everywhere_and_a_later_yes_lifts_it(
    open_edge, centre, clock, off_s
):
    wrong = FakeClock()
    wrong.pass_s(off_s)
    yes_us = clock.now_us - 60 * DAY_US
    centre.put_profile(ada())
    centre.put_consents("ada", Consents((record(YES, yes_us),), clock.now_us))
    good, bad = (open_edge(MemoryStore(clock=one), how=one) for one in (clock, wrong))
    for edge in (good, bad):
        edge.sync()
    assert title(good) == NAMED
    bad.opt_out("ada", purpose="offers")
    assert title(bad) == PLAIN
    for edge in (bad, good):
        edge.sync()
    assert title(good) == PLAIN
    clock.pass_s(10)
    good.opt_in("ada", "offers")
    assert title(good) == NAMED
    good.sync()
    (told,) = centre.changes("consents", 0, 9).changes
    assert stands(told.told, clock.now_us) == (True, False)


@pytest.mark.parametrize("behind_s", [60, 30 * 86_400])
def test_a_yes_at_an_edge_whose_clock_is_behind_lifts_the_no_that_it_knows(open_edge, centre, clock, behind_s):
    late = FakeClock()
    late.pass_s(-behind_s)
    centre.put_profile(ada())
    centre.put_consents("ada", Consents((record(NO, clock.now_us),), clock.now_us))
    good, behind = (open_edge(MemoryStore(clock=one), how=one) for one in (clock, late))
    for edge in (behind, good):
        edge.sync()
    assert title(good) == PLAIN
    behind.opt_in("ada", "offers")
    for edge in (behind, good):
        edge.sync()
    assert title(good) == NAMED
