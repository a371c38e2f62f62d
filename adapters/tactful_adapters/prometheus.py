"""Prometheus: an edge's decisions and status as metrics. Labels are words of the code and the policy, never a customer.

Give `Metrics` to `tactful.open(…, telemetry=[…])`, and then the edge to `Metrics.watch`.
"""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Final

from tactful import READINGS, Decision, Edge, ExtraMissing, decision_record, status_readings

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
    from prometheus_client.registry import Collector
except ImportError as error:
    raise ExtraMissing("metrics for Prometheus", "prometheus") from error

#: From 5 µs to 100 ms: what a decision takes, and what one takes that had to wait for its turn [s].
_BUCKETS_S: Final = (5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 5e-3, 2e-2, 1e-1)
_TOTAL: Final = "_total"


class Metrics(Collector):
    """What Prometheus asks for: counts of decisions, how long they took, and the status of an edge."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        """
        Register.

        Args:
            registry: Where the metrics are asked for; each edge that is watched needs one of its own.
        """
        self._decisions = Counter(
            "tactful_decisions", "Calls of decide.", ("channel", "outcome", "careful"), registry=registry
        )
        self._took_s = Histogram(
            "tactful_decision_duration_seconds",
            "How long decide took.",
            ("channel",),
            registry=registry,
            buckets=_BUCKETS_S,
        )
        self._edge: Edge | None = None
        registry.register(self)

    def watch(self, edge: Edge) -> None:
        """Tell the status of an edge from now on."""
        self._edge = edge

    def decided(self, decision: Decision, took_s: float) -> None:
        """Count a decision."""
        told = decision_record(decision, took_s)
        self._decisions.labels(told["channel"], told["outcome"], "yes" if told["careful"] else "no").inc()
        self._took_s.labels(told["channel"]).observe(took_s)

    def describe(self) -> list[Metric]:
        """Return nothing: what is told depends on the edge."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give the numbers of the edge's status, as they are now."""
        yield InfoMetricFamily("tactful_build", "What decides.", value={"version": version("tactful")})
        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for one in () if self._edge is None else status_readings(self._edge.status()):
            family = families.get(one.name)
            if family is None:
                kind = CounterMetricFamily if one.name.endswith(_TOTAL) else GaugeMetricFamily
                names = tuple(one.labels)
                family = families[one.name] = kind(one.name.removesuffix(_TOTAL), READINGS[one.name], labels=names)
            family.add_metric(tuple(one.labels.values()), one.value)
        yield from families.values()
