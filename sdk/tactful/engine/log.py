"""Log: what was decided goes to the decision log, off the path of decisions. It decides nothing and raises nothing.

A decision costs one append to a bounded queue. One thread works out what is logged and keeps it, once a second, from
the first decision on; what there is too much of is dropped and counted.
"""

import itertools
import logging
from collections import deque
from collections.abc import Mapping
from threading import Event, Lock, Thread
from typing import Final, Protocol
from zlib import crc32

from ..clock import SECOND_US, Clock
from ..decision_log import LoggedDecision
from ..evidence import SealedEvidence
from ..log_ports import DecisionLog, EvidenceRows
from ..plan.plan import Plan
from ..ports import Registers
from ..pseudonyms import log_key
from ..sealing import EvidenceSeal
from .counted import Counted, counted_of
from .decision import Decision
from .store_account import StoreAccount
from .tally import Tally

_log = logging.getLogger("tactful")
_WAITING_MAX: Final = 20_000
_AT_ONCE: Final = 500
_EVERY_S: Final = 1.0
_FORGET_EVERY_US: Final = 3_600 * SECOND_US
_CRC_RANGE: Final = 2**32
_Made = tuple[LoggedDecision, SealedEvidence | None]


class LoggingStore(DecisionLog, EvidenceRows, Registers, Protocol):
    """What keeps the log, the evidence, and the key of pseudonyms and digests."""


class Log:
    """Follows what an edge decides."""

    def __init__(self, store: LoggingStore, share: float, seal: EvidenceSeal | None, clock: Clock) -> None:
        """
        Begin with an empty queue.

        Args:
            store: Where decisions are logged.
            share: The share of decisions that are logged, 0 to 1; drawn by their ids, so a page view always or never.
            seal: What seals evidence; None keeps none, whatever the policy wants.
            clock: Gives the moment [us since 1970].
        """
        self._store = store
        self._below = round(share * _CRC_RANGE)
        self._seal = seal
        self._clock = clock
        self._ended = Event()
        self._account: StoreAccount | None = None
        self.reset()

    def tell(self, account: StoreAccount) -> None:
        """Tell an account how the store does from now on."""
        self._account = account

    def reset(self) -> None:
        """Begin anew, also in a forked child: what waits there is the parent's, and no thread or lock is ours."""
        self._starting, self._writing = Lock(), Lock()
        self._waiting: deque[tuple[Decision, Counted | None]] = deque()
        self._made: list[_Made] = []
        self._key: bytes | None = None
        self._lost = 0
        self._over, self._over_seen = itertools.count(), 0
        self._forgotten_us = 0
        self._thread: Thread | None = None

    def counted(self, tally: Tally | None, plan: Plan, now_us: int) -> Counted | None:
        """Return what counts for a decision, if the policy wants evidence of it; under the tally's lock."""
        if self._seal is None or tally is None or not plan.policy.values.evidence_s:
            return None
        return counted_of(tally, now_us)

    def append(self, decision: Decision, counted: Counted | None) -> None:
        """Let a decision wait to be logged; past the queue's bound it is dropped and counted."""
        if self._below < _CRC_RANGE and crc32(decision.id.encode()) >= self._below:
            return
        if len(self._waiting) >= _WAITING_MAX:
            self._over_seen = next(self._over) + 1
            return
        self._waiting.append((decision, counted))
        if self._thread is None:
            self._start()

    def flush(self) -> None:
        """Log what waits; what cannot be kept waits on, as far as there is room."""
        with self._writing:
            try:
                self._key = self._key or log_key(self._store)
                while self._waiting or self._made:
                    for _ in range(min(len(self._waiting), _AT_ONCE)):
                        self._make(*self._waiting.popleft(), self._key)
                    self._keep()
                    if self._account is not None:
                        self._account.writes.went_well()
                self._forget()
            except Exception as error:  # noqa: BLE001 - a store may raise anything
                _log.warning("decisions could not be logged: %s", type(error).__name__)
                if self._account is not None:
                    self._account.failed(error)
                over = max(0, len(self._made) - _WAITING_MAX)
                del self._made[:over]
                self._lost += over

    def status(self, plan: Plan) -> Mapping[str, object]:
        """Return how many decisions wait to be logged, how many were dropped here, and whether evidence is kept."""
        wanted = bool(plan.policy.values.evidence_s)
        evidence = "kept" if wanted else "the policy wants none"
        return {
            "log_waiting": len(self._waiting) + len(self._made),
            "log_dropped": self._lost + self._over_seen,
            "evidence": "the policy wants it: give evidence_key=" if wanted and self._seal is None else evidence,
        }

    def close(self) -> None:
        """End the thread, and log what waits."""
        self._ended.set()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(timeout=5)
        self.flush()

    def _make(self, decision: Decision, counted: Counted | None, key: bytes) -> None:
        try:
            record, evidence = decision.logged(key), None
            record.pack()  # what cannot be packed must not stand in the way of all others
            keep_s = decision.plan.policy.values.evidence_s
            if self._seal is not None and keep_s:
                until_us = record.at_us + keep_s * SECOND_US
                evidence = self._seal.seal(decision.evidence(counted), record.who, until_us)
        except Exception as error:  # noqa: BLE001 - one odd decision does not stop the log
            _log.warning("a decision could not be logged: %s", type(error).__name__)
            self._lost += 1
        else:
            self._made.append((record, evidence))

    def _keep(self) -> None:
        made = self._made[:_AT_ONCE]
        self._store.log_decisions([record for record, _ in made])
        evidence = [one for _, one in made if one is not None]
        if evidence:
            self._store.keep_evidence(evidence)
        del self._made[: len(made)]

    def _forget(self) -> None:
        now_us = self._clock()
        if now_us - self._forgotten_us >= _FORGET_EVERY_US:
            self._store.forget_evidence(now_us)
            self._forgotten_us = now_us

    def _start(self) -> None:
        with self._starting:
            if self._thread is None and not self._ended.is_set():
                self._thread = Thread(target=self._run, name="tactful-log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(_EVERY_S):
            if self._waiting or self._made:
                self.flush()
