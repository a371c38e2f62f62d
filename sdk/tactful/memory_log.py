"""The part of `MemoryStore` that keeps the decision log. It keeps nothing else."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final

from .decision_log import LoggedDecision, LogLimits, MemoryDecisionLog, place
from .errors import StoreError

_AT_ONCE: Final = 500


class MemoryLogging:
    """A `DecisionLog` in the memory of a store."""

    def __init__(self, limits: LogLimits) -> None:
        """Begin with nothing."""
        self._decisions = MemoryDecisionLog(limits)

    def log_decisions(self, records: Sequence[LoggedDecision]) -> int:
        """Keep decisions, all or none; return how many were new, by their id and moment."""
        if not all(isinstance(record, LoggedDecision) for record in records):
            raise StoreError("only LoggedDecision is taken here; nothing of this call was kept")
        with self._open():
            return self._decisions.add(records)

    def logged(self, since_us: int, until_us: int) -> Iterator[LoggedDecision]:
        """Yield what was decided at or after a moment and before another, oldest first, a few at a time."""
        last = (since_us, "")
        while True:
            with self._open():
                found = self._decisions.after(last, until_us, _AT_ONCE)
            yield from found
            if len(found) < _AT_ONCE:
                return
            last = place(found[-1])

    def logged_decision(self, id_: str) -> LoggedDecision | None:
        """Return the newest decision with an id, or None."""
        with self._open():
            return self._decisions.newest(id_)

    def log_dropped(self) -> int:
        """Return how many decisions were dropped because there were too many."""
        with self._open():
            return self._decisions.dropped

    def forget_logged(self, before_us: int) -> int:
        """Forget what was decided before a moment; return how many decisions there were."""
        with self._open():
            return self._decisions.forget(before_us)

    def _open(self) -> AbstractContextManager[None]:
        """Return what gives the store to one call at a time."""
        raise NotImplementedError
