"""How often a source is right: the counts, their interval, and the guess beside them."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful import MeasuredSource, Source, Verdict
from tactful.against_stated import Pair
from tactful.measured_sources import SMALLEST, measured

WORDS = st.sampled_from("abc")
CLAIMS = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=300)


def one(claims):
    """What is measured of one source that claimed, of each customer, what stands beside what the customer stated."""
    return measured(Pair("kids", Source.MODELLED, *claim) for claim in claims)["kids", Source.MODELLED]


# R. G. Newcombe, Two-sided confidence intervals for the single proportion: comparison of seven methods, Statistics in
# Medicine 17 (1998), 857-872, table I: the score method without continuity correction.
@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_as_published(right, of, low, high):
    assert MeasuredSource(right, of, of).interval == pytest.approx((low, high), abs=5e-5)


# What `scipy.stats.binomtest(right, of).proportion_ci(method="wilson")` gives, and `statsmodels`'
# `proportion_confint(right, of, method="wilson")` too.
@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [
        (41, 120, 0.2629043836856451, 0.43025168568027766),
        (50, 100, 0.4038315303659956, 0.5961684696340044),
        (70, 100, 0.6041514536665333, 0.7810511470506725),
        (0, 50, 0.0, 0.07134759913335872),
        (999, 1000, 0.9943574414020421, 0.9998234536293739),
        (3, 7, 0.1582198552514697, 0.7495416354723428),
    ],
)
def test_the_interval_is_as_other_libraries_have_it(right, of, low, high):
    assert MeasuredSource(right, of, of).interval == pytest.approx((low, high), abs=1e-9)


@given(CLAIMS)
def test_it_counts_who_is_right_and_what_a_guess_would_be(claims):
    found = one(claims)
    most = Counter(stated for _, stated in claims).most_common(1)[0][1]
    assert found == MeasuredSource(sum(claimed == stated for claimed, stated in claims), len(claims), most)
    assert 0 <= found.interval[0] <= found.share <= found.interval[1] <= 1
    assert found.guess_share >= 1 / 3  # of three words, one is stated that often


@given(CLAIMS, st.randoms(use_true_random=False))
def test_neither_order_nor_other_sources_and_attributes_matter(claims, chance):
    mixed = [Pair("kids", Source.MODELLED, *claim) for claim in claims]
    mixed += [Pair("kids", Source.THIRD_PARTY, "x", "a"), Pair("age", Source.MODELLED, 1, 2)]
    chance.shuffle(mixed)
    found = measured(mixed)
    assert found["kids", Source.MODELLED] == one(claims)
    assert found["kids", Source.THIRD_PARTY] == MeasuredSource(0, 1, 1)
    assert list(found) == [("age", Source.MODELLED), ("kids", Source.MODELLED), ("kids", Source.THIRD_PARTY)]


@given(CLAIMS)
def test_who_says_what_most_state_is_no_better_and_no_worse_than_the_guess(claims):
    stated = [truth for _, truth in claims]
    most = Counter(stated).most_common(1)[0][0]
    found = one([(most, truth) for truth in stated])
    assert found.right == found.guess
    assert found.verdict(1) is Verdict.NOT_SHOWN


@given(CLAIMS)
def test_who_is_always_right_is_never_worse(claims):
    assert one([(truth, truth) for _, truth in claims]).verdict(1) in {Verdict.BETTER, Verdict.NOT_SHOWN}


@given(st.integers(0, 400), st.integers(1, 400), st.integers(1, 400), st.integers(1, 200))
def test_one_more_right_never_makes_a_verdict_worse(right, of, guess, smallest):
    right, guess = min(right, of), min(guess, of)
    order = [Verdict.WORSE, Verdict.NOT_SHOWN, Verdict.BETTER]
    found = MeasuredSource(right, of, guess).verdict(smallest)
    if found is Verdict.TOO_FEW:
        assert of < smallest
    elif right < of:
        assert order.index(MeasuredSource(right + 1, of, guess).verdict(smallest)) >= order.index(found)


@given(st.integers(0, SMALLEST - 1))
def test_of_few_customers_nothing_is_told(of):
    assert MeasuredSource(0, of, of).verdict() is Verdict.TOO_FEW
    assert MeasuredSource(of, of, of).verdict() is Verdict.TOO_FEW


def test_a_verdict_turns_where_the_interval_leaves_the_guess():
    # Of 100 with a guess of 60: 50 of 100 have an interval to 0.596, 51 to 0.606; 70 one from 0.604, 69 from 0.594.
    found = {right: MeasuredSource(right, 100, 60).verdict() for right in (50, 51, 69, 70)}
    assert found == {50: Verdict.WORSE, 51: Verdict.NOT_SHOWN, 69: Verdict.NOT_SHOWN, 70: Verdict.BETTER}


def test_where_all_state_the_same_nobody_can_be_worse_than_a_guess():
    assert MeasuredSource(0, 500, 500).verdict() is Verdict.NOT_SHOWN
    assert MeasuredSource(0, 500, 499).verdict() is Verdict.WORSE


def test_a_source_by_chance_is_rarely_called_worse_or_better():
    """The error is what 95% promise: a source that is right as often as the guess, over and over."""
    chance = random.Random(7)  # noqa: S311 - no secret
    verdicts = Counter()
    for _ in range(1000):
        right = sum(chance.random() < 0.6 for _ in range(200))
        verdicts[MeasuredSource(right, 200, 120).verdict()] += 1
    assert 20 <= verdicts[Verdict.WORSE] + verdicts[Verdict.BETTER] <= 80


def test_lists_are_right_whatever_their_order_and_unhashable_values_count():
    a, b = ("olives", "bread"), ("bread", "olives")
    assert one([(a, b), (a, ("olives",)), (a, ("olives", "olives", "bread"))]) == MeasuredSource(1, 3, 1)
    assert one([(["a", "b"], ["b", "a"]), (["a"], ["b", "a"])]) == MeasuredSource(1, 2, 2)
    assert one([({"a": 1.0}, {"a": 1.0}), ({"a": 2.0}, {"a": 1.0}), ({}, {"a": 3.0})]) == MeasuredSource(1, 3, 2)
    assert one([({"a": [1]}, {"a": [1]})]) == MeasuredSource(1, 1, 1)


def test_of_nothing_nothing_is_measured():
    assert measured([]) == {}
    nothing = MeasuredSource(0, 0, 0)
    assert (nothing.share, nothing.guess_share, nothing.interval) == (0.0, 0.0, (0.0, 1.0))
    assert nothing.verdict(0) is Verdict.TOO_FEW


@pytest.mark.parametrize(
    ("right", "of", "guess"), [(3, 2, 1), (-1, 2, 1), (1, 2, 3), (1, 2, 0), (0, 0, 1), (1.5, 2, 1), ("1", 2, 1)]
)
def test_counts_that_no_customers_can_have_are_refused(right, of, guess):
    with pytest.raises((ValueError, TypeError)):
        MeasuredSource(right, of, guess)


def test_a_pair_tells_nobody_what_it_holds():
    assert repr(Pair("kids", Source.MODELLED, "secret", "hidden")) == "<Pair kids modelled>"
