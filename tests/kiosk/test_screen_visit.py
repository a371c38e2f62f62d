"""A visit on a shared screen ends by time, by "not me" or by leaving, and nothing of it remains."""

import subprocess
import sys
import time

import pytest
from tests.kiosk.conftest import STRANGER, title
from tests.kiosk.remains import remains

import tactful
from tactful import ScreenVisit, UsageError
from tactful.testing.clocks import FakeClock

ADA = "Ada, your olives"


def test_it_knows_who_is_there_until_somebody_says_not_me(opened):
    edge, over = opened(), []
    visit = ScreenVisit(edge, {"card": "card-ada"}, when_over=lambda: over.append(True))
    assert title(visit.decide("screen")) == ADA
    visit.end()
    visit.end()
    assert visit.is_over
    assert over == [True]
    assert title(visit.decide("screen")) == STRANGER
    assert edge.status()["customers_here"] == 0


def test_it_ends_when_who_was_there_leaves_the_block(opened):
    edge = opened()
    with ScreenVisit(edge, "ada") as visit:
        assert title(visit.decide("screen")) == ADA
    assert visit.is_over
    assert edge.status()["customers_here"] == 0


def test_it_ends_when_nobody_touches_the_screen_and_in_any_case_in_time(opened):
    clock = FakeClock()
    visit = ScreenVisit(opened(), "ada", idle_s=60, longest_s=100, steady=clock.steady_us)
    clock.pass_s(59)
    assert title(visit.decide("screen")) == ADA
    clock.pass_s(42)  # within the idle time of the last touch, and past the longest
    assert title(visit.decide("screen")) == STRANGER
    assert visit.is_over
    idle = ScreenVisit(opened(), "bob", idle_s=60, steady=clock.steady_us)
    clock.pass_s(61)
    assert not idle.touch()


def test_it_ends_by_itself_though_nothing_is_asked_any_more(opened):
    edge = opened()
    visit = ScreenVisit(edge, "ada", idle_s=0.05)
    for _ in range(500):
        if visit.is_over and not edge.status()["customers_here"]:
            break
        time.sleep(0.02)
    assert visit.is_over
    assert edge.status()["customers_here"] == 0


def test_nothing_of_one_visit_is_in_the_next_and_what_was_shown_still_counts(opened):
    edge = opened()
    for who, theirs in (("ada", ADA), ("bob", "Bob, your olives")):
        with ScreenVisit(edge, who) as visit:
            decision = visit.decide("screen")
            assert title(decision) == theirs
            assert edge.record(decision)
    assert [one.event for _, one in edge._store.tail(0, 10)] == ["shown", "shown"]


@pytest.mark.parametrize(("idle_s", "longest_s"), [(0, 10), (20, 10), (1, 10**6)])
def test_times_that_make_no_sense_are_refused(opened, idle_s, longest_s):
    with pytest.raises(UsageError, match="a visit"):
        ScreenVisit(opened(), "ada", idle_s=idle_s, longest_s=longest_s)


PROGRAM = """
import sys
from tests.kiosk.remains import visited
print(*visited(sys.argv[1], sys.argv[2], sys.argv[3], keep=sys.argv[4] == "keep"))
"""


@pytest.mark.parametrize("keep", ["end", "keep"])
def test_no_object_holds_anything_of_a_visit_that_is_over(make, tmp_path, keep):
    """In a process of its own, that never knew the customers by another way; the control does not let go."""
    path = make()
    words = [sys.executable, "-c", PROGRAM, str(path), make.public, str(tmp_path), keep]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr
    during, after = map(int, ended.stdout.split())
    assert during > 0
    assert (after > 0) is (keep == "keep")


def test_the_search_finds_what_is_there():
    held = ["xyzzy-canary"]  # noqa: F841 - it is to be found
    assert remains([b"xyzzy-canary"[::-1]]) > 0


def test_a_decision_that_the_end_of_the_visit_overtakes_shows_nobody_and_keeps_nobody(opened, monkeypatch):
    edge = opened()
    visit = ScreenVisit(edge, "ada")
    decide = tactful.Edge.decide

    def overtaken(one, placements, who=None, context=None):
        if who is not None:
            visit.end()
            one.warm(who)  # as a decision does that began before, in the background
        return decide(one, placements, who, context)

    monkeypatch.setattr(tactful.Edge, "decide", overtaken)
    assert title(visit.decide("screen")) == STRANGER
    assert edge.status()["customers_here"] == 0
