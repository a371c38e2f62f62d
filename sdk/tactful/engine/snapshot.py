"""Snapshot: the customers that are here, and how the others come. A miss does no I/O in a decision: it asks.

One thread fetches what decisions asked for; it starts with the first question and sleeps between questions.
"""

import logging
import queue
from collections.abc import Callable, Mapping, Sequence
from threading import Event, Lock, Thread
from typing import Protocol

import attrs
from cachetools import FIFOCache

from ..clock import SECOND_US, Clock
from ..consent import Consents
from ..contacts import Contact
from ..plan.plan import Plan
from ..ports import ConsentFunction, ConsentSource, Ledger, ProfileFunction, ProfileSource
from ..profile import Identity
from .budgets import Budgets
from .convert import to_consents
from .count import SLACK_US, Counters
from .customer import Customer, Who
from .here import ANSWERED, GAVE, WITHDRAWAL, Here, HouseholdKey, Profile
from .own import Own, shared
from .strict import Strict
from .tally import Tally

_log = logging.getLogger("tactful")
_QUESTIONS_MAX = 4096


class Resolving(Protocol):
    """What knows whom identifiers stand for (`Identities`)."""

    def resolve(self, who: Who) -> Identity | None:
        """Return whom a call is for; asks the graph."""
        ...

    def household(self, customer: str) -> str | None:
        """Return a customer's household; asks the graph."""
        ...


@attrs.frozen
class Sources:
    """Where customers come from."""

    profiles: ProfileSource | ProfileFunction
    consents: ConsentSource | ConsentFunction
    ledger: Ledger


