"""The ledger is followed at leisure while nobody asks, and at once when somebody does."""

import threading
import time

import pytest

from tactful import MemoryStore
from tactful.engine import tail
from tactful.engine.tail import Tail
from tactful.plan.plan import Plan
from tactful.registry import Registry


class Heard:
    def __call__(self, contact, now_us):
        pass

    def caught_up(self):
        pass


class Counted(MemoryStore):
    """A ledger that counts how often it is looked at."""

    looks = 0

    def tail(self, after, count):
        self.looks += 1
        return super().tail(after, count)


@pytest.fixture
def ledger():
    return Counted()


@pytest.fixture
def followed(policy, ledger):
    one = Tail(ledger, Plan.build(policy, Registry.of()), Heard(), lambda: 0, inline=False)
    yield one
    one.close()
    if one._thread is not None:
        one._thread.join(30)
        assert not one._thread.is_alive()


def eventually(holds):
    until_s = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until_s, "it never came to hold"
        time.sleep(0.001)


def test_nothing_is_looked_at_before_anybody_asks(followed, ledger):
    assert followed._thread is None
    assert ledger.looks == 0


def test_a_question_after_a_silence_is_looked_for_at_once(followed, ledger, monkeypatch):
    monkeypatch.setattr(tail, "_IDLE_EVERY_S", 3600)
    monkeypatch.setattr(tail, "_EVERY_S", 0.001)
    followed.look()
    eventually(lambda: followed._idle)
    before = ledger.looks
    followed.look()
    eventually(lambda: ledger.looks > before)


def test_questions_one_after_the_other_make_no_storm(followed, ledger, monkeypatch):
    monkeypatch.setattr(tail, "_EVERY_S", 3600)
    followed.look()
    eventually(lambda: ledger.looks == 1)
    for _ in range(1000):
        followed.look()
    assert threading.active_count() >= 2
    assert ledger.looks == 1


def test_it_ends_though_it_waits(followed, ledger, monkeypatch):
    monkeypatch.setattr(tail, "_EVERY_S", 3600)
    monkeypatch.setattr(tail, "_IDLE_EVERY_S", 3600)
    followed.look()
    eventually(lambda: ledger.looks == 1)
    followed.close()
    followed._thread.join(30)
    assert not followed._thread.is_alive()
