"""Events have the names of OpenTelemetry's conventions, exactly; the SDK takes them, and the metrics."""

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.semconv._incubating.attributes import feature_flag_attributes as flags
from opentelemetry.semconv.attributes import error_attributes

from tactful import READINGS
from tactful_adapters import opentelemetry as ours
from tactful_adapters.opentelemetry import Events, Metrics

from .conftest import CANARIES, WHO, everything


@pytest.fixture
def exporter():
    return InMemoryLogRecordExporter()


@pytest.fixture
def events(exporter):
    provider = LoggerProvider()
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    return lambda **more: Events(provider, **more)


def told(exporter):
    return [one.log_record for one in exporter.get_finished_logs()]


def test_the_names_are_those_of_the_conventions():
    pairs = {
        ours.KEY: flags.FEATURE_FLAG_KEY,
        ours.VARIANT: flags.FEATURE_FLAG_RESULT_VARIANT,
        ours.REASON: flags.FEATURE_FLAG_RESULT_REASON,
        ours.PROVIDER: flags.FEATURE_FLAG_PROVIDER_NAME,
        ours.CONTEXT_ID: flags.FEATURE_FLAG_CONTEXT_ID,
        ours.SET_ID: flags.FEATURE_FLAG_SET_ID,
        ours.VERSION: flags.FEATURE_FLAG_VERSION,
        ours.ERROR_TYPE: error_attributes.ERROR_TYPE,
        ours.ERROR_MESSAGE: flags.FEATURE_FLAG_ERROR_MESSAGE,
    }
    assert len(pairs) == 9
    assert list(pairs) == list(pairs.values())


def test_each_filled_slot_and_each_empty_placement_is_an_event(open_edge, events, exporter):
    open_edge(events()).decide(["home", "side"], WHO)
    records = told(exporter)
    assert {record.event_name for record in records} == {"feature_flag.evaluation"}
    assert [dict(record.attributes) for record in records] == [
        {
            "feature_flag.key": key,
            **({"feature_flag.result.variant": variant} if variant else {}),
            "feature_flag.result.reason": reason,
            "feature_flag.provider.name": "tactful",
            "feature_flag.set.id": "corner shop",
        }
        for key, variant, reason in [
            ("home", "olives/t2", "targeting_match"),
            ("home", "bread/t1", "targeting_match"),
            ("side", "", "default"),
        ]
    ]


def test_every_reason_is_one_of_the_conventions_and_errors_tell_their_type(open_edge, events, exporter):
    everything(open_edge(events()))
    records = [record.attributes for record in told(exporter)]
    known = {one.value for one in flags.FeatureFlagResultReasonValues}
    assert {one[ours.REASON] for one in records} <= known
    assert {"targeting_match", "default", "stale", "error"} <= {one[ours.REASON] for one in records}
    failed = [one for one in records if one[ours.REASON] == "error"]
    assert [(one[ours.ERROR_TYPE], one[ours.KEY]) for one in failed] == [("general", "unknown")] * 2
    assert not [one for one in records if (ours.ERROR_TYPE in one) is not (one[ours.REASON] == "error")]


def test_nothing_personal_is_told_and_whose_it_was_only_under_a_key(open_edge, events, exporter):
    everything(open_edge(events()))
    assert not [canary for canary in CANARIES if canary in str([dict(one.attributes) for one in told(exporter)])]
    assert not [one for one in told(exporter) if ours.CONTEXT_ID in one.attributes]
    exporter.clear()
    everything(open_edge(events(context_key=b"k" * 32)))
    named = {one.attributes[ours.CONTEXT_ID] for one in told(exporter) if ours.CONTEXT_ID in one.attributes}
    assert len(named) == 2  # the customer, and one who is not here
    assert not [canary for canary in CANARIES if canary in str(named)]


def test_metrics_are_taken_by_the_sdk(follow):
    reader = InMemoryMetricReader()
    metrics = Metrics(MeterProvider([reader]))
    edge = follow(metrics)
    metrics.watch(edge)
    everything(edge)
    edge.sync()
    collected = reader.get_metrics_data()
    assert not [canary for canary in CANARIES if canary in collected.to_json()]
    (scope,) = collected.resource_metrics[0].scope_metrics
    found = {one.name: one for one in scope.metrics}
    assert sum(point.value for point in found["tactful.decisions"].data.data_points) == 7
    assert found["tactful.decision.duration"].unit == found["tactful.data_age"].unit == "s"
    (ready,) = found["tactful.ready"].data.data_points
    assert ready.value == 1
    explained = {name.removeprefix("tactful_").removesuffix("_total").removesuffix("_seconds") for name in READINGS}
    assert {name.removeprefix("tactful.") for name in found} <= explained | {"decisions", "decision.duration"}
