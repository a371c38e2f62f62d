"""Watches the lines of a centre for all who listen at a relay, in one thread a line. Its word is a hint."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from time import monotonic
from typing import Final

from ..centre_ports import Centre
from ..changes import LINES, Line
from ..sync.account import code_of
from ..sync.check import checked
from ..sync.pauses import Backoff, Budget

_log = logging.getLogger("tactful")
_BACKOFF_MAX_S: Final = 5.0
_END_S: Final = 5.0


class Watch:
    """One line: its newest epoch, when the centre last told it, and who wants to hear of it."""

    def __init__(self, centre: Centre, line: Line, poll_s: float) -> None:
        """
        Make it.

        Args:
            centre: The centre.
            line: The line.
            poll_s: The centre is asked so often, whatever it hints at [s].
        """
        self.epoch = 0
        self.last_error = ""
        self._centre = centre
        self._line: Line = line
        self._poll_s = poll_s
        self._heard_s: float | None = None
        self._lock = Lock()
        self._wakes: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._ended = Event()
        self._thread = Thread(target=self._run, name=f"tactful-relay-{line}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """End it, and wake all who listen."""
        self._ended.set()
        self._wake()

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self._ended.is_set()

    def join(self) -> None:
        """Wait until it has ended, but not for ever."""
        if self._thread.is_alive():
            self._thread.join(_END_S)

    def age_s(self) -> float | None:
        """Return how long ago the centre last told how far the line is [s]; None if it never did."""
        return None if self._heard_s is None else monotonic() - self._heard_s

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever there is something newer."""
        wake = asyncio.Event()
        with self._lock:
            self._wakes[wake] = asyncio.get_running_loop()
        try:
            yield wake
        finally:
            with self._lock:
                del self._wakes[wake]

    def _run(self) -> None:
        backoff, budget = Backoff(_BACKOFF_MAX_S), Budget(monotonic)
        while not self._ended.is_set():
            try:
                self._centre.wait(self._line, self.epoch, self._poll_s)
                rose = self._look()
            except Exception as error:  # noqa: BLE001 - a client library may raise anything; it is tried again
                self._fail(code_of(error))
                self._ended.wait(backoff.after(error))
                continue
            backoff.reset()
            self.last_error = ""
            if not rose:
                self._ended.wait(budget.spend())

    def _look(self) -> bool:
        """Ask the centre; return whether the line went on."""
        before = self.epoch
        found = checked(self._centre.changes(self._line, before, 1), self._line, before, 1)
        self._heard_s = monotonic()
        self.epoch = found.epoch
        if found.epoch > before:
            self._wake()
        return found.epoch > before

    def _fail(self, code: str) -> None:
        if code != self.last_error and not self._ended.is_set():
            _log.warning("relay: %s: %s", self._line, code)
        self.last_error = code

    def _wake(self) -> None:
        with self._lock:
            for wake, loop in self._wakes.items():
                with suppress(RuntimeError):  # its loop is closed
                    loop.call_soon_threadsafe(wake.set)


def watches(centres: Sequence[Centre], poll_s: float) -> dict[Line, Watch]:
    """Return a watch for each line, by the connections of the parts."""
    return {line: Watch(centre, line, poll_s) for line, centre in zip(LINES, centres, strict=False)}
