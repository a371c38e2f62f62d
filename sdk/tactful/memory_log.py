"""The part of `MemoryStore` that keeps the decision log. It keeps nothing else."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final

from .decision_log import (
    LoggedDecision,
    LogLimits,
    MemoryDecisionLog,
    Place,
    place,
)
from .errors import StoreError
from .evidence import Access, SealedEvidence
from .late import Late
from .memory_listing import MemoryListing
from .memory_many import MemoryMany

_AT_ONCE: Final = 500
_ACCESSES_TOLD: Final = 10_000
_ACCESSES_MAX: Final = 100_000


class MemoryLogging(MemoryListing, MemoryMany):
    """A `DecisionLog` in the memory of a store, with the list of whom it knows."""

    def __init__(self, limits: LogLimits) -> None:
        """Begin with nothing."""
        self._decisions = MemoryDecisionLog(limits)
        self._evidence_limits = limits
        self._evidence: dict[Place, SealedEvidence] = {}
        self._accesses: deque[Access] = deque(maxlen=_ACCESSES_MAX)
        self._erased_us: dict[bytes, int] = {}

    def log_decisions(self, records: Sequence[LoggedDecision]) -> int:
        """Keep decisions, all or none; return how many were new, by their id and moment."""
        if not all(isinstance(record, LoggedDecision) for record in records):
            raise StoreError("only LoggedDecision is taken here; nothing of this call was kept")
        with self._open():
            return self._decisions.add([record.kept_after(self._erased_us) for record in records])

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

    def keep_evidence(self, rows: Sequence[SealedEvidence]) -> int:
        """Keep evidence, all or none; return how much was new. As much is kept as there are decisions in the log."""
        if not all(isinstance(row, SealedEvidence) for row in rows):
            raise StoreError("only SealedEvidence is taken here; nothing of this call was kept")
        with self._open():
            before, erased = set(self._evidence), self._erased_us
            kept = (row for row in rows if row.at_us > erased.get(row.who, row.at_us - 1))
            self._evidence = {(row.at_us, row.id): row for row in (*kept, *self._evidence.values())}
            for place_ in sorted(self._evidence)[: -self._evidence_limits.rows_max]:
                del self._evidence[place_]
            return len(self._evidence.keys() - before)

    def read_evidence(self, access: Access) -> Iterator[SealedEvidence]:
        """Keep that somebody looks, then yield what is looked at whose time is not over."""
        with self._open():
            self._accesses.append(access)
            rows = [row for row in self._evidence.values() if row.until_us > access.at_us]
        if access.decision:
            mine = (row for row in rows if row.id == access.decision)
            yield from sorted(mine, key=lambda row: -row.at_us)
        else:
            within = (row for row in rows if access.since_us <= row.at_us < access.until_us)
            yield from sorted(within, key=lambda row: (row.at_us, row.id))

    def accesses(self, since_us: int, until_us: int) -> Sequence[Access]:
        """Return who looked at evidence from a moment to another, oldest first; the newest 10,000."""
        with self._open():
            found = [access for access in self._accesses if since_us <= access.at_us < until_us]
        return sorted(found, key=lambda access: access.at_us)[-_ACCESSES_TOLD:]

    def forget_evidence(self, now_us: int) -> int:
        """Forget the evidence and the looks at it whose time is over; return how much evidence there was."""
        after_us = self._evidence_limits.looked_after_us(now_us)
        with self._open():
            recent = (access for access in self._accesses if access.at_us > after_us)
            self._accesses = deque(recent, maxlen=_ACCESSES_MAX)
            return self._let_go(one for one, row in self._evidence.items() if row.until_us <= now_us)

    def _erase_decisions(self, names: Sequence[bytes], now_us: int) -> dict[str, int]:
        """Unlink what was logged of these pseudonyms, remove the evidence, and take none that comes in late."""
        recent = {name: at_us for name, at_us in self._erased_us.items() if at_us > now_us - Late.known_us}
        self._erased_us = {**recent, **dict.fromkeys(names, now_us)}
        return {"decisions": self._decisions.unlink(names), "evidence": self._erase_evidence(names)}

    def _erase_evidence(self, names: Iterable[bytes]) -> int:
        whose = frozenset(names)
        return self._let_go(one for one, row in self._evidence.items() if row.who in whose)

    def _let_go(self, places: Iterable[Place]) -> int:
        gone = tuple(places)
        for one in gone:
            del self._evidence[one]
        return len(gone)

    def _open(self) -> AbstractContextManager[None]:
        """Return what gives the store to one call at a time."""
        raise NotImplementedError
