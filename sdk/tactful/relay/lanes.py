"""Calls that block, made for a server that must not: each sort in threads of its own, so that none holds up another."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Final, TypeVar

from ..errors import CentreError

_log = logging.getLogger("tactful")
_T = TypeVar("_T")
#: So many calls wait for each thread, at most.
_WAITING: Final = 4


class Lane:
    """
    Makes calls in at most so many threads.

    Who would have to wait for too long is told to come again; a call that hangs keeps its thread, and no more.
    """

    def __init__(self, name: str, *, threads: int, patience_s: float) -> None:
        """
        Make it; its threads begin when they are needed.

        Args:
            name: What the calls are for.
            threads: So many at once.
            patience_s: A call is waited for so long [s].
        """
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"tactful-relay-{name}")
        self._lock = Lock()
        self._places = threads * (1 + _WAITING)
        self._patience_s = patience_s

    async def run(self, call: Callable[[], _T]) -> _T:
        """
        Return what a call gives.

        Raises:
            CentreError: If too many wait already ("centre-busy"), or it takes too long ("centre-slow").
            Exception: What the call raises.
        """
        with self._lock:
            if not self._places:
                raise CentreError("too many calls wait for the centre", code="centre-busy", retry_after_s=1)
            self._places -= 1
        try:
            future = self._pool.submit(call)
        except RuntimeError:  # it is closed
            self._leave()
            raise CentreError("the relay is closing", code="centre-busy", retry_after_s=1) from None
        future.add_done_callback(self._leave)
        try:
            async with asyncio.timeout(self._patience_s):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise CentreError("the centre takes too long", code="centre-slow", retry_after_s=1) from None

    def begin(self, call: Callable[[], object]) -> None:
        """Have a call made that nobody waits for, unless too many wait; what it raises is told by its sort alone."""
        with self._lock:
            if not self._places:
                return
            self._places -= 1
        try:
            future = self._pool.submit(call)
        except RuntimeError:  # it is closed
            self._leave()
            return
        future.add_done_callback(self._leave)
        future.add_done_callback(_tell)

    def close(self) -> None:
        """Begin no more calls; nobody waits for those that hang."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _leave(self, _: "Future[_T] | None" = None) -> None:
        with self._lock:
            self._places += 1


def _tell(future: "Future[object]") -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        _log.warning("relay: what was to be written was not: %s", type(error).__name__)
