"""How long a withdrawal waits on its way: not for what else goes up, and not for calls that bring nothing."""

import pytest

from tactful import Contact, MemoryCentre, MemoryStore
from tactful.sync import worker
from tactful.sync.account import Account
from tactful.sync.lease import Lease
from tactful.sync.outgoing import Outgoing
from tactful.sync.pauses import Budget
from tactful.sync.retrying import Retrying
from tactful.sync.worker import Worker
from tactful.testing.faulty_centres import WrappedCentre

EACH_S = 0.001


class Slow(WrappedCentre):
    """A centre that takes its time for each event, and one at which a withdrawal is said in the middle of it."""

    def __init__(self, inner, store, clock, call_s=0.0):
        super().__init__(inner)
        self.store, self.clock, self.call_s = store, clock, call_s
        self.sizes, self.said_s, self.waited_s = [], {}, []

    def deliver(self, events):
        self.sizes.append(len(events))
        self.waited_s += [self.clock.now_us / 1e6 - self.said_s[one.id] for one in events if one.id in self.said_s]
        if any(one.event == "purchase" for one in events):
            id_ = f"no {len(self.said_s)}"
            self.said_s[id_] = self.clock.now_us / 1e6
            self.store.record([Contact(id_, id_, "withdrawal", self.clock.now_us, tags=("offers",))])
        self.clock.pass_s(self.call_s + EACH_S * len(events))
        return super().deliver(events)


def upload(kind, clock, call_s=0.0, count=4_000, each_s=EACH_S):
    store = MemoryStore(clock=clock)
    store.record([Contact(f"{n}", "eve", "purchase", clock.now_us) for n in range(count)])
    centre = Slow(MemoryCentre(clock=clock), store, clock, call_s)
    sending = kind(
        centre, store, Lease(store, "events"), Account(clock), 500, Retrying(clock, 500), lambda: clock.now_us / 1e6
    )
    sending.step()
    assert not store.outbox_take(1)
    return centre


def waits_little(kind, clock):
    """After the first few batches, a no that is said while one goes up waits for a fifth of a second at most."""
    centre = upload(kind, clock)
    assert len(centre.waited_s) > 10
    assert max(centre.waited_s[2:]) <= 0.25


def test_a_withdrawal_waits_for_no_long_batch(clock):
    waits_little(Outgoing, clock)


class AlwaysMore(Outgoing):
    """As it was: as many as may go over at once, however long that takes."""

    def _resize(self, sent, took_s):
        self._size = min(2 * self._size, self.batch)


def test_the_test_of_batches_notices(clock):
    with pytest.raises(AssertionError):
        waits_little(AlwaysMore, clock)


def test_where_each_call_takes_long_batches_stay_worth_it(clock):
    centre = upload(Outgoing, clock, call_s=0.3)
    assert min(size for size in centre.sizes[:-2] if size > 1) >= 50  # but for what is left in the end


def test_where_it_goes_fast_as_many_as_may_go_over_at_once(clock):
    store = MemoryStore(clock=clock)
    store.record([Contact(f"{n}", "eve", "purchase", clock.now_us) for n in range(2_000)])
    centre = WrappedCentre(MemoryCentre(clock=clock))
    sending = Outgoing(centre, store, Lease(store, "events"), Account(clock), 500, Retrying(clock, 500), lambda: 0.0)
    sending.step()
    assert centre.calls["deliver"] == 4


def pauses_of(found, budget=Budget):
    """Return how long a worker leaves the centre alone after each step, if no time passes between them [s]."""
    told = iter(found)
    one = Worker("test", lambda: next(told), Account(lambda: 0), poll_s=2, backoff_max_s=1)
    one._budget = budget(lambda: 0.0)
    return [one._once()[1] for _ in found]


def test_hints_that_overlap_make_no_change_wait():
    assert max(pauses_of([1, 0] * 50)) == 0.0


def test_calls_that_bring_nothing_still_wait():
    assert max(pauses_of([0] * 10)) == 5.0
    assert max(pauses_of([1] * 50 + [0] * 10)) == 5.0  # and none can be saved up


class EarnsNothing(Budget):
    """As it was."""

    def earn(self):
        pass


def test_the_test_of_hints_notices():
    assert max(pauses_of([1, 0] * 50, EarnsNothing)) > 1.0


def test_chance_makes_no_poll_later(monkeypatch):
    drawn = []

    def draw(low, high):
        drawn.append((low, high))
        one.end()
        return 0.0

    monkeypatch.setattr(worker, "uniform", draw)
    one = Worker("test", lambda: 1, Account(lambda: 0), poll_s=2, backoff_max_s=1)
    one._run()
    ((low, high),) = drawn
    assert 0.5 <= low < high <= 1
