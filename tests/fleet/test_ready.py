"""A relay with a fleet is ready while it can write down what devices tell it, and says so when it cannot."""

import time

import httpx2
import pytest

from tactful.fleet.served import Fleet


def ready(served):
    return httpx2.get(f"http://127.0.0.1:{served.port}/health/ready")


def in_time(served, status):
    until = time.monotonic() + 20
    while (answer := ready(served)).status_code != status and time.monotonic() < until:
        time.sleep(0.01)
    return answer


def is_told(served):
    assert in_time(served, 200).json()["lacks"] == []
    served.file._db.execute("PRAGMA query_only = ON")  # as after the system has made the disk read-only
    answer = ready(served)
    served.file._db.execute("PRAGMA query_only = OFF")
    assert answer.status_code == 503
    assert [(one["part"], one["code"]) for one in answer.json()["lacks"]] == [("fleet", "store")]
    assert str(served.where) not in answer.text
    assert ready(served).status_code == 200


def test_a_fleet_s_file_that_takes_nothing_makes_a_relay_unready(served):
    is_told(served)


def test_the_test_notices_a_probe_that_writes_nothing(served, monkeypatch):
    monkeypatch.setattr(served.relay, "_tried", lambda: None)
    with pytest.raises(AssertionError):
        is_told(served)


def test_a_probe_leaves_the_file_as_it_was(served):
    before = list(served.file._db.iterdump())
    Fleet(served.file, served.fleet._devices).tried()
    assert list(served.file._db.iterdump()) == before
