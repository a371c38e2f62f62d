"""Listens to a relay's hints about one line, in a thread of its own that begins with the first one who waits.

Hints are not signed: one that lies costs a call, and one that never comes costs nothing but time.
"""

import os
from contextlib import suppress
from threading import Condition, Event, Thread
from time import monotonic
from typing import Final

from ..changes import Line
from ..errors import CentreError
from ..sync.pauses import Backoff
from .calling import Calls, retry_after_s

_BACKOFF_MAX_S: Final = 60.0
#: Heartbeats come more often than this; without one, the connection is taken for dead [s].
_SILENCE_S: Final = 45.0
_LINE_MAX_BYTES: Final = 1024


class Listening:
    """The hints about one line."""

    def __init__(self, calls: Calls, line: Line) -> None:
        self._calls, self._line = calls, line
        self._thread: Thread | None = None
        self._error: CentreError | None = None
        self._reset()

    def wait(self, after: int, timeout_s: float) -> bool:
        """
        Wait until something newer than an epoch is hinted at; return whether it is.

        Raises:
            CentreError: If the relay gave no hints when it was last asked, or it is closed.
        """
        self._calls.check_open()
        if self._pid != os.getpid():
            self._reset()
        until_s = monotonic() + timeout_s
        with self._changed:
            if self._thread is None:
                self._epoch = after
                self._thread = Thread(target=self._run, name=f"tactful-relay-{self._line}", daemon=True)
                self._thread.start()
            while not self._is_over(after) and (left_s := until_s - monotonic()) > 0:
                self._changed.wait(left_s)
            error, self._error = self._error, None
            hinted = self._epoch > after
            self._epoch = after  # a hint wakes once: one that lies, whatever it says, costs one call
            if error is not None and not hinted:
                raise error
            return hinted

    def close(self) -> None:
        """End it: who waits comes back."""
        self._ended.set()
        with self._changed:
            self._changed.notify_all()

    def _is_over(self, after: int) -> bool:
        return self._ended.is_set() or self._epoch > after or self._error is not None

    def _reset(self) -> None:
        """Make all anew: at first, and in a forked child, where no thread and no lock is ours."""
        self._pid = os.getpid()
        self._changed, self._ended = Condition(), Event()
        self._thread = self._error = None
        self._epoch = 0

    def _run(self) -> None:
        backoff = Backoff(_BACKOFF_MAX_S)
        while not self._ended.is_set():
            try:
                self._listen()
                backoff.reset()  # it was heard, and is asked anew a moment later
                pause_s = Backoff(1.0).after(CentreError("the relay ended its hints"))
            except Exception as error:  # noqa: BLE001 - hints are a courtesy; polling goes on
                told = error if isinstance(error, CentreError) else self._calls.failure(error)
                with self._changed:
                    self._error = told
                    self._changed.notify_all()
                pause_s = backoff.after(told)
            self._ended.wait(pause_s)

    def _listen(self) -> None:
        """Take in hints until the relay ends it."""
        path = f"/v1/lines/{self._line}/hints?after={self._epoch}"
        with self._calls.stream(path, silence_s=_SILENCE_S) as found:
            if found.status_code != 200:  # noqa: PLR2004 - RFC 9110, 15.3.1
                wait_s = retry_after_s(found.headers.get("Retry-After"))
                raise CentreError("the relay gives no hints now", code="centre-busy", retry_after_s=wait_s)
            rest = b""
            for chunk in found.iter_raw():
                if self._ended.is_set():
                    return
                *lines, rest = (rest + chunk).split(b"\n")
                rest = rest[-_LINE_MAX_BYTES:]
                for line in lines:
                    self._hear(line)

    def _hear(self, line: bytes) -> None:
        name, _, said = line[:_LINE_MAX_BYTES].partition(b":")
        with suppress(ValueError):
            if name == b"data" and (epoch := int(said[:20])) > self._epoch:
                with self._changed:
                    self._epoch = epoch
                    self._changed.notify_all()
