"""Snapshot: the customers that are here, and how the others come. A miss does no I/O in a decision: it asks.

What is heard of one counts whether heard before, during or after a fetch. Who is let go leaves room and a no behind.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from threading import Event, Lock

from ..clock import SECOND_US
from ..contacts import Contact
from ..plan.plan import Plan
from ..profile import Identity
from .budgets import Budgets
from .count import Counters
from .customer import Customer, Who, nobody, told_apart
from .fetch import Fetch
from .here import ANSWERED, GAVE, WITHDRAWAL, Here, HouseholdKey
from .households import Households
from .left import Left, Present
from .loading import Load, Loads, add, ended, joined, release, reservations
from .noes import Noes
from .own import Own, shared
from .questions import Questions
from .strict import Strict
from .tally import Tally
from .unread import Unread

_log = logging.getLogger("tactful")
_TRIES_MAX = 3  # so often a customer is fetched anew because the sources changed meanwhile


class Snapshots:
    """
    The customers that are here, bounded; and the thread that fetches the others.

    Attributes:
        due: Customers who came with this fetch or an earlier one are to be fetched anew.
    """

    def __init__(self, fetch: Fetch, maxsize: int) -> None:
        self._fetch, self._maxsize = fetch, maxsize
        self._questions = Questions(self.load)
        self.reset()

    def reset(self) -> None:
        """Begin anew with nothing here: at the start, and in a forked child, where no thread and no lock is ours."""
        self._lock = Lock()
        self._loads = Loads()
        self._households = Households(self._maxsize)
        self._nobody: dict[str, Customer] = {}
        self._left = Left(self._maxsize)
        self._here = Present(self._maxsize, self._left)
        self._noes = Noes()
        self._unread = Unread(self._maxsize)
        self._questions.reset()
        self.due = 0

    def here(self, customer: str) -> Here | None:
        """Return a customer that is here by the persistent id, or None."""
        return self._here.get(customer)

    def nobody(self, identity: Identity | None, plan: Plan) -> Customer:
        """Return the customer of whom nothing is known, for an identity's kind."""
        return nobody(self._nobody, identity, plan)

    def load(self, who: Who, wanted: Callable[[], bool] = lambda: True) -> Here | None:
        """Fetch a customer, if wanted still, and keep it unless let go; None for nobody. A source may raise."""
        found = None
        for _ in range(_TRIES_MAX):
            with self._lock:
                if not wanted():
                    return None
                load = self._loads.begin(told_apart(who))
            try:
                identity = self._fetch.identities.resolve(who)
                if identity is None:
                    return None
                found, household = self._fetch(identity)
                with self._lock:
                    found, is_done = self._keep(load, identity.customer, found, household)
            finally:
                ended(self._loads, self._lock, load, self._fetch.identities, who)
            if is_done:
                break
        return found  # if it changed all the time, for this once, and the next question fetches it anew

    def _keep(self, load: Load, customer: str, found: Here, household: Counters | None) -> tuple[Here, bool]:
        """Put a customer who was fetched in place, unless there is one newer or a change since; return who is here."""
        if load.is_gone(customer):
            return found, True
        before = self._here.get(customer)
        if before is not None and before.number > load.number:
            return before, True
        found.number, now_us = load.number, found.loaded_us
        counters = self._left.get(customer) if before is None else before.counters
        found.counters = joined(counters, found.counters, now_us)
        if household is not None:
            household = self._households.put(found.household, household, now_us)
            add(household, reservations(found.counters, now_us), now_us)
        load.apply(customer, found, household, now_us)
        self._noes.apply({customer, found.stands_for}, found)
        is_done = not load.is_stale(customer)
        if is_done:
            self._left.pop(customer, None)
            self._here[customer] = self._unread[customer] = found
        return found, is_done

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
        if contact.event == WITHDRAWAL:  # perhaps it was said in another process
            self.withdraw(self.same(contact.customer), contact.tags, contact.at_us, contact.channel or None)
        key = self._household(contact.customer)
        with self._lock:
            self._loads.heard(contact, key)
            here = self._here.get(contact.customer)
            household = None if key is None else self._households.get(key)
        if here is not None and contact.event in (ANSWERED, GAVE) and here.loaded_us < contact.at_us:
            self.forget(contact.customer)  # what is here is not all any more
        for counters in (None if here is None else here.counters, household):
            if counters is not None:
                add(counters, [contact], now_us)

    def _household(self, customer: str) -> HouseholdKey | None:
        """Return whose contacts count together with a customer's; where that cannot be told, no household is here."""
        if (here := self._here.get(customer)) is not None:
            return here.household
        try:
            return self._fetch.household(customer)
        except Exception as error:  # noqa: BLE001 - a graph may raise anything; what counts is fetched anew
            _log.warning("a household could not be told: %s", type(error).__name__)
            with self._lock:
                self._loads.lose()
                self._households.clear()
            return None

    def same(self, customer: str) -> set[str]:
        """Return all ids that are merged with a customer's, and itself; where that cannot be told, itself alone."""
        try:
            return self._fetch.same(customer)
        except Exception as error:  # noqa: BLE001 - a graph may raise anything; what is here says who is merged too
            _log.warning("merged ids could not be told: %s", type(error).__name__)
            return {customer}

    def forget(self, customer: str) -> None:
        """Let a customer go, so that the next question fetches it anew; the room that was taken stays taken."""
        with self._lock:
            self._loads.changed(customer)
            self._let_go(customer)

    def erase(self, ids: Iterable[str], homes: frozenset[str] = frozenset()) -> None:
        """Keep nothing of a customer under some ids and in households, and have who is being fetched fetched again."""
        with self._lock:
            self._households.erase(homes)
            for id_ in ids:
                self._loads.changed(id_)
                self._noes.forget(id_)
                for held in (self._here, self._left, self._unread):
                    held.pop(id_, None)

    def release(self, customer: str, ids: AbstractSet[str]) -> None:
        """Let go of room that was taken for a customer and the household, by ids of exposures."""
        key = self._household(customer)
        with self._lock:
            here = self._here.get(customer)
            own = self._left.get(customer) if here is None else here.counters
            for counters in (own, None if key is None else self._households.get(key)):
                if counters is not None:
                    release(counters, ids)

    def let_go_of(self, who: Who, ids: AbstractSet[str], now_us: int) -> set[HouseholdKey]:
        """Let customers go, a no and room of their households excepted; return the households of who was here."""
        with self._lock:
            self._questions.drop(who, *ids)  # what is under way would bring them back
            self._loads.let_go(told_apart(who), ids)
            homes = {here.household for id_ in ids if (here := self._here.pop(id_, None)) is not None}
            for home in homes:
                self._households.leave(home, now_us)
            for id_ in ids:
                self._left.pop(id_, None)
                self._unread.pop(id_, None)
            return homes

    def refresh_all(self) -> None:
        """Have every customer that is here fetched anew at the next question; they stay until then."""
        with self._lock:
            self.due = self._loads.number

    def forget_all(self) -> None:
        """Let every customer go, and have whoever is being fetched fetched once more."""
        with self._lock:
            self._loads.lose()
            for customer in tuple(self._here):
                self._let_go(customer)

    def _let_go(self, customer: str) -> None:
        self._unread.pop(customer, None)
        if (here := self._here.pop(customer, None)) is not None:
            self._left[customer] = here.counters

    @property
    def is_idle(self) -> bool:
        """Whether nobody is here, and nobody is being fetched."""
        return not self._here and not self._loads.under_way

    def changed(self, ids: Iterable[str]) -> None:
        """Have whoever is being fetched under some ids fetched once more; who is here stays."""
        with self._lock:
            for id_ in ids:
                self._loads.changed(id_)

    def among(self, same: Mapping[str, set[str]]) -> dict[str, list[str]]:
        """Return under which ids customers are here, for those of whom anyone is, given all ids of each."""
        of = {id_: customer for customer, ids in same.items() for id_ in ids}
        found: dict[str, list[str]] = {}
        with self._lock:
            for id_, here in self._here.items() if of else ():
                customer = of.get(id_, of.get(here.stands_for))
                if customer is not None:
                    found.setdefault(customer, []).append(id_)
        return found

    def withdraw(self, same: set[str], purposes: Sequence[str], at_us: int, channel: str | None = None) -> None:
        """Let a withdrawal count at once under every id of a customer that is here."""
        with self._lock:
            ids = self._ids(same)
            if self._noes.add(ids, purposes, channel, at_us):
                self._loads.lose()  # what is forgotten of noes by this is in the sources by now
            for _, here in self._all_of(ids):
                here.withdraw(purposes, at_us, channel)

    def forget_others(self, same: set[str], kept: str) -> None:
        """Let every id of a customer go but one, so that what is held under the others is fetched anew."""
        with self._lock:
            ids = self._ids(same)
            others = {*ids, *(id_ for id_, _ in self._all_of(ids))} - {kept}
        for id_ in others:
            self.forget(id_)

    def _ids(self, same: set[str]) -> frozenset[str]:
        """Return some ids of a customer, and those that stand for them."""
        return frozenset({*same, *(self._here[id_].stands_for for id_ in same if id_ in self._here)} - {""})

    def _all_of(self, ids: frozenset[str]) -> list[tuple[str, Here]]:
        """Return who is here under some ids, and who is known to be merged with them."""
        return [(id_, one) for id_, one in self._here.items() if id_ in ids or one.stands_for in ids]

    def ask(self, who: Who) -> Event | None:
        """Have a customer fetched in the background; return what is set when that is done, None if too many wait."""
        return self._questions.ask(who)

    def everyone(self) -> list[tuple[str, Here]]:
        """Return who is here."""
        with self._lock:
            return list(self._here.items())

    def let_go(self, plan: Plan) -> None:
        """Let go of all plans but this one in what is held of households, of who is here no more, and of nobody."""
        self._nobody = {}
        self._left.let_go(plan, self._lock)
        with self._lock:
            self._households.let_go(plan)

    def status(self, now_us: int) -> Mapping[str, object]:
        """Return how many customers are here, how old the oldest fetch is [s], and how many questions wait."""
        loaded_us = [one.loaded_us for _, one in self.everyone()]
        return {
            "customers_here": len(loaded_us),
            "oldest_fetch_age_s": (now_us - min(loaded_us, default=now_us)) // SECOND_US,
            "questions_waiting": self._questions.waiting,
        }

    def close(self) -> None:
        """End the thread that fetches; what waits is dropped."""
        self._questions.close()
