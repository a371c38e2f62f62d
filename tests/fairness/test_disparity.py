"""Groups that fare differently are found, groups that do not are not, and of small groups nothing is said."""

import random
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful import UsageError
from tactful.decision_log import LoggedDecision, LoggedPick
from tactful.disparity import disparity
from tactful.score_interval import ratio_interval, share_interval


def decision(who, offer, number=0):
    picks = (LoggedPick("home", offer, "t1", 0, 0, 1.0),) if offer else ()
    return LoggedDecision(f"{who!r}{number}", number, who, "web", ("home",), picks, (), (), "shop", 1, b"", b"")


def world(seed, rates, size=200):
    """Return decisions for groups, each with its chance of being shown the offer, and who is in which group."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    groups, decisions = {}, []
    for group, rate in rates.items():
        for number in range(size):
            who = f"{group}{number}".encode()
            groups[who] = group
            lucky = chance.random() < rate
            decisions += [decision(who, "olives" if lucky and turn == 0 else "", turn) for turn in range(3)]
    return decisions, groups


def of(pick):
    return [f"offer {pick.offer}"]


def verdicts(seed, rates, **more):
    decisions, groups = world(seed, rates, **more)
    return {(one.group, one.verdict) for one in disparity(decisions, groups, of).comparisons}


def test_planted_bias_is_found():
    assert all(verdicts(seed, {"a": 0.5, "b": 0.2}) == {("b", "differs")} for seed in range(50))


def test_without_bias_false_alarms_are_rare():
    """At exactly four fifths an interval of 95 % may miss on one side in 2.5 % of cases; with no bias, hardly ever."""
    assert sum(("b", "differs") in verdicts(seed, {"a": 0.4, "b": 0.4}) for seed in range(400)) == 0
    at_the_edge = sum(("b", "differs") in verdicts(seed, {"a": 0.5, "b": 0.4}) for seed in range(400))
    assert at_the_edge <= 20  # the chance of more is below 0.2 %, at 2.5 % each


def test_many_groups_raise_no_more_alarms():
    """The correction holds for all pairs together, also as the best-off group is picked after looking."""
    rates = dict.fromkeys("abcdefgh", 0.4)
    alarms = sum(any(v == "differs" for _, v in verdicts(seed, rates, size=100)) for seed in range(200))
    assert alarms <= 20


def test_what_is_not_sure_is_only_a_maybe():
    shown = {"a": 25, "b": 18}
    decisions = [
        decision(f"{group}{number}".encode(), "olives" if number < most else "")
        for group, most in shown.items()
        for number in range(50)
    ]
    (found,) = disparity(decisions, {one.who: one.who[:1].decode() for one in decisions}, of).comparisons
    assert (found.group, found.ratio, found.verdict) == ("b", 0.72, "may differ")
    assert found.low < 0.72
    assert found.high > 0.8


def test_of_small_groups_nothing_is_said():
    decisions, groups = world(3, {"a": 0.5, "b": 0.2})
    few, whose = world(4, {"tiny": 0.0}, size=49)
    found = disparity([*decisions, *few], {**groups, **whose}, of)
    assert found.silent == ("tiny",)
    assert "tiny" not in found.groups
    assert {one.group for one in found.comparisons} | {one.beside for one in found.comparisons} == {"a", "b"}


def test_what_only_a_small_group_was_shown_is_not_told():
    few, whose = world(4, {"tiny": 1.0}, size=49)
    assert disparity(few, whose, of).comparisons == ()


def test_a_customer_counts_once_however_often():
    often = [decision(b"a%d" % number, "olives", turn) for number in range(50) for turn in range(number + 1)]
    seldom = [decision(b"b%d" % number, "olives") for number in range(50)]
    groups = {one.who: one.who[:1].decode() for one in [*often, *seldom]}
    found = disparity([*often, *seldom], groups, of)
    assert dict(found.groups) == {"a": 50, "b": 50}
    assert [one.ratio for one in found.comparisons] == [1.0]


def test_visitors_and_strangers_are_counted_apart():
    assert disparity([decision(b"", "olives"), decision(b"who", "olives")], {b"x": "a"}, of).ungrouped == 2


@pytest.mark.parametrize(("smallest", "level"), [(9, 0.95), (50, 1.0), (50, 0.0)])
def test_what_would_tell_too_much_is_refused(smallest, level):
    with pytest.raises(UsageError):
        disparity([], {}, of, smallest=smallest, level=level)


def test_intervals_hold_as_often_as_they_say():
    chance = random.Random(7)  # noqa: S311 - no secret
    held = 0
    for _ in range(1000):
        hits, other = sum(chance.random() < 0.2 for _ in range(80)), sum(chance.random() < 0.4 for _ in range(60))
        low, high = ratio_interval(hits, 80, other, 60, 0.95)
        held += low <= 0.5 <= high
    assert 930 <= held <= 970  # 950 is expected, with a standard deviation of 7


counts = st.integers(1, 400).flatmap(lambda size: st.tuples(st.integers(0, size), st.just(size)))


@given(counts, counts, st.floats(0.5, 0.999))
def test_an_interval_is_around_what_was_found(one, other, level):
    low, high = ratio_interval(*one, *other, level)
    assert 0 <= low <= high
    if other[0]:
        found = one[0] * other[1] / (one[1] * other[0])
        assert low <= found * (1 + 1e-9)
        assert found <= high * (1 + 1e-9)
    else:
        assert high == inf
    share_low, share_high = share_interval(*one, level)
    assert share_low - 1e-9 <= one[0] / one[1] <= share_high + 1e-9
