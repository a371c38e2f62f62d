"""Fetch: one customer from the sources, as it is there now. It keeps nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

import attrs

from ..clock import Clock
from ..consent import Consents
from ..contacts import Contact
from ..identity import IdentityRules
from ..many_ports import ConsentsOfMany, ContactsOfMany, HouseholdContactsOfMany
from ..plan.plan import Plan
from ..ports import (
    ConsentFunction,
    ConsentSource,
    IdentityGraph,
    IdentityLinks,
    Ledger,
    ProfileFunction,
    ProfileSource,
)
from ..profile import Identity
from .convert import to_consents, to_snapshot
from .count import SLACK_US, Counters
from .customer import Who
from .here import Here, HouseholdKey
from .own import shared
from .packed_profile import Profile


class Resolving(Protocol):
    """What knows whom identifiers stand for (`Identities`)."""

    def resolve(self, who: Who) -> Identity | None:
        """Return whom a call is for; asks the graph."""
        ...

    def household(self, customer: str, *, remember: bool = True) -> str | None:
        """Return a customer's household; asks the graph."""
        ...

    def households_of(self, customers: Sequence[str]) -> Mapping[str, str]:
        """Return the households of customers who are in one; asks the graph, for all at once if it can."""
        ...

    def here(self, who: Who) -> tuple[Identity | None, bool]:
        """Return whom a call is for as far as that is remembered, and whether the graph still has to be asked."""
        ...

    def forget(self, customers: AbstractSet[str], identifiers: Iterable[tuple[str, str]]) -> None:
        """Forget what is remembered of customers and identifiers."""
        ...


@attrs.frozen
class Sources:
    """Where customers come from."""

    profiles: ProfileSource | ProfileFunction
    consents: ConsentSource | ConsentFunction
    ledger: Ledger

    def as_of(self, consents: Consents | None, now_us: int) -> Consents | None:
        """Return consents as true as they are known to be: first-hand ones at any moment, where the store has them."""
        source: object = self.consents
        if consents is None or not consents.is_first_hand or source is not self.ledger:
            return consents  # with a centre, or another source, somebody else may know better
        return attrs.evolve(consents, at_us=now_us)


@attrs.frozen
class Fetch:
    """
    Fetches customers; the sources may raise.

    Attributes:
        sources: Where they come from.
        identities: Whom identifiers stand for.
        plan: Gives the plan that is decided by.
        clock: Gives the moment [us since 1970].
        follow: Sees to it that what is recorded from now on comes in.
    """

    sources: Sources
    identities: Resolving
    plan: Callable[[], Plan]
    clock: Clock
    follow: Callable[[], None]

    def __call__(self, identity: Identity) -> tuple[Here, Counters | None]:
        """Return a customer, and what counts for the household if any cap does."""
        self.follow()
        now_us, plan, ledger = self.clock(), self.plan(), self.sources.ledger
        profile = self._profile(identity.customer)
        if plan.enrichers.each and profile is not None:
            read = to_snapshot(plan.attribute_specs, identity.customer, profile, now_us)[0]
            profile = plan.enrichers(read, now_us)
        consents = self.consents(identity.customer, now_us)
        since_us = now_us - plan.longest_window_us - SLACK_US
        counters = Counters(plan, ledger.contacts(identity.customer, since_us), since_us=since_us)
        key, household = self._gather(plan, identity, since_us)
        here = Here(profile, consents, counters, key, now_us, plan.enrichers)
        own = here.customer(identity, plan, profile).own  # what cannot be read at all is the source's failure
        here.counters = counters.under(plan, own)
        return here, household

    def household(self, customer: str) -> HouseholdKey | None:
        """Return whose contacts count together with a customer's; None if no cap counts any. It may ask the graph."""
        if "household" not in self.plan().counted_per:
            return None
        name = self.identities.household(customer, remember=False)
        return ("customer", customer) if name is None else ("household", name)

    def households_of(self, customers: Sequence[str]) -> Sequence[HouseholdKey]:
        """Return whose contacts count together with each customer's."""
        known = self.identities.households_of(customers)
        return [("household", known[one]) if one in known else ("customer", one) for one in customers]

    def household_contacts_of(
        self, keys: Sequence[HouseholdKey], since_us: int
    ) -> Mapping[HouseholdKey, Sequence[Contact]]:
        """Return the contacts of households at or after a moment [us since 1970]; without those who have none."""
        ledger = self.sources.ledger
        names = [name for kind, name in keys if kind == "household"]
        found: dict[HouseholdKey, Sequence[Contact]] = {
            ("customer", one): theirs
            for one, theirs in self.contacts_of([id_ for kind, id_ in keys if kind == "customer"], since_us).items()
        }
        if isinstance(ledger, HouseholdContactsOfMany):
            of_homes = ledger.household_contacts_of(names, since_us)
        else:
            of_homes = {one: ledger.household_contacts(one, since_us) for one in names}
        found.update((("household", one), theirs) for one, theirs in of_homes.items() if theirs)
        return found

    def same(self, customer: str) -> set[str]:
        """Return ids that are merged with a customer's: itself, that which stands for all, and all that have links."""
        ledger = self.sources.ledger
        links = ledger.links(customer) if isinstance(ledger, IdentityLinks) else ()
        of_all = ledger.identify({IdentityRules.customer: customer}) if isinstance(ledger, IdentityGraph) else None
        root = customer if of_all is None else of_all.customer
        return {customer, root, *(link.customer for link in links)}

    def _gather(self, plan: Plan, identity: Identity, since_us: int) -> tuple[HouseholdKey, Counters | None]:
        """Fetch the contacts of a customer's household, if any cap counts them; who is in none is one."""
        if "household" not in plan.counted_per:
            return ("", ""), None
        name = identity.household or self.identities.household(identity.customer)
        ledger = self.sources.ledger
        key: HouseholdKey = ("customer", identity.customer) if name is None else ("household", name)
        contacts = (
            ledger.contacts(identity.customer, since_us) if name is None else ledger.household_contacts(name, since_us)
        )
        return key, Counters(plan, contacts, "household", shared(plan), since_us)

    def _profile(self, customer: str) -> Profile | None:
        profiles = self.sources.profiles
        return profiles.profile(customer) if isinstance(profiles, ProfileSource) else profiles(customer)

    def consents(self, customer: str, now_us: int) -> Consents | None:
        """Return what a customer agreed to; None if it is not known."""
        consents = self.sources.consents
        found = consents.consents(customer) if isinstance(consents, ConsentSource) else consents(customer)
        return None if found is None else self.sources.as_of(to_consents(found, now_us)[0], now_us)

    def consents_of(self, customers: Sequence[str], now_us: int) -> Sequence[Consents | None]:
        """Return what each customer agreed to; None where it is not known."""
        source = self.sources.consents
        if not isinstance(source, ConsentsOfMany):
            return [self.consents(one, now_us) for one in customers]
        known = source.consents_of(customers)
        return [self.sources.as_of(known.get(one), now_us) for one in customers]

    def contacts_of(self, customers: Sequence[str], since_us: int) -> Mapping[str, Sequence[Contact]]:
        """Return the contacts of customers at or after a moment [us since 1970], by id; without those who have none."""
        ledger = self.sources.ledger
        if isinstance(ledger, ContactsOfMany):
            return ledger.contacts_of(customers, since_us)
        return {one: theirs for one in customers if (theirs := tuple(ledger.contacts(one, since_us)))}
