"""OpenTelemetry: decisions as events of the feature-flag conventions, and metrics beside them. No personal value.

Placements are flags, treatments their variants: https://opentelemetry.io/docs/specs/semconv/feature-flags/
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from tactful import READINGS, Decision, Edge, ExtraMissing, Reading, decision_record, pseudonym, status_readings

try:
    from opentelemetry._logs import LoggerProvider, LogRecord, SeverityNumber, get_logger_provider
    from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation, get_meter_provider
except ImportError as error:
    raise ExtraMissing("events and metrics for OpenTelemetry", "opentelemetry") from error

#: The name of the event, and of the attributes, as the conventions have them.
EVENT: Final = "feature_flag.evaluation"
KEY: Final = "feature_flag.key"
VARIANT: Final = "feature_flag.result.variant"
REASON: Final = "feature_flag.result.reason"
PROVIDER: Final = "feature_flag.provider.name"
CONTEXT_ID: Final = "feature_flag.context.id"
SET_ID: Final = "feature_flag.set.id"
VERSION: Final = "feature_flag.version"
ERROR_TYPE: Final = "error.type"
ERROR_MESSAGE: Final = "feature_flag.error.message"
#: The key where a call failed before its placement was known, or named none of the policy.
UNKNOWN: Final = "unknown"
_SCOPE: Final = "tactful"
_UNITS: Final = {"_seconds": "s", "_total": "1"}


class Events:
    """Emits an event for each filled slot of a decision, and for each placement that stays empty."""

    def __init__(self, provider: LoggerProvider | None = None, *, context_key: bytes | None = None) -> None:
        """
        Begin.

        Args:
            provider: Where events go; None is the program's own.
            context_key: The key under which an event tells whose decision it was, as a pseudonym that is the same for
                the same customer; None tells nothing of whose.
        """
        self._logger = (provider or get_logger_provider()).get_logger(_SCOPE)
        self._key = context_key

    def decided(self, decision: Decision, took_s: float) -> None:
        """Emit the events of a decision."""
        told, common = decision_record(decision, took_s), self._common(decision)
        if told["outcome"] == "failed":
            failed = {REASON: "error", ERROR_TYPE: "general", ERROR_MESSAGE: "; ".join(told["careful"])}
            self._emit({KEY: UNKNOWN, **failed, **common}, SeverityNumber.ERROR)
            return
        reason = "stale" if told["careful"] else "targeting_match"
        for pick in told["picks"]:
            self._emit(
                {KEY: pick["placement"], VARIANT: f"{pick['offer']}/{pick['treatment']}", REASON: reason, **common}
            )
        filled = {pick["placement"] for pick in told["picks"]}
        for name in told["placements"]:
            if name not in filled:
                self._emit({KEY: name, REASON: "stale" if told["careful"] else "default", **common})

    def _common(self, decision: Decision) -> Mapping[str, str]:
        plan, customer = decision.plan, decision.receipt().customer
        told = {PROVIDER: _SCOPE, SET_ID: plan.policy.name}
        if plan.epoch is not None:
            told[VERSION] = str(plan.epoch)
        if self._key is not None and customer:
            told[CONTEXT_ID] = pseudonym(self._key, customer).hex()
        return told

    def _emit(self, attributes: Mapping[str, str], severity: SeverityNumber = SeverityNumber.INFO) -> None:
        self._logger.emit(LogRecord(event_name=EVENT, severity_number=severity, attributes=attributes))


class Metrics:
    """Counts decisions and how long they took, and tells the status of an edge."""

    def __init__(self, provider: MeterProvider | None = None) -> None:
        """Begin; `provider` is where metrics go, None is the program's own."""
        self._meter = (provider or get_meter_provider()).get_meter(_SCOPE)
        self._decisions = self._meter.create_counter("tactful.decisions", "{decision}", "Calls of decide.")
        self._took_s = self._meter.create_histogram("tactful.decision.duration", "s", "How long decide took.")

    def decided(self, decision: Decision, took_s: float) -> None:
        """Count a decision."""
        told = decision_record(decision, took_s)
        channel = {"tactful.channel": told["channel"]}
        counted = {"tactful.outcome": told["outcome"], "tactful.careful": bool(told["careful"])}
        self._decisions.add(1, {**channel, **counted})
        self._took_s.record(took_s, channel)

    def watch(self, edge: Edge) -> None:
        """Tell the status of an edge from now on."""
        for name, meaning in READINGS.items():
            unit = next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "1")
            plain = name.replace("tactful_", "tactful.", 1).removesuffix("_seconds").removesuffix("_total")
            make: Callable[..., object] = (
                self._meter.create_observable_counter
                if name.endswith("_total")
                else self._meter.create_observable_gauge
            )
            make(plain, [partial(_observed, edge, name)], unit, meaning)


def _observed(edge: Edge, name: str, _: CallbackOptions) -> Iterable[Observation]:
    return _those(status_readings(edge.status()), name)


def _those(found: Iterable[Reading], name: str) -> Iterator[Observation]:
    for one in found:
        if one.name == name:
            yield Observation(one.value, {f"tactful.{label}": word for label, word in one.labels.items()})
