"""An edge that follows by itself: its threads hold up nobody, storm no centre, survive a fork, and end."""

import os
import threading
import time

import pytest

import tactful
from tactful import MemoryStore, wall_clock
from tactful.sync.account import Account
from tactful.sync.worker import Worker
from tactful.testing.faulty_centres import FlappingCentre, SlowCentre, WrappedCentre
from tactful_adapters.sqlite import SQLiteStore

from .conftest import FRESH_S, NAMED, PLAIN, ada, at_once, known, no, title, yes

OFTEN = tactful.SyncOptions(poll_s=0.02, backoff_max_s=0.02)


def eventually(holds, within_s=30):
    """Wait until something holds, and fail if it never does."""
    until_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until_s, "it never came to hold"
        time.sleep(0.005)


def ours():
    return [thread for thread in threading.enumerate() if thread.name.startswith("tactful-")]


@pytest.fixture
def told(centre):
    centre.put_profile(ada(wall_clock()))
    centre.put_consents("ada", known(yes(wall_clock()), at_us=wall_clock()))
    return centre


def test_what_is_said_at_one_edge_counts_at_the_other_without_a_call(open_edge, told):
    here, there = (open_edge(MemoryStore(), sync=OFTEN, how=wall_clock) for _ in range(2))
    eventually(lambda: title(here) == title(there) == NAMED)
    here.opt_out("ada")
    eventually(lambda: at_once(there) == {})


def test_a_delivery_that_hangs_holds_up_no_consent(open_edge, told):
    slow = SlowCentre(told, ["deliver"])
    edge = open_edge(MemoryStore(), at=slow, sync=OFTEN, how=wall_clock)
    eventually(lambda: title(edge) == NAMED)
    edge.observe("ada", "purchase")
    assert slow.reached.wait(30)
    told.add_consent("ada", no(wall_clock()))
    eventually(lambda: title(edge) != NAMED)
    assert told.events == ()
    slow.released.set()
    eventually(lambda: len(told.events) == 1)


def test_a_hint_that_hangs_holds_up_no_poll(open_edge, told):
    slow = SlowCentre(told, ["wait"])
    edge = open_edge(MemoryStore(), at=slow, sync=OFTEN, how=wall_clock)
    assert slow.reached.wait(30)
    eventually(lambda: title(edge) == NAMED)
    slow.released.set()


class CriesWolf(WrappedCentre):
    def wait(self, line, after, timeout_s):
        super().wait(line, after, 0)
        return True


def test_hints_that_bring_nothing_are_no_storm(open_edge, centre):
    wolf = CriesWolf(centre)
    open_edge(MemoryStore(), at=wolf, sync=tactful.SyncOptions(poll_s=0.5), how=wall_clock)
    time.sleep(1.0)
    assert wolf.calls["changes"] <= 2 * (1 + 5 + 3)  # two lines: the first, what may be spent at once, one a second
    assert wolf.calls["wait"] <= 2 * 12


def test_a_centre_that_is_down_is_left_alone_and_heard_again(open_edge, told):
    down = FlappingCentre(told, down=["changes", "wait", "deliver"])
    edge = open_edge(MemoryStore(), at=down, sync=tactful.SyncOptions(poll_s=0.001, backoff_max_s=0.5), how=wall_clock)
    edge.observe("ada", "purchase")
    time.sleep(1.5)
    assert 0 < sum(down.calls.values()) <= 100  # thousands, if each tried again at once
    down.down.clear()
    eventually(lambda: title(edge) == NAMED)
    eventually(lambda: len(told.events) == 1)


def test_a_worker_does_its_step_again_when_it_was_nudged_meanwhile():
    steps, may_go, began = [], threading.Event(), threading.Event()

    def step():
        steps.append(1)
        began.set()
        assert may_go.wait(30)
        return 1

    worker = Worker("test", step, Account(wall_clock), poll_s=3600, backoff_max_s=1)
    worker.start()
    assert began.wait(30)
    worker.nudge()
    may_go.set()
    eventually(lambda: len(steps) == 2)
    worker.end()
    worker.join()


def test_after_a_silence_customers_in_memory_are_fetched_anew_without_being_let_go(open_edge, centre, clock):
    edge = open_edge()
    centre.put_profile(ada())
    centre.put_consents("ada", known(yes()))
    edge.sync()
    assert title(edge) == NAMED
    clock.pass_s(FRESH_S + 1)
    assert title(edge) == PLAIN  # fetched this moment, and nobody knows whether the yes still stands
    edge.sync()
    eventually(lambda: at_once(edge) == {"title": NAMED})


def test_closing_ends_every_thread(open_edge, centre):
    before = set(ours())
    edge = open_edge(MemoryStore(), sync=OFTEN, how=wall_clock)
    eventually(lambda: len(set(ours()) - before) == 5)
    edge.close()
    edge.close()
    eventually(lambda: not set(ours()) - before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_forked_child_follows_from_its_first_decision_on(open_edge, told, tmp_path):
    with SQLiteStore(tmp_path / "edge.db") as store:
        edge = open_edge(store, sync=OFTEN, how=wall_clock)
        eventually(lambda: title(edge) == NAMED)
        child = os.fork()
        if not child:
            code = 1
            try:
                told.add_consent("ada", no(wall_clock()))  # in the child's copy of the centre
                eventually(lambda: title(edge) != NAMED)
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_no_personal_decision_starts_after_a_pass_has_taken_a_yes_back(open_edge, centre, clock, tmp_path, kind):
    store = MemoryStore(clock=clock) if kind == "memory" else SQLiteStore(tmp_path / "edge.db", clock=clock)
    edge = open_edge(store)
    centre.put_profile(ada())
    over, applied, wrong, personal = threading.Event(), threading.Event(), [], []

    def decide():
        while not over.is_set():
            after = applied.is_set()
            named = at_once(edge) == {"title": NAMED}
            if named:
                (wrong if after else personal).append(1)
                after = applied.is_set()

    threads = [threading.Thread(target=decide) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(15):
            clock.pass_s(1)
            centre.add_consent("ada", yes(clock()))
            edge.sync()
            seen = len(personal)
            eventually(lambda seen=seen: len(personal) > seen)
            clock.pass_s(1)
            centre.add_consent("ada", no(clock()))
            edge.sync()
            applied.set()
            time.sleep(0.01)
            assert wrong == []
            applied.clear()
    finally:
        over.set()
        for thread in threads:
            thread.join()
        edge.close()
        store.close()
    assert personal
