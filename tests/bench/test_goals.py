"""Goals stand in one place, each beside what was measured; what was not measured is neither met nor missed."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tactful.bench import GOALS, Effort, Figure, Goal, Judged, judged, measured, taking
from tactful.bench.idle import _wakes, idle
from tactful.bench.imports import imports
from tactful.bench.measured import _LARGE, _WORKS, CURVES
from tactful.cli.app import app

#: What some systems do not tell.
NOT_EVERYWHERE = {"idle", "import memory", "everything memory"}


def one(goal, median, p99=None, ratio=None):
    return Judged(goal, Figure(median, p99), ratio)


def test_a_goal_is_met_as_far_as_it_goes_and_no_farther():
    goal = Goal("a", "", median=15, p99=40, ratio=2, beside="b")

    assert one(goal, 15, 40, 2).met == {"median": True, "p99": True, "ratio": True}
    assert one(goal, 15.1, 40.1, 2.1).met == {"median": False, "p99": False, "ratio": False}


def test_what_has_no_goal_or_was_not_measured_is_neither_met_nor_missed():
    assert one(Goal("a", ""), 1e9, 1e9, 1e9).met == {}
    assert one(Goal("a", "", median=15, p99=40, ratio=2, beside="b"), 1).met == {"median": True}


def test_each_goal_is_told_beside_its_figure_and_that_of_the_work_it_is_compared_with():
    found = {goal.name: Figure(number, number * 2) for number, goal in enumerate(GOALS, 1)}
    told = {one.goal.name: one for one in judged(found)}

    assert list(told) == [goal.name for goal in GOALS]
    assert told["decide 200"].ratio == found["decide 200"].median / found["predicates 200"].median
    assert [one.goal.name for one in judged({"idle": Figure(0)})] == ["idle"]


def test_each_goal_is_compared_with_a_work_that_there_is_and_names_are_its_own():
    names = [goal.name for goal in GOALS]

    assert len(set(names)) == len(names)
    assert all(goal.beside in names for goal in GOALS if goal.ratio is not None)
    assert all(goal.ratio is not None for goal in GOALS if goal.beside)


def test_every_work_that_is_measured_has_a_place_among_the_goals():
    works = {f"{name} {size:,}" for size, names in _WORKS.items() for name in names}

    works |= {f"held {size:,}" for size in _WORKS} | {"packed 200"}
    works |= {f"plan {size:,}" for size in _WORKS if size >= _LARGE}
    works |= {f"{name} {taking._OFFERS:,}" for name in ("swap", "wait", "pause")}

    assert works == {goal.name for goal in GOALS if goal.name.rpartition(" ")[2].replace(",", "").isdigit()}


def test_everything_that_was_asked_for_is_measured():
    found = measured(Effort(rounds=1, up_to=200, imports=1, idle_s=0.01))

    missing = {goal.name for goal in GOALS} - set(found)
    assert {name for name in missing if not name.endswith("0,000")} <= NOT_EVERYWHERE
    assert {"flat 10,000", "skewed 100,000"} <= missing
    assert all(figure.median > 0 for name, figure in found.items() if name != "idle")


def test_a_bundle_is_taken_while_decisions_go_on_and_its_plan_is_weighed(monkeypatch):
    monkeypatch.setattr(taking, "_OFFERS", 30)
    monkeypatch.setattr(taking, "_CUSTOMERS", 20)
    monkeypatch.setattr(taking, "_SECONDS", 0.2)

    found = taking.taken([30], lambda *_: None)
    assert {name for name in found if not name.startswith("plan")} == {"swap 30", "wait 30", "pause 30"}
    assert all(figure.median > 0 for figure in found.values())
    assert taking.taken([], lambda *_: None) == {}


def test_importing_what_decides_costs_more_than_the_door_alone():
    found = imports(3)

    assert found["everything"].median > found["import"].median > 0
    assert found["libraries"].median > 0


def test_an_import_that_fails_ends_the_benchmark(monkeypatch):
    monkeypatch.setattr("tactful.bench.imports._IMPORTS", {"import": "import no_such_module_anywhere"})

    with pytest.raises(subprocess.CalledProcessError):
        imports(1)


def test_the_thread_that_wakes_most_is_told_and_the_one_that_asks_is_not_counted(monkeypatch):
    told = iter(({"1": 5, "2": 7, "3": 0, "9": 1}, {"1": 5, "2": 19, "3": 2, str(os.getpid()): 500}))
    monkeypatch.setattr("tactful.bench.idle._wakes", lambda: next(told))
    monkeypatch.setattr(time, "sleep", lambda _: None)

    assert idle(3) == {"idle": Figure(4)}


def test_nothing_is_told_where_the_system_counts_no_wakes(monkeypatch, tmp_path):
    monkeypatch.setattr("tactful.bench.idle._TASKS", tmp_path / "nowhere")

    assert idle(0.001) == {}


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="the system counts no wakes")
def test_a_thread_that_was_woken_is_counted():
    asked, answered = queue.SimpleQueue(), queue.SimpleQueue()
    thread = threading.Thread(target=lambda: [answered.put(one) for one in iter(asked.get, None)])
    thread.start()
    asked.put(0)
    answered.get()
    before = _wakes()[str(thread.native_id)]
    for number in range(200):
        asked.put(number)
        answered.get()
    after = _wakes()[str(thread.native_id)]
    asked.put(None)
    thread.join()

    assert after > before


def test_the_command_prints_each_goal_and_whether_it_is_met(monkeypatch):
    figures = {goal.name: Figure((goal.median or 10) + number % 2, 1) for number, goal in enumerate(GOALS)}
    del figures["idle"]
    monkeypatch.setattr("tactful.cli.benchmarking.measured", lambda *_: figures)

    told = CliRunner().invoke(app, ["bench", "--json"])
    goals = {one["name"]: one for one in json.loads(told.stdout)["goals"]}
    assert set(goals) == set(figures)
    assert goals["miss 200"]["goal"] == {"median": 15, "p99": None, "ratio": None}
    assert goals["miss 200"]["met"] == {"median": figures["miss 200"].median <= 15}
    assert {is_met for one in goals.values() for is_met in one["met"].values()} == {True, False}

    told = CliRunner().invoke(app, ["bench"]).stdout
    assert all(name in told for name in figures)
    assert "not measured here: idle" in told
    assert "no: median" in told
    assert "yes" in told


def test_the_command_draws_each_work_over_the_number_of_offers(tmp_path):
    file = tmp_path / "chart.svg"
    asked = ["bench", "--chart", str(file), "--up-to", "30", "--rounds", "1"]

    points = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)["points"]
    assert {(point["work"], point["offers"]) for point in points} == {(w, n) for w in CURVES for n in (10, 30)}
    picture = file.read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    assert "bare Python predicates" in picture
    assert "offers (logarithmic)" in picture
    assert "the chart is in" in CliRunner().invoke(app, asked).stdout


def test_what_contradicts_itself_is_refused_before_anything_is_measured(tmp_path):
    both = CliRunner().invoke(app, ["bench", "--offers", "10", "--chart", str(tmp_path / "chart.svg")])
    nowhere = CliRunner().invoke(app, ["bench", "--chart", str(tmp_path / "nowhere" / "chart.svg")])

    assert (both.exit_code, nowhere.exit_code) == (2, 2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("library", ["altair", "vl_convert"])
def test_who_cannot_draw_is_told_so_before_anything_is_measured(monkeypatch, tmp_path, library):
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, "tactful.bench.chart", raising=False)
    monkeypatch.setattr("tactful.cli.benchmarking.curves", lambda *_: pytest.fail("measured"))

    told = CliRunner().invoke(app, ["bench", "--chart", str(tmp_path / "chart.svg"), "--json"])

    assert told.exit_code == 2
    assert "tactful[demo]" in json.loads(told.stdout)["error"]["message"]
