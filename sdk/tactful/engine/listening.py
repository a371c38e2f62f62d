"""Listening: monitors hear of decisions. None of them can harm one, and none is told a personal value by it."""

import logging
from collections.abc import Sequence
from time import perf_counter_ns

from ..telemetry import Telemetry
from .decision import Decision

_log = logging.getLogger("tactful")


class Listening:
    """Tells those who want to hear of decisions."""

    __slots__ = ("_failed", "_listeners")

    def __init__(self, listeners: Sequence[Telemetry]) -> None:
        self._listeners = tuple(listeners)
        self._failed: set[tuple[int, str]] = set()

    def tell(self, decision: Decision, began_ns: int) -> Decision:
        """Tell of a decision that began at a moment of `perf_counter_ns`; return it."""
        took_s = (perf_counter_ns() - began_ns) / 1e9
        for number, listener in enumerate(self._listeners):
            try:
                listener.decided(decision, took_s)
            except Exception as error:  # noqa: BLE001 - whatever a monitor does, the page is shown
                known = number, type(error).__name__
                if known not in self._failed:  # once: a monitor that fails does so each time
                    self._failed.add(known)
                    _log.warning("telemetry failed: %s raised %s", type(listener).__name__, known[1])
        return decision
