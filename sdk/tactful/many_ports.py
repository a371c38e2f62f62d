"""The protocols of stores that tell of many at once, for whoever decides for many. Without them each is asked for."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from .consent import Consents
from .contacts import Contact


@runtime_checkable
class ContactsOfMany(Protocol):
    """A `Ledger` that can be asked for many customers at once; who cannot is asked for each."""

    def contacts_of(self, customers: Sequence[str], since_us: int) -> Mapping[str, Sequence[Contact]]:
        """Return what `contacts` says of each customer, by id; without those who have none."""
        ...


@runtime_checkable
class ConsentsOfMany(Protocol):
    """A `ConsentSource` that can be asked for many customers at once; who cannot is asked for each."""

    def consents_of(self, customers: Sequence[str]) -> Mapping[str, Consents]:
        """Return what `consents` says of each customer, by id; without those who are not known."""
        ...


@runtime_checkable
class HouseholdsOfMany(Protocol):
    """An `IdentityGraph` that can be asked for many customers at once; who cannot is asked for each."""

    def households_of(self, customers: Sequence[str]) -> Mapping[str, str]:
        """Return the household that `identify` says of each customer's id, by that; without those in none."""
        ...


@runtime_checkable
class HouseholdContactsOfMany(Protocol):
    """A `Ledger` that can be asked for many households at once; who cannot is asked for each."""

    def household_contacts_of(self, households: Sequence[str], since_us: int) -> Mapping[str, Sequence[Contact]]:
        """Return what `household_contacts` says of each household, by name; without those that have none."""
        ...
