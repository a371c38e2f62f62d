"""What merged ids come to, held against the consents of each by random records: careful in every case."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful import Consent, Consents, ConsentState, How, Merge, Merges, merging
from tactful.consent import WEAKEST, standing

MERGED_US = 20
WAYS = st.sampled_from(How)
STATES = st.sampled_from(ConsentState)


def records(first_us, last_us):
    one = st.builds(
        Consent,
        st.sampled_from(("offers", "all")),
        STATES,
        WAYS,
        st.integers(first_us, last_us),
        until_us=st.integers(30, 60),
        channel=st.sampled_from((None, "email", "web")),
    )
    return st.lists(one, max_size=5).map(tuple)


BEFORE = records(0, MERGED_US)
AFTER = records(MERGED_US + 1, 40)
NOW = st.integers(20, 70)


ONCE = (Merge("ada", "al", MERGED_US),)


def merged(ada, al, merges=ONCE, x=()):
    kept = {"ada": Consents(ada, 7), "al": Consents(al, 5), "x": Consents(x, 6)}
    return Merges(merges).consents("al", kept)


def stands(consents, now_us):
    return standing(consents, ("offers", "all"), "web", now_us)


@given(ada=BEFORE, al=BEFORE, now_us=NOW)
def test_a_no_of_either_is_a_no_of_both(ada, al, now_us):
    apart = [stands(Consents(one, 0), now_us) for one in (ada, al)]
    together = stands(merged(ada, al), now_us)
    assert together.refused == any(one.refused for one in apart)
    if together.given:
        assert any(one.given for one in apart)
        weakest = min(WEAKEST.index(How(one.how)) for one in apart if one.given)
        assert WEAKEST.index(How(together.how)) <= weakest
        assert together.at_us <= min(one.at_us for one in apart if one.given)
        assert together.until_us <= min(one.until_us for one in apart if one.given)


@given(ada=BEFORE, al=BEFORE, after=AFTER, now_us=NOW)
def test_only_an_explicit_yes_after_the_merge_lifts_a_no_from_before(ada, al, after, now_us):
    refused = stands(merged(ada, al), now_us).refused
    together = stands(merged(ada, (*al, *after)), now_us)
    explicit = any(r.how in (How.EXPLICIT, How.DOUBLE_OPT_IN) and r.state in _yes() for r in after)
    assert together.refused or not refused or explicit


@given(ada=BEFORE, al=BEFORE, after=AFTER, now_us=NOW)
def test_it_does_not_matter_which_id_is_named_first_nor_who_said_it(ada, al, after, now_us):
    forth = stands(merged((*ada, *after), al), now_us)
    assert forth == stands(merged((*al, *after), ada), now_us)
    assert forth.refused == stands(merged(ada, (*al, *after)), now_us).refused


@given(ada=BEFORE, al=BEFORE, now_us=NOW)
def test_an_id_with_nothing_to_say_changes_nothing(ada, al, now_us):
    merges = (Merge("ada", "al", MERGED_US), Merge("al", "silent", 30))
    assert stands(merged(ada, al, merges), now_us) == stands(merged(ada, al), now_us)


def test_a_yes_between_two_merges_does_not_lift_the_no_of_who_joins_later():
    between = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 25)
    no = attrs.evolve(between, state=ConsentState.REFUSED, at_us=3)
    merges = (Merge("ada", "al", MERGED_US), Merge("ada", "x", 30))
    assert stands(merged((no,), (between,), merges), 50).given
    assert stands(merged((no,), (between,), merges, x=(no,)), 50).refused
    later = attrs.evolve(between, at_us=31)
    assert stands(merged((no,), (between, later), merges, x=(no,)), 50).given


def test_an_implied_yes_lifts_a_no_only_where_no_merge_is_concerned():
    no = Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, 25)
    implied = Consent("offers", ConsentState.GIVEN, How.IMPLIED, 26)
    assert stands(merged((), (no, implied)), 50).given
    assert stands(merged((), (attrs.evolve(no, at_us=5), implied)), 50).refused
    asked = attrs.evolve(implied, state=ConsentState.REQUESTED)
    assert stands(merged((attrs.evolve(no, at_us=5),), (asked,)), 50).refused
    assert not stands(merged((), (no, asked)), 50).refused


def test_the_laws_above_catch_carelessness(monkeypatch):
    no = Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, 3)
    yes = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 9)
    monkeypatch.setattr(merging, "more_careful", lambda one, other: max(one, other, key=lambda record: record.at_us))
    with pytest.raises(AssertionError):
        test_a_no_of_either_is_a_no_of_both.hypothesis.inner_test((no,), (yes,), 25)
    monkeypatch.undo()
    implied = attrs.evolve(yes, how=How.IMPLIED, at_us=25)
    monkeypatch.setattr(merging._Said, "then", lambda _, record: merging._Said(record))
    law = test_only_an_explicit_yes_after_the_merge_lifts_a_no_from_before
    with pytest.raises(AssertionError):
        law.hypothesis.inner_test((no,), (), (implied,), 30)


@pytest.mark.parametrize("named", ["a", "b", "c", "d"])
def test_a_split_leaves_the_merges_that_do_not_name_the_id(named):
    merges = Merges([Merge("a", "b", 1), Merge("c", "d", 2), Merge("b", "d", 3)])
    assert merges.members("d") == ("a", "b", "c", "d")
    left = merges.without(named)
    assert left.members(named) == (named,)
    groups = {left.members(one) for one in "abcd"}
    expected = {"a": {"bcd"}, "b": {"a", "cd"}, "c": {"abd"}, "d": {"ab", "c"}}[named]
    assert {"".join(sorted(group)) for group in groups} == expected | {named}


def test_a_merge_is_never_older_than_those_it_joins():
    merges = Merges([Merge("a", "b", 9)]).plus(Merges(), Merge("x", "a", 3))
    assert merges.root("b") == "x"
    assert [merge.at_us for merge in merges] == [9, 9]


def _yes():
    return (ConsentState.GIVEN, ConsentState.RENEWED)
