"""Following: an edge's three ways to its centre, by hand or each in a thread of its own. It decides nothing."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Lock
from typing import Final, Protocol

from ..centre_ports import Centre
from ..changes import LINES, Change, Line, Synced
from ..clock import SECOND_US
from ..errors import StoreError
from ..outbox_ports import Outbox
from ..ports import Registers
from .account import Account
from .acknowledge import Acknowledge
from .apply_consents import apply_consents
from .apply_profiles import ProfilesKept, apply_profiles
from .heard import Heard, WatchedClock
from .incoming import Here, Incoming
from .lease import Lease
from .marks import Marks
from .options import SyncOptions
from .outgoing import Outgoing
from .retrying import Retrying
from .waits import Waits
from .worker import Worker

#: The three parts, in the order of a pass.
PARTS = ("consents", "profiles", "events")


#: The account of the edge's word to the centre.
_ACKNOWLEDGING = "acknowledging"
#: After a silence as long as this, the customers in memory are too old to wait for their turn.
_SILENCE_US: Final = 60 * SECOND_US


class FollowingStore(ProfilesKept, Outbox, Registers, Protocol):
    """What is asked of the store of an edge that follows a centre."""


class Following:
    """Follows a centre into a store, and into the customers that an edge holds."""

    def __init__(
        self,
        store: FollowingStore,
        centres: Sequence[Centre],
        heard: Heard,
        clock: WatchedClock,
        options: SyncOptions,
        *,
        owned: bool,
    ) -> None:
        """
        Make the three ways; `attach` before they are gone.

        Args:
            store: The edge's own store.
            centres: A connection for each part, in their order; they may be one.
            heard: When the centre's consents were last known.
            clock: Gives the moment [us since 1970], and tells when it is set back.
            options: What bounds it.
            owned: Whether the connections are to be closed with it.
        """
        self._store = store
        self._centres = centres
        self._heard = heard
        self._clock = clock
        self._options = options
        self._owned = owned
        self._closed = False
        self._ahead_us: int | None = None
        self._waits, self._reached = Waits(store, clock), dict[Line, int]()
        self._accounts = {part: Account(heard.begin) for part in (*PARTS, _ACKNOWLEDGING)}
        self._hints = {line: Account(heard.begin) for line in LINES}

    def attach(self, here: Here) -> None:
        """Tell which customers are to hear of changes at once, and begin."""
        self._here = here
        self._clock.when_set_back = here.let_go
        self.reset()
        self.look()

    def reset(self) -> None:
        """Make all anew: at the start, and in a forked child, where no thread and no lock is ours."""
        self._heard.reset()
        for account in (*self._accounts.values(), *self._hints.values()):
            account.reset()
        self._lock = Lock()
        self._turns = {part: Lock() for part in (*PARTS, _ACKNOWLEDGING)}
        self._workers: tuple[Worker, ...] = ()
        store, marks = self._store, Marks(self._store)
        to_consents, to_profiles, to_events = self._centres

        def consents(changes: Sequence[Change]) -> Counter[str]:
            apply_consents(store, changes)
            return Counter()

        def profiles(changes: Sequence[Change]) -> Counter[str]:
            return apply_profiles(store, changes)

        self._consents = self._incoming("consents", to_consents, marks, consents, self._hear)
        self._profiles = self._incoming("profiles", to_profiles, marks, profiles, lambda *_: None)
        self._acknowledge = Acknowledge(store, to_profiles, self._accounts[_ACKNOWLEDGING], self._options.edge)
        lease, account = Lease(store, "events"), self._accounts["events"]
        again = Retrying(self._heard.begin, self._options.batch)
        self._steps: Mapping[str, Callable[[], int]] = {
            "consents": self._consents.step,
            "profiles": self._profiles.step,
            "events": Outgoing(to_events, store, lease, account, self._options.batch, again).step,
        }

    def look(self) -> None:
        """See to it that the threads run, in this process."""
        if not self._workers and self._options.threads and not self._closed:
            self._start()

    def sync(self) -> Synced:
        """Do each part once, in this thread; what fails holds up no other part, and is in the account."""
        done, errors = dict[str, int](), dict[str, str]()
        for part in PARTS:
            try:
                done[part] = self._once(part)
            except Exception as error:  # noqa: BLE001 - a client or a store may raise anything; the others go on
                errors[part] = self._accounts[part].failed(error)
            else:
                if code := self._accounts[part].last_error:  # of a withdrawal that failed again, which holds up none
                    errors[part] = code
        if not errors.keys() & {*LINES}:
            self._tell(by_hand=True)
        return Synced(**done, errors=errors)

    def nudge(self) -> None:
        """Have the events that wait sent soon."""
        if self._workers:
            self._workers[-1].nudge()

    def close(self) -> None:
        """End the threads, and give back the connections that are its own. Twice does nothing."""
        self._closed = True
        for worker in self._workers:
            worker.end()
        if self._owned:
            for centre in self._centres:
                centre.close()
        for worker in self._workers:
            worker.join()

    def status(self) -> Mapping[str, object]:
        """Return ages, epochs and queues, and what went wrong, by part: names and numbers, nothing personal."""
        age_us = self._heard.age_us()
        age_s = None if age_us is None else age_us / SECOND_US
        ahead_us = self._ahead_us
        return {
            "ready": age_s is not None and age_s <= self._options.ready_within_s,
            "ready_left_s": 0.0 if age_s is None else max(0.0, self._options.ready_within_s - age_s),
            "clock_ahead_s": None if ahead_us is None else ahead_us / SECOND_US,
            "consents": {"age_s": age_s, **self._line(self._consents)},
            "profiles": self._line(self._profiles),
            _ACKNOWLEDGING: self._acknowledge.status(),
            "events": {**self._waits.status(), **self._accounts["events"].status()},
        }

    def _hear(self, began_us: int, centre_us: int) -> None:
        """Keep that all consents were known at a moment; after a silence, whoever is here is to know it too."""
        self._ahead_us = self._clock() - centre_us
        age_us = self._heard.age_us()
        self._heard.hear(began_us)
        if age_us is None or age_us > _SILENCE_US:
            self._here.refresh()

    def _line(self, line: Incoming) -> Mapping[str, object]:
        with suppress(StoreError):  # the account of the store says it; what was told last is told once more
            self._reached[line.line] = line.reached
        hints = self._hints[line.line].status()
        told = {"hints_say": hints["says"], "hints_failing_s": hints["failing_s"]}
        return {"epoch": self._reached.get(line.line), **line.account.status(), **told}

    def _tell(self, *, by_hand: bool = False) -> None:
        """Tell the centre how far this edge is with both lines."""
        lines = {"consents": self._consents, "profiles": self._profiles}
        with self._turns[_ACKNOWLEDGING]:
            self._acknowledge.tell(lambda line: lines[line].reached, by_hand=by_hand)

    def _once(self, part: str) -> int:
        with self._turns[part], self._accounts[part].asking():
            return self._steps[part]()

    def _start(self) -> None:
        with self._lock:
            if not self._workers:
                workers = tuple(self._worker(part) for part in PARTS)
                for worker in workers:
                    worker.start()
                self._workers = workers

    def _worker(self, part: str) -> Worker:
        lines = {"consents": (self._consents, self._centres[0]), "profiles": (self._profiles, self._centres[1])}

        def step() -> int:
            done = self._once(part)
            if part == "profiles":  # never in the way of consents
                self._tell()
            return done

        def wait(timeout_s: float) -> bool:
            line, centre = lines[part]
            return centre.wait(line.line, line.position or 0, timeout_s)

        of = self._options
        hints = wait if part in lines else None
        account = self._accounts[part]
        pace = {"poll_s": of.poll_s, "backoff_max_s": of.backoff_max_s}
        return Worker(
            part, step, account, **pace, wait=hints, hints=self._hints[lines[part][0].line] if part in lines else None
        )

    def _incoming(
        self,
        line: Line,
        centre: Centre,
        marks: Marks,
        apply: Callable[[Sequence[Change]], Counter[str]],
        when_complete: Callable[[int, int], None],
    ) -> Incoming:
        return Incoming(
            line,
            centre,
            marks,
            apply,
            self._here,
            Lease(self._store, line),
            self._accounts[line],
            self._options.batch,
            self._heard.begin,
            when_complete,
        )
