"""Tail: what was recorded since, by this process and all others that share the ledger, comes in here.

One thread looks twice a second while decisions are made, once a second while none are, and at once when they begin
again; it starts with the first decision or fetch. A store of this process alone is looked at in passing.
"""

import logging
from collections.abc import Collection, Sequence
from threading import Event, Lock, Thread
from typing import Final, Protocol

import attrs

from ..clock import Clock
from ..contacts import Contact
from ..plan.plan import Plan
from ..ports import Ledger
from .budgets import Budgets
from .store_account import StoreAccount

_log = logging.getLogger("tactful")
_AT_ONCE: Final = 1000
_EVERY_S: Final = 0.5
_IDLE_EVERY_S: Final = 1.0


class Heard(Protocol):
    """What hears of customers what is in the ledger (`Elsewhere`)."""

    def __call__(self, contact: Contact, now_us: int) -> None:
        """Count a contact for the customer, if the customer is here."""
        ...

    def caught_up(self) -> None:
        """Hear that the first pass is over: who was fetched meanwhile may lack what it went by."""
        ...


class Tail:
    """
    Follows a ledger.

    Attributes:
        budgets: What counts for everyone together; None if no cap does.
    """

    def __init__(
        self, ledger: Ledger, plan: Plan, heard: Heard, account: StoreAccount, clock: Clock, *, inline: bool
    ) -> None:
        self._ledger = ledger
        self._account = account
        self._heard = heard
        self._clock = clock
        self._inline = inline
        self._ended = Event()
        self.budgets: Budgets | None = None
        self._plan = plan
        self.reset()
        self.follow(plan)

    def follow(self, plan: Plan) -> None:
        """Count for a plan from now on; budgets begin with all that the ledger holds, customers heard of it already."""
        with self._lock:  # who looks meanwhile must not take the budgets for complete
            self.budgets = Budgets(plan, self.budgets) if "everyone" in plan.counted_per else None
            self._plan = plan
            if self.budgets is not None:
                self._after = 0

    def budgets_of(self, plan: Plan) -> Budgets | None:
        """Return what counts for everyone together under a plan; None if no cap does, or it is not followed yet."""
        budgets = self.budgets
        return budgets if budgets is not None and budgets.plan is plan else None

    def reset(self) -> None:
        """Begin anew, also in a forked child, where no thread and no lock is ours."""
        self._lock = Lock()
        self._after = 0
        self._told: int | None = None  # of customers all is heard after this number; None before the first pass
        self._thread: Thread | None = None
        self._woken = Event()
        self._asked = self._idle = False
        if self.budgets is not None:
            self.budgets.lock = Lock()
            self.budgets = Budgets(self._plan, self.budgets)

    def look(self) -> None:
        """Look in passing, or see to it that the thread does; what customers said elsewhere comes in too."""
        if self._inline:
            if self.budgets is not None:
                self.catch_up()
        else:
            self._asked = True
            if self._idle:
                self._idle = False
                self._woken.set()
            elif self._thread is None:
                self._start()

    def catch_up(self) -> None:
        """Take in all that was recorded since; a ledger that cannot be read leaves budgets unknown."""
        with self._lock:
            budgets, now_us = self.budgets, self._clock()
            try:
                with self._account.reads.asking():
                    self._read(budgets, now_us)
            except Exception as error:  # noqa: BLE001 - a store may raise anything; what it holds is then not known
                if not self._ended.is_set():  # else the store was closed, as it should be
                    self._account.reads.failed(error)
                    _log.warning("the ledger could not be read: %s", type(error).__name__)
                if budgets is not None:
                    budgets.lose()
            else:
                self._account.reads.went_well()
                if budgets is not None:
                    budgets.find()
                if self._told is None:
                    self._told = self._after
                    self._heard.caught_up()

    def hold(self, contacts: Sequence[Contact]) -> None:
        """Count for everyone what was shown and could not be kept, until it is kept or no cap looks back so far."""
        at = self.budgets
        while at is not None:
            with at.lock:
                for one in () if at.moved else contacts:
                    at.add(attrs.evolve(one, until_us=one.at_us + at.plan.longest_window_us))
                at = at.moved

    def release(self, ids: Collection[str]) -> None:
        """Let go of room that was taken for everyone, by ids of exposures."""
        at = self.budgets
        while at is not None:
            with at.lock:
                if at.moved is None:
                    at.release(ids)
                at = at.moved

    def close(self) -> None:
        """End the thread."""
        self._ended.set()
        self._woken.set()

    def _read(self, budgets: Budgets | None, now_us: int) -> None:
        while found := self._ledger.tail(self._after, _AT_ONCE):
            for number, contact in found:
                self._after = number
                self._take(budgets, number, contact, now_us)

    def _take(self, budgets: Budgets | None, number: int, contact: Contact, now_us: int) -> None:
        if budgets is not None:
            with budgets.lock:
                budgets.add(contact)
        if self._told is not None and number > self._told and not self._inline:
            self._told = number
            self._heard(contact, now_us)  # at first, all that counts for a customer comes with the customer

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="tactful-tail", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            self.catch_up()
            if not self._ended.is_set():
                self._account.look()
            self._woken.clear()
            self._idle, self._asked = not self._asked, False
            if not self._ended.is_set():
                self._woken.wait(_IDLE_EVERY_S if self._idle else _EVERY_S)
