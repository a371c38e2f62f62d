"""Snapshot: the customers that are here, and how the others come. A miss does no I/O in a decision: it asks.

One thread fetches what decisions asked for; it starts with the first question and sleeps between questions.
"""

import logging
import queue
from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread

import attrs
from cachetools import FIFOCache

from ..clock import SECOND_US, Clock
from ..consent import Consents
from ..plan.plan import Plan
from ..ports import ConsentFunction, ConsentSource, Ledger, ProfileFunction, ProfileSource
from ..profile import Identity, Snapshot
from .convert import to_consents, to_snapshot
from .count import SLACK_US, Counters
from .customer import Customer, Who

_log = logging.getLogger("tactful")
_QUESTIONS_MAX = 4096
#: A profile as a source gives it.
Profile = Snapshot | Mapping[str, object]
#: Tells whom a caller's word stands for; it may ask a graph.
Resolve = Callable[[Who], Identity | None]


@attrs.frozen
class Sources:
    """Where customers come from."""

    profiles: ProfileSource | ProfileFunction
    consents: ConsentSource | ConsentFunction
    ledger: Ledger


class Here:
    """
    One customer that is here.

    Attributes:
        counters: The counted contacts.
        loaded_us: When it was fetched [us since 1970].
    """

    __slots__ = ("_as", "_consents", "_profile", "counters", "loaded_us")

    def __init__(self, profile: Profile | None, consents: Consents | None, counters: Counters, loaded_us: int) -> None:
        self._profile = profile
        self._consents = consents
        self._as: dict[str, Customer] = {}
        self.counters = counters
        self.loaded_us = loaded_us

    def customer(self, identity: Identity, plan: Plan) -> Customer:
        """Return the customer as one kind of identifier shows it, under a plan; a cookie shows less than a card."""
        found = self._as.get(identity.kind)
        if found is None or found.plan is not plan:
            found = self._as[identity.kind] = Customer(plan, identity, self._under(plan, identity), self._consents)
        return found

    def _under(self, plan: Plan, identity: Identity) -> Snapshot | None:
        """Return the profile as a plan's schema reads it; another policy can know other attributes and types."""
        if self._profile is None:
            return None
        return to_snapshot(plan.attribute_specs, identity.customer, self._profile, self.loaded_us)[0]

    def counting(self, plan: Plan) -> Counters:
        """Return the counters under a plan."""
        if self.counters.plan is not plan:
            self.counters = self.counters.under(plan)
        return self.counters


class Snapshots:
    """The customers that are here, bounded; and the thread that fetches the others."""

    def __init__(
        self, sources: Sources, resolve: Resolve, plan: Callable[[], Plan], clock: Clock, maxsize: int
    ) -> None:
        self._sources = sources
        self._resolve = resolve
        self._plan = plan
        self._clock = clock
        self._maxsize = maxsize
        self._closed = False
        self.reset()

    def reset(self) -> None:
        """Begin anew with nothing here: at the start, and in a forked child, where no thread and no lock is ours."""
        self._lock = Lock()
        self._here: FIFOCache[str, Here] = FIFOCache(self._maxsize)
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
        since_us = now_us - plan.longest_window_us - SLACK_US
        counters = Counters(plan, self._sources.ledger.contacts(identity.customer, since_us), since_us)
        found = Here(profile, consents, counters, now_us)
        found.customer(identity, plan)  # what cannot be read at all is the source's failure, not a decision's
        with self._lock:
            before = self._here.get(identity.customer)
            if before is not None:
                with before.counters.lock:
                    counters.add(before.counters.reservations(now_us), now_us)
            self._here[identity.customer] = found
        return found

    def forget(self, customer: str) -> None:
        """Let a customer go, so that the next question fetches it anew."""
        with self._lock:
            self._here.pop(customer, None)

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


def _key(who: Who) -> object:
    """Return what tells questions apart, or None for one that cannot be asked."""
    return who if isinstance(who, str) else tuple(who.items()) if who else None
