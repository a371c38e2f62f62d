"""A worker: one part of following a centre, in a thread of its own. What it does is given; it decides when.

Another thread waits for hints, so that a hint that never comes, or a connection that hangs, holds up no poll.
"""

import logging
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from .account import Account
from .pauses import Backoff, Budget, uniform

_log = logging.getLogger("tactful")
_END_S: Final = 5.0
#: Jitter on the interval between polls, which is never longer for it: edges that began together do not stay together.
_JITTER: Final = 0.2
#: Does the work; gives how much there was.
Step = Callable[[], int]
#: Waits for a hint for so long [s]; gives whether one came.
Wait = Callable[[float], bool]


class Worker:
    """Does its step when it is hinted at or nudged, and else about every so often; after errors, later and later."""

    def __init__(
        self,
        name: str,
        step: Step,
        account: Account,
        *,
        poll_s: float,
        backoff_max_s: float,
        wait: Wait | None = None,
        hints: Account | None = None,
    ) -> None:
        self._name = name
        self._step = step
        self._account, self._hints = account, hints
        self._poll_s = poll_s
        self._wait = wait
        self._backoff_max_s = backoff_max_s
        self._backoff = Backoff(backoff_max_s)
        self._budget = Budget(time.monotonic)
        self._ended = Event()
        self._nudged = Event()
        self._stepped = Event()
        self._threads = [Thread(target=self._run, name=f"tactful-{name}", daemon=True)]
        if wait is not None:
            self._threads.append(Thread(target=self._listen, name=f"tactful-{name}-hints", daemon=True))

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def nudge(self) -> None:
        """Have it do its step soon: there is something to do."""
        self._nudged.set()

    def end(self) -> None:
        """Begin nothing more."""
        self._ended.set()
        self._nudged.set()
        self._stepped.set()

    def join(self) -> None:
        """Wait until the step that is under way is done, but not for ever."""
        self._threads[0].join(_END_S)

    def _run(self) -> None:
        while not self._ended.is_set():
            self._nudged.clear()
            went_well, pause_s = self._once()
            self._stepped.set()
            self._ended.wait(pause_s)
            if went_well:
                self._nudged.wait(self._poll_s * uniform(1 - _JITTER, 1))

    def _once(self) -> tuple[bool, float]:
        """Do the step once; return whether it went well, and how long to leave the centre alone then [s]."""
        try:
            found = self._step()
        except Exception as error:  # noqa: BLE001 - a client or a store may raise anything; it is tried again
            known, code = self._account.last_error, self._account.failed(error)
            if code != known and not self._ended.is_set():  # once, not each time
                _log.warning("%s: %s: %s", self._name, code, self._account.says)
            return False, max(self._backoff.after(error), self._budget.spend())
        self._backoff.reset()
        if found:
            self._budget.earn()
        return True, 0.0 if found else self._budget.spend()

    def _listen(self) -> None:
        backoff = Backoff(self._backoff_max_s)
        while self._wait is not None and not self._ended.is_set():
            self._stepped.clear()
            asked_s, pause_s, hinted = time.monotonic(), 0.0, False
            try:
                hinted = self._wait(self._poll_s)
                backoff.reset()
                if self._hints is not None:
                    self._hints.went_well()
            except Exception as error:  # noqa: BLE001 - hints are a courtesy; polling goes on
                _log.debug("%s: no hints: %s", self._name, type(error).__name__)
                if self._hints is not None:
                    self._hints.failed(error)
                pause_s = backoff.after(error)
            if hinted:
                self._nudged.set()
                self._stepped.wait(self._poll_s)
            else:
                self._ended.wait(max(pause_s, asked_s + self._poll_s - time.monotonic(), 0.0))
