"""The ledger is followed at leisure while nobody asks, and at once when somebody does."""

import threading
import time

import attrs
import pytest

from tactful import Contact, MemoryStore
from tactful.engine import tail
from tactful.engine.store_account import StoreAccount
from tactful.engine.tail import Tail
from tactful.plan.plan import Plan
from tactful.policy import PluginUse
from tactful.registry import Registry

from .test_heard_meanwhile import capped


class Heard:
    def __call__(self, contact, now_us):
        pass

    def caught_up(self):
        pass


class Counted(MemoryStore):
    """A ledger that counts how often it is looked at."""

    looks = 0
    oldest = None

    def tail(self, after, count):
        self.looks += 1
        self.oldest = after if self.oldest is None else min(self.oldest, after)
        return super().tail(after, count)


@pytest.fixture
def ledger():
    return Counted()


@pytest.fixture
def followed(policy, ledger):
    one = Tail(
        ledger, Plan.build(policy, Registry.of()), Heard(), StoreAccount(ledger, lambda: 0), lambda: 0, inline=False
    )
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


def test_another_plan_is_no_reason_to_read_all_again_if_nothing_counts_for_everyone(followed, ledger, policy):
    ledger.record([Contact(str(number), "ann", "click", 0) for number in range(3)])
    followed.catch_up()
    ledger.oldest = None
    followed.follow(Plan.build(policy, Registry.of()))
    followed.catch_up()
    assert ledger.oldest > 0


class AfterALook:
    """A lock that another thread gets first, once, and looks."""

    def __init__(self, lock, look):
        self._lock, self._look = lock, look

    def __enter__(self):
        look, self._look = self._look, None
        if look is not None:
            look()
        self._lock.acquire()

    def __exit__(self, *_):
        self._lock.release()


def test_budgets_of_another_plan_are_not_known_before_all_was_read_for_them(policy, ledger):
    counting = attrs.evolve(policy, guardrails=(PluginUse("once"),))
    plans = [Plan.build(counting, capped("everyone")) for _ in range(2)]
    ledger.record([Contact("1", "ann", "shown", 0, offer="olives")])
    one = Tail(ledger, plans[0], Heard(), StoreAccount(ledger, lambda: 0), lambda: 0, inline=True)
    one.catch_up()
    assert one.budgets.known
    one._lock = AfterALook(one._lock, one.catch_up)
    one.follow(plans[1])
    assert not one.budgets.known
    one.catch_up()
    assert one.budgets.known
