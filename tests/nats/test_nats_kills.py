"""The quick version of `python -m tests.proofs nats-kills`, and its control."""

import uuid

from .server_kills import kill_servers


def test_nothing_that_was_acknowledged_is_lost_or_doubled(shared_server, on_record, tmp_path, caplog):
    found = kill_servers(tmp_path, 10, on_record)
    assert not caplog.records, "what a lost connection leaves behind is not logged"
    assert found.kills == 10
    assert found.acknowledged > 0
    assert found.failed > 0, "a kill is to be felt"
    assert (found.lost, found.doubled, found.passed_over) == (0, 0, 0)


def test_a_client_that_knows_no_event_again_doubles_some(shared_server, on_record, tmp_path, monkeypatch):
    monkeypatch.setattr("tactful_adapters.nats_events.event_key", lambda _: f"{uuid.uuid4().hex}.{uuid.uuid4().hex}")
    monkeypatch.setattr("tactful_adapters.nats_events.digest", lambda _: uuid.uuid4().hex)
    doubled = 0
    for turn in range(20):
        doubled += kill_servers(tmp_path / str(turn), 5, on_record).doubled
        if doubled:
            break
    assert doubled > 0
