"""Prometheus reads what it is told: its own parser takes the page, and labels name no customer."""

from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.parser import text_string_to_metric_families

from tactful import READINGS
from tactful_adapters.prometheus import Metrics

from .conftest import CANARIES, TOLD, WHO, everything


@pytest.fixture
def registry():
    return CollectorRegistry()


def values(registry):
    text = generate_latest(registry).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_decisions_and_status_are_told(follow, registry):
    metrics = Metrics(registry)
    edge = follow(metrics)
    metrics.watch(edge)
    everything(edge)
    edge.observe(WHO, "purchase")
    told = values(registry)
    counted = {name: value for name, value in told.items() if name[0] == "tactful_decisions_total"}
    assert sum(counted.values()) == TOLD
    assert sum(value for (name, _), value in told.items() if name == "tactful_decision_duration_seconds_count") == TOLD
    assert told["tactful_decisions_total", (("careful", "no"), ("channel", "web"), ("outcome", "empty"))] == 1
    assert told["tactful_outbox_events", (("class", "outcome"),)] == 1
    assert told["tactful_ready", ()] == 0
    edge.sync()
    told = values(registry)
    assert (told["tactful_outbox_events", (("class", "outcome"),)], told["tactful_ready", ()]) == (0, 1)
    assert told["tactful_data_age_seconds", (("line", "consents"),)] >= 0


def test_no_label_names_a_customer_and_every_reading_is_explained(follow, registry):
    metrics = Metrics(registry)
    edge = follow(metrics)
    metrics.watch(edge)
    everything(edge)
    edge.sync()
    text = generate_latest(registry).decode()
    assert not [canary for canary in CANARIES if canary in text]
    names = {sample for sample, _ in values(registry)} - {"tactful_decisions_total", "tactful_decisions_created"}
    assert {name for name in names if not name.startswith(("tactful_decision_duration", "tactful_build"))} <= set(
        READINGS
    )


def test_a_real_endpoint_serves_it(open_edge, registry):
    metrics = Metrics(registry)
    metrics.watch(open_edge(metrics))
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        with urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=30) as answer:
            assert b"tactful_customers 0.0" in answer.read()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
