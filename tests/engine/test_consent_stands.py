"""What several records of consent come to: they are folded by meet, whatever their order, and any no wins."""

import itertools

import pytest

from tactful.clock import DAY_US, NEVER_US, SKEW_US
from tactful.consent import Consent, Consents, ConsentState, How, standing

NOW_US = 20_000 * DAY_US


def record(state, at_us=NOW_US - DAY_US, *, purpose="offers", how=How.EXPLICIT, **more):
    return Consent(purpose, state, how, at_us, **more)


def stand(*records, lineage=("offers",), now_us=NOW_US):
    return standing(Consents(records, NOW_US), lineage, "email", now_us)


YES, NO = ConsentState.GIVEN, ConsentState.WITHDRAWN


@pytest.mark.parametrize("state", [s for s in ConsentState if s not in (YES, ConsentState.RENEWED)])
def test_an_answer_for_the_channel_that_is_no_yes_is_not_outvoted_by_a_yes_for_all(state):
    everywhere, here = record(YES), record(state, channel="email")

    assert stand(everywhere).given
    assert not stand(everywhere, here).given
    assert stand(everywhere, record(state, channel="web")).given  # another channel's answer is not this one's


@pytest.mark.parametrize("older", [DAY_US, 2 * DAY_US])
def test_neither_scope_outvotes_the_other_however_new_it_is(older):
    for one, other in ((None, "email"), ("email", None)):
        found = stand(record(YES, channel=one), record(NO, NOW_US - older, channel=other))
        assert (found.given, found.refused) == (False, True)


def test_the_weakest_and_oldest_yes_speaks():
    found = stand(record(YES, 5), record(YES, 9, how=How.PRE_TICKED, channel="email"))

    assert (found.given, found.how, found.at_us) == (True, "pre_ticked", 5)


def test_a_yes_ends_at_its_last_moment_and_not_after():
    until = record(YES, until_us=NOW_US)

    assert stand(until, now_us=NOW_US - 1).given
    assert stand(until, now_us=NOW_US - 1).until_us == NOW_US
    assert not stand(until, now_us=NOW_US).given


def test_the_wider_purpose_takes_away_and_does_not_give():
    lineage = ("partners", "offers")

    assert not stand(record(YES), lineage=lineage).given
    withdrawn = stand(record(YES, purpose="partners"), record(NO), lineage=lineage)
    assert (withdrawn.given, withdrawn.refused) == (False, True)


def test_a_yes_from_a_time_to_come_is_none_yet_and_silences_no_no():
    ahead_us = NOW_US + SKEW_US + 1

    for found in (stand(record(YES, ahead_us)), stand(record(YES, ahead_us), record(NO))):
        assert not found.given
        assert found.until_us == NOW_US + 1
    assert stand(record(YES, ahead_us), record(NO)).refused
    assert stand(record(NO, ahead_us), record(YES)).refused
    assert stand(record(YES, NOW_US + SKEW_US)).given  # clocks differ a little
    assert stand(record(YES)).until_us == NEVER_US


def test_the_order_of_records_does_not_matter():
    at_once = [
        record(YES),
        record(YES, how=How.PRE_TICKED),
        record(YES, until_us=NOW_US + 5),
        record(ConsentState.REQUESTED),
        record(NO),
    ]
    for several in itertools.combinations(at_once, 3):
        assert len({stand(*order) for order in itertools.permutations(several)}) == 1
