"""Monitors hear of withdrawals that the centre does not take, of what fails, and of an edge that keeps nothing."""

import pytest
from tests.proofs.store_faults import read_only
from tests.sync.conftest import FakeClock

import tactful
from tactful import MemoryCentre, StoreError, SyncOptions, readings, status_readings
from tactful.testing.faulty_centres import FlappingCentre
from tactful_adapters.sqlite import SQLiteStore


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def refused():
    return {"ann", "bob"}


@pytest.fixture
def centre(clock, refused):
    return FlappingCentre(MemoryCentre(clock=clock, refuse=lambda one: "no" if one.customer in refused else None))


@pytest.fixture
def edge(policy, tmp_path, clock, centre):
    with (
        SQLiteStore(tmp_path / "edge.db", clock=clock) as store,
        tactful.open(policy, store=store, centre=centre, sync=SyncOptions(threads=False), clock=clock) as one,
    ):
        yield one


def told(edge):
    return {
        (one.name.removeprefix("tactful_"), *one.labels.values()): one.value for one in status_readings(edge.status())
    }


def are_told_of(edge, clock, refused):
    edge.opt_out("ann")
    clock.pass_s(100)
    edge.opt_out("bob")
    edge.opt_out("eve")
    edge.sync()
    now = told(edge)
    assert now["withdrawals_passed_over",] == 2
    assert now["withdrawals_passed_over_oldest_age_seconds",] == now["withdrawals_oldest_age_seconds",] == 100
    refused.clear()
    clock.pass_s(600)
    edge.sync()
    now = told(edge)
    assert now["withdrawals_passed_over",] == 0
    assert ("withdrawals_oldest_age_seconds",) not in now


def test_withdrawals_that_the_centre_does_not_take_are_told_of(edge, clock, refused):
    are_told_of(edge, clock, refused)


def test_the_test_notices_readings_without_them(edge, clock, refused, monkeypatch):
    of = readings._of_centre
    monkeypatch.setattr(
        readings, "_of_centre", lambda centre: (one for one in of(centre) if "passed_over" not in one.name)
    )
    with pytest.raises(KeyError):
        are_told_of(edge, clock, refused)


def test_each_part_tells_for_how_long_it_has_failed(edge, clock, centre):
    edge.sync()
    parts = ("consents", "profiles", "events")
    assert [told(edge)["centre_failing_seconds", part] for part in parts] == [0, 0, 0]
    centre.down |= {"changes"}
    edge.sync()
    clock.pass_s(70)
    edge.sync()
    assert [told(edge)["centre_failing_seconds", part] for part in parts] == [70, 70, 0]


def test_an_edge_that_cannot_keep_anything_is_told_of_as_not_ready(edge):
    edge.sync()
    assert told(edge)["edge_ready",] == 1
    with read_only(edge._store):
        with pytest.raises(StoreError):
            edge.opt_out("eve")
        assert told(edge)["edge_ready",] == 0
    edge.opt_out("eve")
    assert told(edge)["edge_ready",] == 1
