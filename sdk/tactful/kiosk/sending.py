"""A kiosk and its centre, when there is a way: what waits is sent. What the kiosk knows comes in packs alone."""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final

from ..centre_ports import Centre
from ..changes import Synced
from ..clock import Clock
from ..sync.account import Account
from ..sync.lease import Lease
from ..sync.options import SyncOptions
from ..sync.outgoing import Outgoing
from ..sync.waits import Waits
from ..sync.worker import Worker
from .store import KioskStore

_PART: Final = "events"


class Sending:
    """Sends a kiosk's events, by hand or in a thread of its own."""

    def __init__(
        self, store: KioskStore, centre: Centre, clock: Clock, steady: Clock, options: SyncOptions, *, owned: bool
    ) -> None:
        """
        Make the way out.

        Args:
            store: Where events wait.
            centre: The connection.
            clock: Gives the moment [us since 1970].
            steady: Gives a time that only passes [us].
            options: What bounds it.
            owned: Whether the connection is to be closed with it.
        """
        self._store, self._centre, self._options, self._owned = store, centre, options, owned
        self._account, self._waits = Account(steady), Waits(store, clock)
        self._closed = False
        self.reset()

    def attach(self, _: object) -> None:
        """Begin; no customer here hears anything of it."""
        self.look()

    def reset(self) -> None:
        """Make all anew: at the start, and in a forked child, where no thread and no lock is ours."""
        self._account.reset()
        self._lock, self._turn = Lock(), Lock()
        self._worker: Worker | None = None
        lease = Lease(self._store.own, _PART)  # which is no cap that devices share
        outgoing = Outgoing(self._centre, self._store, lease, self._account, self._options.batch)
        self._step: Callable[[], int] = outgoing.step

    def look(self) -> None:
        """See to it that the thread runs, in this process."""
        if self._worker is None and self._options.threads and not self._closed:
            self._start()

    def sync(self) -> Synced:
        """Send what waits, in this thread."""
        try:
            return Synced(events=self._once())
        except Exception as error:  # noqa: BLE001 - a client or a store may raise anything; it is tried again
            return Synced(errors={_PART: self._account.failed(error)})

    def nudge(self) -> None:
        """Have what waits sent soon."""
        if self._worker is not None:
            self._worker.nudge()

    def status(self) -> Mapping[str, object]:
        """Return what waits, and what went wrong: names and numbers, nothing personal."""
        return {_PART: {**self._account.status(), **self._waits.status()}}

    def close(self) -> None:
        """End the thread, and give back the connection if it is its own. Twice does nothing."""
        self._closed = True
        if self._worker is not None:
            self._worker.end()
        if self._owned:
            self._centre.close()
        if self._worker is not None:
            self._worker.join()

    def _once(self) -> int:
        with self._turn, self._account.asking():
            return self._step()

    def _start(self) -> None:
        with self._lock:
            if self._worker is None:
                of = self._options
                self._worker = Worker(
                    _PART, self._once, self._account, poll_s=of.poll_s, backoff_max_s=of.backoff_max_s
                )
                self._worker.start()
