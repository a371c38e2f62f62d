"""A process is forked while threads decide; and decisions are made on an event loop."""

import asyncio
import os
import signal
import threading

import pytest

from tactful.engine.snapshot import Snapshots

from .conftest import COUNT, letters, policy

CUSTOMERS = 8
#: A child that hangs is ended after this time [s]: many times what one needs.
PATIENCE_S = 60


def child_of(edge, patience_s=PATIENCE_S):
    """Fork while threads decide; return what became of the child, which decides, changes its plan and decides again."""
    ended = threading.Event()

    def decide(first):
        number = first
        while not ended.is_set():
            edge.decide("home", f"c{number % CUSTOMERS}", preview=True)
            edge.forget(f"c{number % CUSTOMERS}")
            edge.warm(f"c{number % CUSTOMERS}")
            number += 1

    threads = [threading.Thread(target=decide, args=(n,), daemon=True) for n in range(4)]
    for thread in threads:
        thread.start()
    try:
        child = os.fork()
        if not child:
            signal.alarm(patience_s)
            os._exit(0 if in_child(edge) else 3)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    return os.waitpid(child, 0)[1]


def in_child(edge):
    for letter in "AB":
        if letter == "B":
            edge.update(policy("B"))
        for number in range(CUSTOMERS):
            edge.warm(f"c{number}")
            if letters(edge.decide("home", f"c{number}")) != {letter}:
                return False
    return True


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_that_is_forked_while_threads_decide_decides_itself(opened):
    edge = opened(policy("A"), customers=CUSTOMERS)
    assert [child_of(edge) for _ in range(5)] == [0] * 5
    edge.update(policy("C"))  # the parent goes on, and the children's plans are their own
    assert letters(edge.decide("home", "c0")) == {"C"}


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_with_the_parents_locks_hangs_and_is_found_out(opened, monkeypatch):
    edge = opened(policy("A"), customers=CUSTOMERS)
    monkeypatch.setattr(Snapshots, "reset", lambda _: None)
    with edge._snapshots._lock:  # as a thread of the parent may hold it at that moment
        child = os.fork()
        if not child:
            signal.alarm(2)
            os._exit(0 if in_child(edge) else 3)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGALRM


def visits(edge):
    """What is shown to customers who come on an event loop, each several times, while a plan is swapped beside it."""
    shown = dict.fromkeys((f"c{number}" for number in range(CUSTOMERS)), 0)

    async def visitor(who):
        for _ in range(5):
            assert await edge.awarm(who)
            decision = edge.decide("home", who)
            assert len(letters(decision)) <= 1
            shown[who] += len(decision.picks)
            await asyncio.sleep(0)

    async def everyone():
        swap = asyncio.to_thread(edge.update, policy("B"))
        await asyncio.gather(swap, *(visitor(who) for who in shown for _ in range(3)))

    asyncio.run(everyone())
    return shown


def test_caps_hold_on_an_event_loop(opened):
    assert set(visits(opened(policy("A"), customers=CUSTOMERS)).values()) == {COUNT}


def test_caps_that_do_not_hold_on_an_event_loop_are_found_out(opened, monkeypatch):
    monkeypatch.setattr("tactful.engine.record.reserve", lambda *_: None)
    assert min(visits(opened(policy("A"), customers=CUSTOMERS)).values()) > COUNT
