"""Whoever listens hears of each decision that leaves a trace, and nothing personal; and can harm none."""

import json
import logging

import pytest

from tactful import READINGS, JsonLines, decision_record, status_readings

from .conftest import CANARIES, TOLD, WHO, everything


class Heard:
    def __init__(self):
        self.told = []

    def decided(self, decision, took_s):
        self.told.append((decision, took_s))


def test_each_decision_is_told_of_but_previews(open_edge):
    heard = Heard()
    everything(open_edge(heard))
    assert len(heard.told) == TOLD
    assert all(0 <= took_s < 60 for _, took_s in heard.told)


def test_nothing_is_told_without_a_listener(open_edge):
    edge = open_edge()
    assert edge._listening is None
    everything(edge)


class Fails:
    def decided(self, decision, took_s):
        raise RuntimeError(f"canary {decision.id} {took_s}")


def test_a_listener_that_fails_harms_nothing_and_is_logged_once_without_what_it_said(open_edge, caplog):
    heard = Heard()
    edge = open_edge(Fails(), heard)
    with caplog.at_level(logging.DEBUG):
        titles = [edge.decide("home", WHO).content["title"] for _ in range(3)]
    assert titles == ["canary-name, olives"] * 3
    assert len(heard.told) == 3
    assert [record.getMessage() for record in caplog.records] == ["telemetry failed: Fails raised RuntimeError"]


def test_records_are_json_by_the_names_of_the_policy_and_hold_no_canary(open_edge, caplog):
    edge = open_edge(JsonLines())
    with caplog.at_level(logging.INFO, logger="tactful.decisions"):
        everything(edge)
    lines = [record.getMessage() for record in caplog.records if record.name == "tactful.decisions"]
    records = [json.loads(line) for line in lines]
    assert len(records) == TOLD
    assert not [canary for canary in CANARIES if canary in "\n".join(lines)]
    first = records[0]
    assert first["picks"][0] == {"placement": "home", "offer": "olives", "treatment": "t2", "tone": "PERSONAL"}
    assert (first["channel"], first["outcome"], first["careful"], first["policy"]) == (
        "web",
        "filled",
        [],
        "corner shop",
    )
    assert [one["outcome"] for one in records] == ["filled", "filled", "empty", "filled", "failed", "filled", "failed"]
    assert records[3]["careful"]
    assert all(set(one) == set(first) for one in records)


def test_a_logger_that_is_quiet_gets_nothing(open_edge, caplog):
    with caplog.at_level(logging.WARNING):
        everything(open_edge(JsonLines(logging.getLogger("quiet"))))
    assert [record for record in caplog.records if record.name == "quiet"] == []


def test_a_record_with_the_caller_s_words_would_be_noticed(open_edge):
    heard = Heard()
    open_edge(heard).decide("canary-placement", WHO)
    decision, took_s = heard.told[0]
    assert "canary-placement" in str(decision.careful)
    assert "canary" not in str(decision_record(decision, took_s))


def test_readings_are_those_that_are_explained_and_leave_out_what_is_not_known(open_edge, follow):
    plain, following = open_edge(), follow()
    before = {one.name for one in status_readings(following.status())}
    following.observe(WHO, "purchase")
    following.sync()
    found = list(status_readings(following.status()))
    names = {one.name for one in found}
    assert names <= READINGS.keys()
    assert {"tactful_data_age_seconds", "tactful_outbox_events"} <= names
    assert "tactful_data_age_seconds" not in before
    assert not {one.name for one in status_readings(plain.status())} & {"tactful_ready", "tactful_outbox_events"}
    assert not [one for one in found if any(canary in str(one) for canary in CANARIES)]


@pytest.mark.parametrize("age_s", [0, 299, 301])
def test_ready_left_falls_with_the_age_of_consents(follow, monkeypatch, age_s):
    edge = follow()
    edge.sync()
    monkeypatch.setattr(type(edge._following._heard), "age_us", lambda _: age_s * 1_000_000)
    told = {one.name: one.value for one in status_readings(edge.status())}
    assert told["tactful_ready_left_seconds"] == max(0, 300 - age_s)
    assert told["tactful_ready"] == (age_s <= 300)
