"""Questions: customers whom decisions asked for, fetched in the background. It keeps no customer.

One thread answers; it starts with the first question and sleeps between questions. What may wait is bounded.
"""

import logging
import queue
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Event, Lock, Thread
from typing import Final, TypeVar

from .customer import Who, told_apart

_Waiting = TypeVar("_Waiting")
_log = logging.getLogger("tactful")
_QUESTIONS_MAX: Final = 4096


class Questions:
    """What was asked in the background, and the thread that answers."""

    def __init__(self, load: Callable[[Who, Callable[[], bool]], object]) -> None:
        """Begin without a question; `load` fetches a customer if it is wanted by then, and may raise."""
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

    def drop(self, *customers: Who) -> None:
        """Let customers who were asked for not be fetched, unless their fetch is under way."""
        for one in customers:
            if (done := self._asked.pop(told_apart(one), None)) is not None:
                done.set()

    @property
    def waiting(self) -> int:
        """How many questions wait."""
        return self._waiting.qsize()

    def close(self) -> None:
        """End the thread; what waits is dropped."""
        self._closed = True
        self._drop_all()
        if self._thread is not None and self._thread.is_alive():
            with suppress(queue.Full):  # then it comes round, and looks whether this is over
                self._waiting.put_nowait(None)
            self._thread.join(timeout=5)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._answer, name="tactful-snapshots", daemon=True)
                self._thread.start()

    def _answer(self) -> None:
        while not self._closed and self._answered(self._waiting.get()):
            pass  # the thread sleeps with nobody at hand: whoever was fetched last may be let go meanwhile
        self._drop_all()

    def _answered(self, question: tuple[Who, Event] | None) -> bool:
        """Fetch who was asked for; return whether there will be more."""
        if question is None:
            return False
        who, done = question
        wanted = partial(self._is_wanted, told_apart(who), done)
        try:
            if not self._closed:
                self._load(who, wanted)
        except Exception as error:  # noqa: BLE001 - a source may raise anything; the customer stays away
            _log.warning("a customer could not be fetched: %s", type(error).__name__)
        finally:
            if wanted():
                self._asked.pop(told_apart(who), None)
            done.set()
        return True

    def _drop_all(self) -> None:
        for _, done in emptied(self._waiting):
            done.set()  # nobody waits for what does not come

    def _is_wanted(self, key: object, done: Event) -> bool:
        """Return whether a question was not dropped meanwhile."""
        return self._asked.get(key) is done


def emptied(waiting: "queue.Queue[_Waiting | None]") -> "list[_Waiting]":
    """Return what waited; none of it waits any more."""
    found = []
    with suppress(queue.Empty):
        while True:
            if (one := waiting.get_nowait()) is not None:
                found.append(one)
    return found
