"""Who is let go does not come back by a fetch that was under way, or waited its turn: the visit is over."""

import threading

import pytest
from tests.differential.mutating import Mutant, mutated

WAIT_S = 20


class Slow:
    """A source that is asked, and answers when it is told to."""

    def __init__(self):
        self.asked, self.answer = threading.Semaphore(0), threading.Semaphore(0)
        self.seen = []

    def __call__(self, customer):
        self.seen.append(customer)
        self.asked.release()
        assert self.answer.acquire(timeout=WAIT_S)
        return {"tier": "gold"}


@pytest.fixture
def slow():
    return Slow()


@pytest.fixture
def edge(open_edge, slow):
    return open_edge(profiles=slow)


def here(edge):
    return edge.status()["customers_here"]


def let_go_while_it_is_fetched_for_a_decision(edge, slow):
    edge.decide("hero", "ann")
    assert slow.asked.acquire(timeout=WAIT_S)
    edge.let_go("ann")
    slow.answer.release(5)
    assert edge.warm("bob", deadline_s=WAIT_S)  # by the same thread, which is through with ann by then
    return here(edge)


def let_go_while_another_thread_warms(edge, slow):
    came = []
    warming = threading.Thread(target=lambda: came.append(edge.warm("ann")))
    warming.start()
    assert slow.asked.acquire(timeout=WAIT_S)
    edge.let_go("ann")
    slow.answer.release()
    warming.join(WAIT_S)
    assert came
    return here(edge)


def let_go_while_it_waits_its_turn(edge, slow):
    edge.decide("hero", "bob")
    assert slow.asked.acquire(timeout=WAIT_S)
    edge.decide("hero", "ann")
    edge.let_go("ann")
    slow.answer.release(9)
    edge.warm("eve", deadline_s=WAIT_S)  # asked after ann, so ann's turn is over
    assert "eve" in slow.seen
    return "ann" in slow.seen


def test_it_does_not_come_back_by_a_fetch_under_way(edge, slow):
    assert let_go_while_it_is_fetched_for_a_decision(edge, slow) == 1  # bob


def test_it_does_not_come_back_by_another_thread(edge, slow):
    assert let_go_while_another_thread_warms(edge, slow) == 0


def test_it_is_not_fetched_if_it_waited_its_turn(edge, slow):
    assert let_go_while_it_waits_its_turn(edge, slow) is False


def test_letting_go_waits_for_no_source(edge, slow):
    edge.decide("hero", "ann")
    assert slow.asked.acquire(timeout=WAIT_S)
    ended = threading.Thread(target=edge.let_go, args=("ann",))
    ended.start()
    ended.join(WAIT_S)
    assert not ended.is_alive()
    slow.answer.release(2)


def test_who_comes_back_later_is_fetched(edge, slow):
    let_go_while_another_thread_warms(edge, slow)
    slow.answer.release()
    assert edge.warm("ann")
    assert here(edge) == 1


@pytest.mark.parametrize(
    ("mutant", "check", "wrong"),
    [
        (("engine.loading", "return self.all_gone or customer in self.gone", "return False"), 0, 2),
        (("engine.loading", "return self.all_gone or customer in self.gone", "return False"), 1, 1),
        (("engine.snapshot", "if not wanted():", "if False:"), 2, True),
        (("engine.snapshot", "self._questions.drop(who, *ids)", "pass"), 2, True),
    ],
)
def test_a_mutant_is_caught(edge, slow, mutant, check, wrong):
    checks = (
        let_go_while_it_is_fetched_for_a_decision,
        let_go_while_another_thread_warms,
        let_go_while_it_waits_its_turn,
    )
    with mutated(Mutant(*mutant)):
        assert checks[check](edge, slow) == wrong
