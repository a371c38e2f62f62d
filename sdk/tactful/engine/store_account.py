"""How the edge's own store does: reading and writing apart, as a full disk can still be read. No decision asks it.

What failed is told by the calls that failed, and ends with one that comes through. Where nobody calls, a probe does: in
the thread that follows the ledger, now and then, and soon again while something is wrong.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from ..clock import SECOND_US, Clock, SteadyClock
from ..errors import StoreError
from ..memory import MemoryStore
from ..ports import StrictCaps
from ..probe_ports import ProbedStore
from ..strict import MemoryStrictCaps
from ..sync.account import Account, code_of
from ..sync.heard import steady_clock
from .accounted_caps import AccountedCaps

#: A store that was written to within that is not probed [us].
_WELL_US: Final = 30 * SECOND_US
_AGAIN_US: Final = SECOND_US
#: Another process may be writing just now: so many probes in a row have to fail.
_MISSES_MAX: Final = 3
#: Errors of a caller's value say nothing of the store.
_OF_A_VALUE: Final = "store-value"


class StoreAccount:
    """
    The accounts of the edge's own store.

    Attributes:
        reads: How the ledger could be read.
        writes: How calls could be kept.
        wake: Sees to it that the thread runs which probes.
    """

    def __init__(self, store: object, clock: Clock) -> None:
        """
        Begin with nothing wrong.

        Args:
            store: The store; one that cannot be probed is known by its calls alone.
            clock: The edge's; a time that only passes is taken from it where it has one.
        """
        self._store, self._strict = store, dict[str, Account]()
        self._probe = store.probe if isinstance(store, ProbedStore) else None
        self._steady = clock.steady_us if isinstance(clock, SteadyClock) else steady_clock
        self.reads, self.writes = Account(self._steady), Account(self._steady)
        self.wake: Callable[[], None] = lambda: None
        self._due_us = self._steady() + _WELL_US
        self._misses = 0

    def reset(self) -> None:
        """Go on in a forked child, where no lock is ours."""
        for account in (self.reads, self.writes, *self._strict.values()):
            account.reset()

    def of_caps(self, caps: StrictCaps | None) -> StrictCaps | None:
        """Return a centre of strict caps whose calls are told of too: the store itself, or another one."""
        if caps is None or isinstance(caps, MemoryStore | MemoryStrictCaps):
            return caps
        if caps is self._store:
            return AccountedCaps(caps, self.writes)
        return AccountedCaps(caps, self._strict.setdefault("strict", Account(self._steady)))

    @contextmanager
    def writing(self, *, surely: bool = True) -> Iterator[None]:
        """
        Tell of a call that has something kept.

        Args:
            surely: Whether something was kept if nothing is raised; else only a failure is told of.
        """
        try:
            with self.writes.asking():
                yield
        except StoreError as error:
            if error.code != _OF_A_VALUE:
                self.failed(error)
            raise
        if surely:
            self.writes.went_well()

    def told(self, *, kept: bool) -> bool:
        """Keep that a call went well if something was kept by it; return whether it was."""
        if kept:
            self.writes.went_well()
        return kept

    def failed(self, error: BaseException) -> None:
        """Keep that something could not be kept, and look again soon."""
        self.writes.failed(error)
        self._due_us = min(self._due_us, self._steady() + _AGAIN_US)
        self.wake()

    def look(self) -> None:
        """Probe the store if it is time to; for a thread that may wait for the disk."""
        now_us = self._steady()
        if self._probe is None or now_us < self._due_us:
            return
        is_failing = bool(self.writes.last_error)
        if not is_failing and not self._misses and (quiet_us := self.writes.contact_us) is not None:
            self._due_us = quiet_us + _WELL_US
            if now_us < self._due_us:
                return
        try:
            self._probe()
        except Exception as error:  # noqa: BLE001 - a store may raise anything
            self._misses += 1
            self._due_us = now_us + _AGAIN_US
            if not is_failing and (self._misses >= _MISSES_MAX or code_of(error) == "store-moved"):
                self.writes.failed(error)
        else:
            self._misses, self._due_us = 0, now_us + _WELL_US
            self.writes.went_well()

    def status(self) -> Mapping[str, object]:
        """Return of each part whether it reads and writes, when it last did, and what went wrong, by code."""
        strict = {name: account.status() for name, account in self._strict.items()}
        if isinstance(self._store, MemoryStore):
            return strict
        ready = not (self.reads.last_error or self.writes.last_error)
        return {"store": {"ready": ready, "reads": self.reads.status(), "writes": self.writes.status()}, **strict}
