"""Whether a served edge is ready, without holding up the server: one look at a time, in a thread of its own."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Final

from ..engine.edge import Edge
from ..readiness import Lack

#: A look that takes longer comes from a disk or a server that is silent [s].
PATIENCE_S: Final = 2.0
_SILENT: Final = Lack("store", "silent", "the edge's own store does not answer: it may keep nothing")


class Health:
    """Looks whether an edge is ready; whoever asks while a look is under way hears of that one."""

    def __init__(self, edge: Edge) -> None:
        """Begin without a look at an edge."""
        self._edge = edge
        self._lock, self._look = Lock(), Future[tuple[Lack, ...]]()
        self._look.set_result(())

    async def lacks(self) -> Sequence[Lack]:
        """Return why the edge is not ready; nothing if it is."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.wrap_future(self._looking())
        except TimeoutError:
            return (_SILENT,)

    def _looking(self) -> "Future[tuple[Lack, ...]]":
        with self._lock:
            if self._look.done():
                self._look = Future()
                self._look.set_running_or_notify_cancel()  # who gives up waiting does not end it for others
                Thread(target=self._run, args=(self._look,), name="tactful-health", daemon=True).start()
            return self._look

    def _run(self, look: "Future[tuple[Lack, ...]]") -> None:
        try:
            look.set_result(self._edge.readiness())
        except BaseException as error:  # noqa: BLE001 - whoever waits hears of it
            look.set_exception(error)
