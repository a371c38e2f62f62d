"""`tactful load` measures what it says: decisions that are made, calls that waited, memory that is held."""

import json
import os
import time

import pytest
from typer.testing import CliRunner

from tactful.bench.load import Effort, holding, run
from tactful.bench.load.calls import Calls, as_due, in_turn, joined, summed
from tactful.bench.load.parts import by_processes, by_threads, on_a_loop
from tactful.bench.load.swapping import swapped
from tactful.bench.load.world import World
from tactful.cli.app import app
from tactful.errors import TactfulError


@pytest.fixture(scope="module")
def world():
    made = World(20, 60)
    yield made
    made.close()


def test_percentiles_are_of_all_calls():
    found = summed((n * 1000 for n in range(1, 10_001)), 2.0)
    assert found == Calls(10_000, 5000.0, 5001.0, 9901.0, 9991.0, 10_000.0)
    assert summed([], 1.0).calls == 0


def test_processes_are_summed_and_the_worst_of_them_told():
    assert joined([Calls(10, 5, 1, 2, 3, 9), Calls(20, 10, 2, 1, 4, 8)]) == Calls(30, 15, 2, 2, 4, 9)


def test_customers_come_in_turn_from_a_first_one():
    met = []
    taken = in_turn(lambda who: met.append(who) or time.sleep(0.001), "abc", 1, time.perf_counter_ns() + 20_000_000)
    assert met[:4] == ["b", "c", "a", "b"]
    assert len(taken) == len(met)
    assert min(taken) >= 1_000_000


def test_a_call_that_had_to_wait_took_that_long_too():
    """A stall of 50 ms delays the calls that were due meanwhile: they tell of it, though each was quick."""
    met = []

    def work(who):
        met.append(who)
        if len(met) == 2:
            time.sleep(0.05)

    taken = as_due(work, "ab", 1000, lambda: len(met) >= 12)
    late = [ns for ns, _ in taken[2:8]]
    assert min(late) > 30_000_000
    assert [due for _, due in taken] == sorted(due for _, due in taken)


@pytest.mark.parametrize("part", [lambda w: by_threads(w, 3, 0.05), lambda w: on_a_loop(w, 0.05)])
def test_decisions_are_made_and_take_room(world, part):
    def reserved():
        return sum(len(here.counters.kept()[0]) for here in world.edge._snapshots._here.values())

    before = reserved()
    found = part(world)
    assert found.calls > 0
    assert 0 < found.p50_us <= found.p99_us <= found.p999_us <= found.max_us
    assert reserved() > before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_forked_processes_decide_and_one_that_fails_is_told(world, monkeypatch):
    found = by_processes(world, 2, 0.05)
    assert found.calls > 0

    monkeypatch.setattr(World, "decide", lambda *_: 1 / 0)
    with pytest.raises(TactfulError, match="ended with status"):
        by_processes(world, 1, 0.05)


def test_a_swap_is_measured_beside_updates_and_decisions():
    world = World(20, 60)
    try:
        old = world.edge.plan
        found = swapped(world, 0.2, updates=1000, freeze=False)
        assert world.edge.plan is not old
        assert world.edge.plan.epoch == 2
    finally:
        world.close()
    assert min(found.before.calls, found.after.calls, found.first.calls) > 0
    assert found.updates_a_second > 0
    assert found.update_s > 0


@pytest.mark.parametrize(("decisions", "is_full"), [(250, True), (150, False)])
def test_memory_is_looked_at_once_the_edge_is_full(world, monkeypatch, decisions, is_full):
    monkeypatch.setattr(holding, "HELD_MAX", 100)
    found = holding.kept(world, decisions, 120, 1, lambda *_: None)
    assert found.here == found.here_max == 100
    assert found.customers == 120
    assert (found.growth_mb is not None) is (is_full and holding._STATM.exists())


def test_a_customer_may_look_at_several_pages(world, monkeypatch):
    monkeypatch.setattr(holding, "HELD_MAX", 10)
    found = holding.kept(world, 305, 1_000, 5, lambda *_: None)
    assert (found.decisions, found.customers, found.here) == (305, 61, 10)
    assert (found.growth_mb is not None) is holding._STATM.exists()


def test_the_bytes_of_a_customer_are_of_one_customer(world):
    found = holding.held(world)
    assert 1000 < found.packed < 2500
    assert found.packed < found.here < 4096
    assert 1000 < found.prepared < 5000  # the affinities too, which nothing else holds as objects


def test_the_command_prints_everything_and_the_same_as_json():
    little = ["load", "--offers", "20", "--seconds", "0.1", "--decisions", "50", "--customers", "30"]
    found = CliRunner().invoke(app, little)
    assert found.exit_code == 0, found.output
    for words in (
        "32 threads",
        "4 processes",
        "event loop",
        "meanwhile",
        "a new bundle",
        "changes of profiles",
        "bytes packed",
    ):
        assert words in found.output

    told = json.loads(CliRunner().invoke(app, [*little, "--json"]).stdout)
    assert told["decisions"].keys() >= {"1 thread", "2 threads", "8 threads", "32 threads", "event loop"}
    assert told["swap"]["update_s"] > 0
    assert told["kept"]["decisions"] == 50


def test_every_part_can_be_made_small():
    found = run(Effort(offers=5, seconds=0.1, threads=(1,), processes=(), decisions=10, customers=10))
    assert list(found.decisions) == ["1 thread", "event loop"]
    assert found.offers == 5
