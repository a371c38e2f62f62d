"""On all 2,102 redemptions tactful finds the redeemed coupon as well as simple orders do, inside its boundaries."""

from pathlib import Path

import numpy as np
import pytest

from grocery import relevance
from grocery.journey import day_of
from grocery.relevance import BASELINES, FIRST, TACTFUL

FREE, KEPT = TACTFUL


@pytest.fixture(scope="module")
def measured(journey, affinities, households, silent):
    cases = relevance.cases(journey, households.numbers)
    return relevance.measure(journey, affinities, households, cases, silent)


@pytest.fixture(scope="module")
def rows(measured):
    return {row["name"]: [row[f"first{n}"] for n in FIRST] for row in measured["rows"]}


def test_every_redemption_is_measured(measured):
    assert measured["redemptions"] == 2102
    assert measured["candidates_median"] == 209


def test_baselines_are_what_they_were_found_to_be(rows):
    assert rows[BASELINES[0]] == pytest.approx([0.01, 0.06, 0.18], abs=0.006)
    assert rows[BASELINES[1]] == pytest.approx([0.05, 0.24, 0.50], abs=0.006)
    assert rows[BASELINES[3]] == pytest.approx([0.10, 0.39, 0.69], abs=0.011)


@pytest.mark.parametrize("baseline", BASELINES)
def test_without_guardrails_it_is_at_least_as_good_as_each_baseline(rows, baseline):
    assert all(ours >= theirs for ours, theirs in zip(rows[FREE], rows[baseline], strict=True))


def test_the_guardrails_cost_something_and_less_than_a_twentieth(rows, measured):
    for n, free, kept in zip(FIRST, rows[FREE], rows[KEPT], strict=True):
        assert 0.95 * free < kept < free
        assert measured["lost_to_guardrails"][f"first{n}"] == pytest.approx(1 - kept / free, abs=0.001)


def test_the_documentation_has_these_figures(rows):
    page = (Path(__file__).resolve().parents[2] / "docs" / "demo.md").read_text(encoding="utf-8")
    for name, values in rows.items():
        assert f"| {name} | {' | '.join(f'{value:.2f}' for value in values)} |" in page


def test_on_what_its_exponents_were_not_chosen_on_it_is_as_good_as_the_documentation_says(
    journey, affinities, households, silent
):
    later = (case for case in relevance.cases(journey, households.numbers) if case.day >= day_of("2017-07-01"))
    measured = relevance.measure(journey, affinities, households, later, silent)
    rows = {row["name"]: [row[f"first{n}"] for n in FIRST] for row in measured["rows"]}
    best = [max(rows[name][place] for name in BASELINES) for place in range(len(FIRST))]
    assert [f"{value:.2f}" for value in rows[FREE]] == ["0.10", "0.39", "0.72"]
    assert [f"{value:.2f}" for value in best] == ["0.10", "0.38", "0.72"]


def test_equal_worths_share_the_slots():
    worths = np.array([3.0, 2.0, 2.0, 2.0, 1.0])
    assert relevance._by_worth(worths, 3.0).tolist() == [1, 1, 1]
    assert relevance._by_worth(worths, 2.0).tolist() == [0, 1, 1]
    assert relevance._by_worth(np.zeros(12), 0.0).tolist() == pytest.approx([1 / 12, 0.5, 1])


def test_a_book_is_read_from_its_first_slot():
    book = (*(f"coupons.u{n}-c1" for n in range(1, 9)),)
    assert relevance._in_book(book, 1).tolist() == [1, 1, 1]
    assert relevance._in_book(book, 7).tolist() == [0, 0, 1]
    assert relevance._in_book(book, 70).tolist() == [0, 0, 0]


def test_without_redemptions_there_is_nothing_to_say(journey, affinities, households, silent):
    measured = relevance.measure(journey, affinities, households, (), silent)
    assert measured["rows"] == []
