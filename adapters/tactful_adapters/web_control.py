"""Global Privacy Control of customers who are known, kept as a withdrawal: it binds the profile, not the request alone.

The source: California Code of Regulations, title 11, § 7025(c)(1): the signal is a valid request to opt out for the
browser and for the consumer, where that is known. No request waits for it.
"""

import logging
import queue
from threading import Lock, Thread
from typing import Final

from cachetools import LRUCache

import tactful
from tactful import ConsentState

from .forks import begins_anew_in_a_child
from .web_request import Who

_log = logging.getLogger("tactful")
_WAITING_MAX: Final = 1000
_KEPT_MAX: Final = 10_000


class Control:
    """
    Keeps the signal, in the background; what is kept already is not kept again.

    Args:
        edge: What keeps it.
        purposes: The purposes of the policy that the signal takes back.
    """

    def __init__(self, edge: tactful.Edge, purposes: frozenset[str]) -> None:
        self._edge = edge
        self._purposes = sorted(purposes)
        self.begin_anew()
        begins_anew_in_a_child(self)

    def begin_anew(self) -> None:
        """Forget what waits, and the thread that keeps it: at the start, and in a forked child."""
        self._lock = Lock()
        self._waiting: queue.Queue[tuple[object, Who]] = queue.Queue(_WAITING_MAX)
        self._kept: LRUCache[object, bool] = LRUCache(_KEPT_MAX)
        self._thread: Thread | None = None

    def heard(self, who: Who) -> None:
        """Have the signal of somebody kept; it waits for nothing. Where too many wait, the next request tells it."""
        if not who:
            return
        key: object = who if isinstance(who, str) else tuple(sorted(who.items()))
        with self._lock:
            if key in self._kept:
                return
            try:
                self._waiting.put_nowait((key, who))
            except queue.Full:
                return
            self._kept[key] = True
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._keep_all, name="tactful-control", daemon=True)
                self._thread.start()

    def settle(self, timeout_s: float = 5.0) -> bool:
        """Wait until all that was heard is kept, at most so long [s]; return whether it is."""
        done = self._waiting.all_tasks_done
        with done:
            return done.wait_for(lambda: not self._waiting.unfinished_tasks, timeout_s)

    def _keep_all(self) -> None:
        waiting = self._waiting
        while True:
            key, who = waiting.get()
            is_kept = False
            try:
                is_kept = self._keep(who)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next request tells the signal again
                _log.error("Global Privacy Control could not be kept: %s", type(error).__name__)
            finally:
                if not is_kept:
                    with self._lock:
                        self._kept.pop(key, None)
                waiting.task_done()

    def _keep(self, who: Who) -> bool:
        """
        Take back each purpose of which no withdrawal is on record: a yes that came after one is the newer word.

        Returns:
            Whether it is on record now; not if the identifiers stand for nobody yet.
        """
        try:
            known = self._edge.rights.consents(who)
        except tactful.UsageError:
            return False
        records = () if known is None else known.records
        taken = {one.purpose for one in records if one.state is ConsentState.WITHDRAWN and one.channel is None}
        for purpose in self._purposes:
            if purpose not in taken:
                self._edge.opt_out(who, purpose)
        return True
