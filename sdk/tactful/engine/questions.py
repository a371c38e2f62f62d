"""Questions: customers whom decisions asked for, fetched in the background. It keeps no customer.

One thread answers; it starts with the first question and sleeps between questions. What may wait is bounded.
"""

import logging
import queue
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Final

from .customer import Who, told_apart

_log = logging.getLogger("tactful")
_QUESTIONS_MAX: Final = 4096

#: So long a fetch under way is waited for [s].
_SETTLE_S = 2.0


class Questions:
    """What was asked in the background, and the thread that answers."""

    def __init__(self, load: Callable[[Who], object]) -> None:
        """Begin without a question; `load` fetches a customer, and may raise."""
        self._load = load
        self._closed = False
        self.reset()

    def reset(self) -> None:
        """Begin anew, also in a forked child, where no thread and no lock is ours."""
        self._lock = Lock()
        self._waiting: queue.Queue[tuple[Who, Event] | None] = queue.Queue(_QUESTIONS_MAX)
        self._asked: dict[object, Event] = {}
        self._thread: Thread | None = None

    def ask(self, who: Who) -> Event | None:
        """Have a customer fetched; return what is set when that is done, None if too many wait."""
        key = told_apart(who)
        if key is None or self._closed:
            return None
        done = self._asked.get(key)
        if done is not None:
            return done
        done = self._asked[key] = Event()
        try:
            self._waiting.put_nowait((who, done))
        except queue.Full:
            self._asked.pop(key, None)  # another thread may have asked the same, and in vain
            return None
        if self._thread is None or not self._thread.is_alive():
            self._start()
        return done

    def settle(self, *customers: Who) -> None:
        """Wait until customers who were asked for are fetched, but not for long."""
        for one in customers:
            if (done := self._asked.get(told_apart(one))) is not None:
                done.wait(_SETTLE_S)

    @property
    def waiting(self) -> int:
        """How many questions wait."""
        return self._waiting.qsize()

    def close(self) -> None:
        """End the thread; what waits is dropped."""
        self._closed = True
        if self._thread is not None and self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join(timeout=5)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._answer, name="tactful-snapshots", daemon=True)
                self._thread.start()

    def _answer(self) -> None:
        while (question := self._waiting.get()) is not None:
            who, done = question
            try:
                if not self._closed:
                    self._load(who)
            except Exception as error:  # noqa: BLE001 - a source may raise anything; the customer stays away
                _log.warning("a customer could not be fetched: %s", type(error).__name__)
            finally:
                self._asked.pop(told_apart(who), None)
                done.set()
