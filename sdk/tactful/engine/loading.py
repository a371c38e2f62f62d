"""Loading: what is heard of customers while one is being fetched, so that none of it is lost. It fetches nothing.

A source is read at one moment and what it gave is put in place at a later one. What is heard in between may not be in
it: it waits here, and counts before what was fetched is in place.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from threading import Lock
from typing import Final

import attrs

from ..contacts import Contact
from .count import Counters
from .customer import Who
from .fetch import Resolving
from .here import ANSWERED, GAVE, Here, HouseholdKey

#: A fetch that so much is heard during is begun anew.
_HEARD_MAX: Final = 10_000


@attrs.define(eq=False, repr=False)
class Load:
    """
    One fetch under way, and what has been heard since it began.

    Attributes:
        number: Fetches that begin later have greater ones.
        asked: What tells apart who was asked for.
        contacts: What was recorded, and whose contacts count together with it.
        changed: Customers of whom the sources may say something else by now.
        lost: Whether more was heard than could be kept.
        gone: Customers who were let go meanwhile: they are not to come back by it.
        all_gone: Whether whoever was asked for was let go.
    """

    number: int
    asked: object = None
    contacts: list[tuple[Contact, HouseholdKey | None]] = attrs.field(factory=list)
    changed: set[str] = attrs.field(factory=set)
    lost: bool = False
    gone: set[str] = attrs.field(factory=set)
    all_gone: bool = False

    def is_gone(self, customer: str) -> bool:
        """Return whether a customer was let go since it began."""
        return self.all_gone or customer in self.gone

    def is_stale(self, customer: str) -> bool:
        """Return whether a customer has to be fetched once more."""
        return self.lost or customer in self.changed

    def apply(self, customer: str, here: Here, household: Counters | None, now_us: int) -> None:
        """Let what was heard count for a customer who was fetched, and for the household."""
        add(here.counters, (one for one, _ in self.contacts if one.customer == customer), now_us)
        if household is not None:
            add(household, (one for one, key in self.contacts if key == here.household), now_us)


class Loads:
    """
    The fetches under way. Whoever calls holds the lock of the customers that are here.

    Attributes:
        number: The number of the fetch that began last.
    """

    def __init__(self) -> None:
        self.number = 0
        self._under_way: set[Load] = set()

    @property
    def under_way(self) -> bool:
        """Whether anyone is being fetched."""
        return bool(self._under_way)

    def begin(self, asked: object) -> Load:
        """Return a fetch that hears from now on."""
        self.number += 1
        load = Load(self.number, asked)
        self._under_way.add(load)
        return load

    def end(self, load: Load) -> None:
        """Let a fetch hear no more."""
        self._under_way.discard(load)

    def heard(self, contact: Contact, household: HouseholdKey | None) -> None:
        """Keep what was recorded."""
        for load in self._under_way:
            if len(load.contacts) < _HEARD_MAX:
                load.contacts.append((contact, household))
            else:
                load.lost = True
        if contact.event in (ANSWERED, GAVE):
            self.changed(contact.customer)

    def changed(self, customer: str) -> None:
        """Keep that the sources may say something else of a customer by now."""
        for load in self._under_way:
            if len(load.changed) < _HEARD_MAX:
                load.changed.add(customer)
            else:
                load.lost = True

    def let_go(self, asked: object, customers: AbstractSet[str]) -> None:
        """Keep that customers, and whoever was asked for so, are not to come back by what is under way."""
        for load in self._under_way:
            load.all_gone = load.all_gone or load.asked == asked or len(load.gone) + len(customers) > _HEARD_MAX
            load.gone |= customers

    def lose(self) -> None:
        """Have everything that is being fetched fetched once more."""
        for load in self._under_way:
            load.lost = True


def ended(loads: "Loads", lock: Lock, load: Load, identities: Resolving, who: Who) -> None:
    """End a fetch; of who was let go meanwhile, it leaves nothing among the identities that are remembered."""
    with lock:
        loads.end(load)
    if load.all_gone or load.gone:
        found = identities.here(who)[0]
        pairs = () if isinstance(who, str) or not who else who.items()
        identities.forget(load.gone if found is None else load.gone | {found.customer}, pairs)


def add(counters: Counters, contacts: Iterable[Contact], now_us: int) -> None:
    """Count contacts under the lock of the counters, wherever these are by now."""
    at: Counters | None = counters
    while at is not None:
        with at.lock:
            if at.moved is None:
                at.add(contacts, now_us)
            at = at.moved


def release(counters: Counters, ids: Iterable[str]) -> None:
    """Let go of room that was taken, under the lock of the counters, wherever these are by now."""
    at: Counters | None = counters
    while at is not None:
        with at.lock:
            if at.moved is None:
                at.release(ids)
            at = at.moved


def reservations(counters: Counters, now_us: int) -> list[Contact]:
    """Return the room that is taken in some counters, under their lock."""
    with counters.lock:
        return counters.reservations(now_us)


def joined(before: Counters | None, fetched: Counters, now_us: int) -> Counters:
    """
    Return what counts: what was fetched joins what is here, as decisions under way still take room there.

    Args:
        before: What is here; None for nothing.
        fetched: What was fetched.
        now_us: The moment [us since 1970].
    """
    if before is None:
        return fetched
    kept = before.under(fetched.plan, fetched.own)
    add(kept, (one.contact() for one in fetched.kept()[0]), now_us)
    kept.since_us = fetched.since_us
    return kept
