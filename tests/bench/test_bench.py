"""The benchmark does the work that it says: decisions with picks and room, misses, and no work is empty."""

import itertools
import json
import time
import tracemalloc
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tactful
from tactful.bench import GOALS, WORKS, Timed, timed
from tactful.bench.packed import packed, unpacked
from tactful.bench.shop import PLACE, SLOTS, shop
from tactful.bench.timing import on_processor
from tactful.bench.works import CUSTOMERS, MANY, Bench
from tactful.cli.app import app


@pytest.fixture(scope="module")
def bench():
    made = Bench(60)
    yield made
    made.close()


def test_every_installed_guardrail_takes_part():
    assert {use.name for use in shop(5, 1).policy.guardrails} == set(tactful.Registry.installed().guardrails)


@pytest.mark.parametrize("work", [name for name in WORKS if name not in ("predicates", "miss", "many")])
def test_decisions_fill_their_slots_with_nothing_amiss(bench, work):
    made = [call() for call in getattr(bench, work)()]

    assert len(made) == CUSTOMERS
    assert {len(decision.picks) for decision in made} == {SLOTS}
    assert {decision.careful for decision in made} == {()}


def test_a_decision_reserves_and_a_preview_does_not(bench):
    def reserved():
        counters = [here.counters for here in bench._edge._snapshots._here.values()]
        return sum(len(one.reservations(bench._now_us)) for one in counters)

    before = reserved()
    for call in bench.preview():
        call()
    assert reserved() == before
    for call in bench.decide():
        call()
    assert reserved() == before + SLOTS * CUSTOMERS


def test_who_is_near_a_cap_has_room_for_a_page_and_no_more(bench):
    assert {len(call().picks) for call in bench.near()} == {SLOTS}
    # What was shown just now still counts, so this is the next page.
    again = [bench._near.decide(PLACE, who, preview=True) for who in bench._ids]
    assert {len(decision.picks) for decision in again} == {0}


def test_a_miss_is_a_miss_and_says_so(bench):
    assert {call().careful for call in bench.miss()} == {("profile not here: warm",)}


def test_many_are_decided_together_and_fill_their_slots_like_one(bench):
    (call,) = bench.many()
    decisions = call()

    assert (len(decisions), decisions.careful, decisions.one_by_one) == (MANY, (), "")
    assert decisions.table.num_rows == SLOTS * MANY
    alone = [next(call for number, call in enumerate(bench.brought()) if number == row)() for row in range(3)]
    for row, decision in enumerate(alone):
        told = [one["offer"] for one in decisions.table.to_pylist()[SLOTS * row : SLOTS * (row + 1)]]
        assert told == [pick.offer for pick in decision.picks]


def test_who_comes_packed_is_decided_like_who_is_brought(bench):
    cold, brought = ([call() for call in work()] for work in (bench.cold, bench.brought))

    for one, other in zip(cold, brought, strict=True):
        assert [pick.offer for pick in one.picks] == [pick.offer for pick in other.picks]


def test_what_is_held_is_what_the_edge_holds_and_no_more_of_it_each_time(bench):
    first, second = bench.held_kb(), bench.held_kb()

    assert 1 < second <= first * 1.1
    assert not tracemalloc.is_tracing()
    assert len(bench._edge._snapshots._here) >= CUSTOMERS


def test_a_profile_is_packed_whole_and_takes_some_two_kilobytes():
    (customer,) = shop(5, 1).customers

    assert unpacked(packed(customer)) == customer
    assert 1500 < len(packed(customer)) < 2500


def test_the_same_seed_makes_the_same_shop():
    assert shop(20, 3) == shop(20, 3) != shop(20, 3, seed=2)


def test_turns_alternate_and_the_first_does_not_count():
    order = []

    def work(name):
        for _ in range(3):
            yield lambda: order.append(name)

    found = timed({"a": lambda: work("a"), "b": lambda: work("b")}, 2, lambda *_: None)

    assert "".join(order) == "aaabbb" * 3
    assert [one.calls for one in found.values()] == [6, 6]


def test_times_are_what_the_clock_tells():
    ticks = itertools.accumulate(itertools.count(1000, 1000))  # each call takes a microsecond longer than the last

    found = timed({"a": lambda: iter([int] * 5)}, 1, lambda *_: None, partial(next, ticks))

    assert found == {"a": Timed(5, 16, 20)}


def test_processor_time_is_told_without_the_reading_of_its_clock(monkeypatch):
    ticks = itertools.count(0, 5000)  # each reading takes 5 us by this clock, and nothing else does
    monkeypatch.setattr(time, "thread_time_ns", partial(next, ticks))
    monkeypatch.setattr(time, "perf_counter_ns", partial(next, itertools.count(0, 7000)))

    found = on_processor({"a": lambda: iter([int] * 5), "b": lambda: iter([int] * 5)}, 1, lambda *_: None, whole=["b"])

    assert found == {"a": Timed(5, 0, 0), "b": Timed(5, 7, 7)}


def test_the_page_names_each_work_and_the_options_that_there_are():
    page = (Path(__file__).parents[2] / "docs" / "speed.md").read_text(encoding="utf-8")
    told = CliRunner().invoke(app, ["bench", "--help"]).stdout

    assert all(f"`{work}`" in page for work in WORKS)
    assert all(option in told for option in ("--offers", "--up-to", "--chart", "--json") if option in page)
    assert all(goal.name in page for goal in GOALS)


def test_the_command_prints_a_ratio_for_each_work_in_a_shop():
    told = CliRunner().invoke(app, ["bench", "--offers", "10", "--rounds", "1", "--json"])
    works = json.loads(told.stdout)["works"]

    assert set(works) == set(WORKS)
    assert works["predicates"]["ratio"] == 1
    assert all(one["ratio"] == one["median_us"] / works["predicates"]["median_us"] for one in works.values())
    assert PLACE not in told.stdout