class Snapshots:
    """The customers that are here, bounded; and the thread that fetches the others."""

    def __init__(
        self, sources: Sources, identities: Resolving, plan: Callable[[], Plan], clock: Clock, maxsize: int
    ) -> None:
        self._sources = sources
        self._resolve = identities.resolve
        self._household_of = identities.household
        self._plan = plan
        self._clock = clock
        self._maxsize = maxsize
        self._closed = False
        self.reset()

    def reset(self) -> None:
        """Begin anew with nothing here: at the start, and in a forked child, where no thread and no lock is ours."""
        self._lock = Lock()
        self._here: FIFOCache[str, Here] = FIFOCache(self._maxsize)
        self._households: FIFOCache[HouseholdKey, Counters] = FIFOCache(self._maxsize)
        self._nobody: dict[str, Customer] = {}
        self._questions: queue.Queue[tuple[Who, Event] | None] = queue.Queue(_QUESTIONS_MAX)
        self._asked: dict[object, Event] = {}
        self._thread: Thread | None = None

    def here(self, identity: Identity) -> Here | None:
        """Return a customer that is here, or None."""
        return self._here.get(identity.customer)

    def nobody(self, identity: Identity | None, plan: Plan) -> Customer:
        """Return the customer of whom nothing is known, for an identity's kind."""
        kind = "none" if identity is None else identity.kind
        customer = self._nobody.get(kind)
        if customer is None or customer.plan is not plan:
            whoever = None if identity is None else Identity("", identity.kind)
            customer = self._nobody[kind] = Customer(plan, whoever, None, None)
        return customer

    def load(self, who: Who) -> Here | None:
        """Fetch a customer and keep it; None if the identifiers stand for nobody. A source may raise."""
        identity = self._resolve(who)
        if identity is None:
            return None
        now_us, plan = self._clock(), self._plan()
        profile = self._profile(identity.customer)
        consents = self._consents(identity.customer, now_us)
        since_us, ledger = now_us - plan.longest_window_us - SLACK_US, self._sources.ledger
        counters = Counters(plan, ledger.contacts(identity.customer, since_us), since_us=since_us)
        key, household = self._gather(plan, identity, since_us)
        found = Here(profile, consents, counters, key, now_us)
        found.customer(identity, plan)  # what cannot be read at all is the source's failure, not a decision's
        with self._lock:
            before = self._here.get(identity.customer)
            taken = _reservations(None if before is None else before.counters, now_us)
            counters.add(taken, now_us)
            if household is not None:
                household.add([*_reservations(self._households.get(key), now_us), *taken], now_us)
                self._households[key] = household
            self._here[identity.customer] = found
        return found

    def tally(
        self, here: Here, plan: Plan, own: Own, budgets: Budgets | None, strict: tuple[Strict, ...]
    ) -> Tally | None:
        """Return what counts for a customer under a plan, by what is its own; None if something of it is not here."""
        household = None
        if "household" in plan.counted_per:
            household = self._households.get(here.household)
            if household is None:
                return None
            if household.plan is not plan:
                with self._lock:
                    household = self._households[here.household] = household.under(plan, shared(plan))
        return here.tally(plan, own, household, budgets, strict)

    def reach_back(self, here: Here, plan: Plan, now_us: int) -> bool:
        """Return whether the contacts that are here of a customer reach as far back as a plan's caps look."""
        oldest_us = now_us - plan.longest_window_us
        if "household" in plan.counted_per:
            household = self._households.get(here.household)
            if household is None or household.since_us > oldest_us:
                return False
        return here.counters.since_us <= oldest_us

    def heard(self, contact: Contact, now_us: int) -> None:
        """Count what was recorded, here or elsewhere, for a customer that is here."""
        here = self._here.get(contact.customer)
        if here is None:
            return
        if contact.event == WITHDRAWAL:  # perhaps it was said in another process
            here.withdraw(contact.tags, contact.at_us)
        if contact.event in (ANSWERED, GAVE) and here.loaded_us < contact.at_us:  # what is here is not all any more
            self.forget(contact.customer)
            return
        for counters in (here.counters, self._households.get(here.household)):
            if counters is not None:
                with counters.lock:
                    counters.add([contact], now_us)

    def _gather(self, plan: Plan, identity: Identity, since_us: int) -> tuple[HouseholdKey, Counters | None]:
        """Fetch the contacts of a customer's household, if any cap counts them; who is in none is one."""
        if "household" not in plan.counted_per:
            return ("", ""), None
        name = identity.household or self._household_of(identity.customer)
        ledger = self._sources.ledger
        key: HouseholdKey = ("customer", identity.customer) if name is None else ("household", name)
        contacts = (
            ledger.contacts(identity.customer, since_us) if name is None else ledger.household_contacts(name, since_us)
        )
        return key, Counters(plan, contacts, "household", shared(plan), since_us)

    def forget(self, customer: str) -> None:
        """Let a customer go, so that the next question fetches it anew."""
        with self._lock:
            self._here.pop(customer, None)

    def withdraw(self, same: set[str], purposes: Sequence[str], at_us: int) -> None:
        """Let a withdrawal count at once under every id of a customer that is here."""
        for _, here in self._all_of(same):
            here.withdraw(purposes, at_us)

    def forget_others(self, same: set[str], kept: str) -> None:
        """Let every id of a customer go but one, so that what is held under the others is fetched anew."""
        for id_, _ in self._all_of(same):
            if id_ != kept:
                self.forget(id_)

    def _all_of(self, same: set[str]) -> list[tuple[str, Here]]:
        """Return what is here under some ids of a customer, and under others that are known to be merged with them."""
        with self._lock:
            ids = {*same, *(here.stands_for for id_ in same if (here := self._here.get(id_)) is not None)} - {""}
            return [(id_, one) for id_, one in self._here.items() if id_ in ids or one.stands_for in ids]

    def ask(self, who: Who) -> Event | None:
        """Have a customer fetched in the background; return what is set when that is done, None if too many wait."""
        key = _key(who)
        if key is None or self._closed:
            return None
        done = self._asked.get(key)
        if done is not None:
            return done
        done = self._asked[key] = Event()
        try:
            self._questions.put_nowait((who, done))
        except queue.Full:
            del self._asked[key]
            return None
        if self._thread is None or not self._thread.is_alive():
            self._start()
        return done

    def status(self, now_us: int) -> Mapping[str, object]:
        """Return how many customers are here, how old the oldest fetch is [s], and how many questions wait."""
        here = list(self._here.values())
        oldest_us = min((one.loaded_us for one in here), default=now_us)
        return {
            "customers_here": len(here),
            "oldest_fetch_age_s": (now_us - oldest_us) // SECOND_US,
            "questions_waiting": self._questions.qsize(),
        }

    def close(self) -> None:
        """End the thread; what waits is dropped."""
        self._closed = True
        if self._thread is not None and self._thread.is_alive():
            self._questions.put(None)
            self._thread.join(timeout=5)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._answer, name="tactful-snapshots", daemon=True)
                self._thread.start()

    def _answer(self) -> None:
        while (question := self._questions.get()) is not None:
            who, done = question
            try:
                self.load(who)
            except Exception as error:  # noqa: BLE001 - a source may raise anything; the customer stays away
                _log.warning("a customer could not be fetched: %s", type(error).__name__)
            finally:
                self._asked.pop(_key(who), None)
                done.set()

    def _profile(self, customer: str) -> Profile | None:
        profiles = self._sources.profiles
        return profiles.profile(customer) if isinstance(profiles, ProfileSource) else profiles(customer)

    def _consents(self, customer: str, now_us: int) -> Consents | None:
        consents = self._sources.consents
        found = consents.consents(customer) if isinstance(consents, ConsentSource) else consents(customer)
        return None if found is None else to_consents(found, now_us)[0]


def _reservations(counters: Counters | None, now_us: int) -> list[Contact]:
    """Return the room that is taken in some counters; of none, none."""
    if counters is None:
        return []
    with counters.lock:
        return counters.reservations(now_us)


def _key(who: Who) -> object:
    """Return what tells questions apart, or None for one that cannot be asked."""
    return who if isinstance(who, str) else tuple(who.items()) if who else None
