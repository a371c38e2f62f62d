"""A kiosk and its centre, when there is a way: what waits is sent, and noes are heard if it is to hear them.

Whom the kiosk knows comes in packs alone.
"""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final

from ..centre_ports import Centre
from ..changes import Synced
from ..clock import Clock
from ..sync.account import Account
from ..sync.incoming import Here
from ..sync.lease import Lease
from ..sync.options import SyncOptions
from ..sync.outgoing import Outgoing
from ..sync.retrying import Retrying
from ..sync.waits import Waits
from ..sync.worker import Worker
from .noes import Noes
from .store import KioskStore

_PART: Final = "events"
_HEARD: Final = "consents"


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
        self._account, self._heard, self._waits = Account(steady), Account(steady), Waits(store, clock)
        self._steady = steady
        self._noes = Noes(store, centre, self._heard, options.batch, lambda: self._here) if store.hears else None
        self._closed = False
        self.reset()

    def attach(self, here: Here) -> None:
        """Tell which customers are to hear of noes at once, and begin."""
        self._here = here
        self.look()

    def reset(self) -> None:
        """Make all anew: at the start, and in a forked child, where no thread and no lock is ours."""
        for account in (self._account, self._heard):
            account.reset()
        self._lock, self._turn, self._hearing = Lock(), Lock(), Lock()
        self._workers: tuple[Worker, ...] = ()
        lease = Lease(self._store.own, _PART)  # which is no cap that devices share
        again = Retrying(self._steady, self._options.batch)
        outgoing = Outgoing(self._centre, self._store, lease, self._account, self._options.batch, again)
        self._step: Callable[[], int] = outgoing.step

    def look(self) -> None:
        """See to it that the threads run, in this process."""
        if not self._workers and self._options.threads and not self._closed:
            self._start()

    def sync(self) -> Synced:
        """Hear noes, and send what waits, in this thread; each whatever the other does."""
        done, errors = dict[str, int](), dict[str, str]()
        parts = ((_HEARD, self._hear, self._heard), (_PART, self._once, self._account))
        for part, step, account in parts:
            try:
                done[part] = step()
            except Exception as error:  # noqa: BLE001 - a client or a store may raise anything; it is tried again
                errors[part] = account.failed(error)
            else:
                if code := account.last_error:  # of a withdrawal that failed again, which holds up none
                    errors[part] = code
        return Synced(**done, errors=errors)

    def nudge(self) -> None:
        """Have what waits sent soon."""
        if self._workers:
            self._workers[0].nudge()

    def status(self) -> Mapping[str, object]:
        """Return what waits, and what went wrong: names and numbers, nothing personal."""
        heard = {} if self._noes is None else {_HEARD: {"epoch": self._noes.reached, **self._heard.status()}}
        return {**heard, _PART: {**self._account.status(), **self._waits.status()}}

    def close(self) -> None:
        """End the threads, and give back the connection if it is its own. Twice does nothing."""
        self._closed = True
        for worker in self._workers:
            worker.end()
        if self._owned:
            self._centre.close()
        for worker in self._workers:
            worker.join()

    def _once(self) -> int:
        with self._turn, self._account.asking():
            return self._step()

    def _hear(self) -> int:
        if self._noes is None:
            return 0
        with self._hearing, self._heard.asking():
            return self._noes.step()

    def _hint(self, timeout_s: float) -> bool:
        return self._centre.wait("consents", 0 if self._noes is None else self._noes.reached, timeout_s)

    def _start(self) -> None:
        with self._lock:
            if self._workers:
                return
            poll_s, most_s = self._options.poll_s, self._options.backoff_max_s
            workers = [Worker(_PART, self._once, self._account, poll_s=poll_s, backoff_max_s=most_s)]
            if self._noes is not None:
                hearing = Worker(_HEARD, self._hear, self._heard, poll_s=poll_s, backoff_max_s=most_s, wait=self._hint)
                workers.append(hearing)
            for worker in workers:
                worker.start()
            self._workers = tuple(workers)
