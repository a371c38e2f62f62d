"""Ready means that what is known is young enough and that what must be kept can be: the answer says what lacks."""

import threading

import pytest
from starlette.testclient import TestClient
from tests.proofs.store_faults import deleted, full, locked, read_only

import tactful
from tactful import MemoryCentre, SyncOptions, readiness
from tactful.clock import DAY_US, SECOND_US
from tactful.serve import health
from tactful.serve.app import serve_app
from tactful.serve.guard import Guard
from tactful.testing.faulty_centres import FlappingCentre
from tactful_adapters.sqlite import SQLiteStore

from .conftest import POLICY

BY_HAND = SyncOptions(threads=False)


class Clock:
    """A clock that passes when it is told to, and has a time that only passes."""

    now_us = 20_000 * DAY_US

    def __call__(self):
        return self.now_us

    def steady_us(self):
        return self.now_us

    def pass_s(self, seconds):
        self.now_us += seconds * SECOND_US


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path, clock):
    with SQLiteStore(tmp_path / "edge.db", clock=clock, busy_s=0.05) as one:
        yield one


def asked(edge):
    answer = TestClient(serve_app(edge, guard=Guard()), base_url="http://localhost").get("/health/ready")
    told = answer.json()
    assert answer.status_code == (200 if told["ready"] else 503)
    assert told["ready"] == (not told["lacks"])
    assert all(one["part"] and one["code"] and one["says"] for one in told["lacks"])
    return {(one["part"], one["code"]) for one in told["lacks"]}, answer.text


def is_unready_while(fault, store, clock):
    """Nobody calls: the look itself finds that the disk takes nothing, and that it does again."""
    with tactful.open(POLICY, store=store, clock=clock) as edge:
        assert asked(edge)[0] == set()
        with fault(store):
            for _ in range(4):
                clock.pass_s(31)
                found, text = asked(edge)
            assert {part for part, _ in found} == {"store"}
            assert str(store._file.path.parent) not in text  # whoever asks without a token hears of no path
        clock.pass_s(2)
        assert asked(edge)[0] == set()


@pytest.mark.parametrize("fault", [full, read_only, locked, deleted])
def test_an_edge_whose_own_store_takes_nothing_is_not_ready(fault, store, clock):
    is_unready_while(fault, store, clock)


def test_the_test_notices_a_readiness_that_asks_no_store(store, clock, monkeypatch):
    monkeypatch.setattr(readiness, "_of_store", lambda _: iter(()))
    with pytest.raises(AssertionError):
        is_unready_while(full, store, clock)


def test_a_call_that_could_not_be_kept_is_told_at_once(store, clock):
    with tactful.open(POLICY, store=store, clock=clock) as edge:
        with read_only(store), pytest.raises(tactful.StoreError):
            edge.opt_out("ann")
        assert asked(edge)[0] == {("store", "store")}
        clock.pass_s(2)
        assert asked(edge)[0] == set()


def test_it_is_the_age_of_consents_that_counts_and_no_socket(store, clock):
    centre = FlappingCentre(MemoryCentre(clock=clock))
    with tactful.open(POLICY, store=store, centre=centre, sync=BY_HAND, clock=clock) as edge:
        assert asked(edge)[0] == {("consents", "not-heard")}
        edge.sync()
        centre.down |= {"changes", "deliver", "wait"}
        clock.pass_s(299)
        assert edge.sync().errors
        assert asked(edge)[0] == set()  # the centre is away, and all is known that has to be
        clock.pass_s(2)
        assert asked(edge)[0] == {("consents", "too-old")}
        centre.down.clear()
        edge.sync()
        assert asked(edge)[0] == set()


def test_a_store_that_does_not_answer_holds_up_no_decision_and_one_look_is_made(store, clock, monkeypatch):
    monkeypatch.setattr(health, "PATIENCE_S", 0.05)
    let, looks = threading.Event(), []
    with tactful.open(POLICY, store=store, clock=clock) as edge:

        def hangs():
            looks.append(1)
            let.wait(20)
            return ()

        monkeypatch.setattr(edge, "readiness", hangs)
        client = TestClient(serve_app(edge, guard=Guard()), base_url="http://localhost")
        for _ in range(3):
            told = client.get("/health/ready").json()
            assert [(one["part"], one["code"]) for one in told["lacks"]] == [("store", "silent")]
            assert client.post("/v1/decide", json={"placements": "home"}).status_code == 200
        assert len(looks) == 1
        let.set()


def test_a_call_that_has_been_under_way_for_long_counts_as_silence():
    def status(under_way_s):
        part = {"last_error": "", "under_way_s": under_way_s}
        return {
            "open": True,
            "careful": [],
            "store": {"reads": part, "writes": {"last_error": "", "under_way_s": None}},
        }

    assert [one.code for one in readiness.lacks(status(60))] == ["silent"]
    assert list(readiness.lacks(status(3))) == []


def test_a_closed_edge_and_a_careful_one_are_not_ready(store, clock):
    with tactful.open(POLICY, store=store, clock=clock) as edge:
        status = edge.status()
    assert {one.part for one in readiness.lacks(edge.status())} == {"edge"}
    assert {one.part for one in readiness.lacks({**status, "careful": ["a guardrail"]})} == {"decisions"}
