"""The protocols of what keeps decisions: the log without personal values, and sealed evidence. No adapter is here."""

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from .decision_log import LoggedDecision
from .evidence import Access, SealedEvidence


@runtime_checkable
class DecisionLog(Protocol):
    """What was decided, without any personal value."""

    def log_decisions(self, records: Sequence[LoggedDecision]) -> int:
        """
        Keep decisions durably, all or none; return how many were new, by their id and moment.

        Past the log's bounds the oldest go, and are counted.
        """
        ...

    def logged(self, since_us: int, until_us: int) -> Iterator[LoggedDecision]:
        """Yield what was decided at or after a moment and before another, oldest first, a few at a time."""
        ...

    def logged_decision(self, id_: str) -> LoggedDecision | None:
        """Return the newest decision with an id, or None."""
        ...

    def log_dropped(self) -> int:
        """Return how many decisions were dropped because there were too many."""
        ...

    def forget_logged(self, before_us: int) -> int:
        """Forget what was decided before a moment; return how many decisions there were."""
        ...


@runtime_checkable
class EvidenceRows(Protocol):
    """Sealed evidence, and the log of who looked at it. It has no key."""

    def keep_evidence(self, rows: Sequence[SealedEvidence]) -> int:
        """Keep evidence durably, all or none; return how much was new, by its decision's id and moment."""
        ...

    def read_evidence(self, access: Access) -> Iterator[SealedEvidence]:
        """
        Keep that somebody looks, then yield what is looked at whose time is not over, a few at a time.

        Of one decision the newest comes first; of a stretch of time the oldest.
        """
        ...

    def accesses(self, since_us: int, until_us: int) -> Sequence[Access]:
        """Return who looked at evidence from a moment to another, oldest first; the newest 10,000."""
        ...

    def forget_evidence(self, now_us: int) -> int:
        """
        Forget the evidence whose time is over at a moment, and who looked longer ago than the store's bounds say.

        Returns:
            How much evidence there was.
        """
        ...
