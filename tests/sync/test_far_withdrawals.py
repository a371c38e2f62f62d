"""Thousands of withdrawals at which a centre fails, and nothing else that waits: one behind them is found."""

import pytest

from tactful import Contact, MemoryStore
from tactful.sync import following
from tactful.sync.outgoing import Outgoing
from tactful.testing.faulty_centres import FlappingCentre

from .test_stuck_withdrawals import FailsAt, arrived

MANY = 1_200


def store_of(clock, *goods):
    store = MemoryStore(clock=clock)
    noes = [Contact(f"{n}", f"customer {n}", "withdrawal", clock(), tags=("offers",)) for n in range(MANY)]
    for at, name in goods:
        noes.insert(at, Contact(name, name, "withdrawal", clock(), tags=("offers",)))
    store.record(noes)
    return store


def is_found(open_edge, centre, clock):
    """The good ones arrive, wherever they are; each pass asks a bounded number of times; nothing is lost."""
    store = store_of(clock, (700, "ada"), (MANY + 1, "bob"))
    broken = FailsAt(centre, lambda event: event.customer.startswith("customer"))
    edge = open_edge(store, at=broken)
    for _ in range(70):
        before = broken.calls["deliver"] + broken.tries
        edge.sync()
        assert broken.calls["deliver"] + broken.tries - before <= 2 + 2 * 32
        clock.pass_s(60)
    assert arrived(centre, "ada") == arrived(centre, "bob") == ["withdrawal"]
    assert len(store.outbox_withdrawals(0, 9_999)) == MANY
    broken.picked = lambda _: False
    for _ in range(3):
        clock.pass_s(600)
        edge.sync()
    assert len(store.outbox_withdrawals(0, 9_999)) == 0
    assert len(centre.events) == MANY + 2


def test_one_behind_thousands_at_which_the_centre_fails_is_found(open_edge, centre, clock):
    is_found(open_edge, centre, clock)


class LooksNearby(Outgoing):
    """As it was: only what waits first is tried."""

    def _reaches(self, waiting):
        return False


def test_the_test_of_far_ones_notices(open_edge, centre, clock, monkeypatch):
    monkeypatch.setattr(following, "Outgoing", LooksNearby)
    with pytest.raises(AssertionError):
        is_found(open_edge, centre, clock)


def test_a_centre_that_is_down_is_asked_a_bounded_number_of_times_a_pass(open_edge, centre, clock):
    down = FlappingCentre(centre, down=["deliver"])
    edge = open_edge(store_of(clock), at=down)
    for _ in range(20):
        before = down.calls["deliver"]
        edge.sync()
        assert down.calls["deliver"] - before <= 2 + 32
        clock.pass_s(60)
    down.down.clear()
    for _ in range(3):
        clock.pass_s(60)
        edge.sync()
    assert len(centre.events) == MANY
