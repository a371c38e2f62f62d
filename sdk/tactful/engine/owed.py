"""Tells again what something beside a store still owes, in a thread that is there no longer than that.

What is owed and to be told, `Attached` knows; here it is decided when.
"""

from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Final

from ..sync.pauses import Backoff

#: Who fails is left alone at least and at most for so long [s].
PAUSES_S: Final = (1.0, 300.0)
_END_S: Final = 5.0


class Reminder:
    """Calls something until it says that all is done; later and later."""

    def __init__(self, call: Callable[[], bool], *, pauses_s: tuple[float, float] = PAUSES_S) -> None:
        """
        Begin with nothing to do.

        Args:
            call: Tells again; returns whether all is done. It raises nothing.
            pauses_s: The shortest and the longest pause between two calls [s].
        """
        self._call, self._pauses_s = call, pauses_s
        self._closed = False
        self.reset()

    def reset(self) -> None:
        """Be usable in a child process, where no thread is ours."""
        self._lock, self._woken = Lock(), Event()
        self._thread: Thread | None = None
        self._asked = False

    def look(self, *, now: bool = False) -> None:
        """See to it that it is called, after a pause or at once."""
        with self._lock:
            self._asked = True
            if now:
                self._woken.set()
            if self._thread is None and not self._closed:
                self._thread = Thread(target=self._run, name="tactful-owed", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Call it no more; what is under way is waited for, but not for ever."""
        self._closed = True
        self._woken.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(_END_S)

    def _run(self) -> None:
        shortest_s, longest_s = self._pauses_s
        backoff = Backoff(longest_s)
        while True:
            self._woken.wait(max(shortest_s, backoff.after(OSError())))
            self._woken.clear()
            if self._closed:
                return
            self._asked = False
            if self._call():
                with self._lock:  # who asks from now on begins another thread
                    if not self._asked:
                        self._thread = None
                        return
