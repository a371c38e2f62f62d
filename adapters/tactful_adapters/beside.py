"""Consents of a table of yours, and beside them what customers say here, which a store of ours keeps.

Your table is only read. `opt_out`, `opt_in` and the notices of both go to the store.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import attrs

from tactful import Consent, Consents, Policy


class Told(Protocol):
    """Where consents come from."""

    def consents(self, customer: str) -> Consents | None:
        """Return all records, or None for a customer who is not known."""
        ...


@runtime_checkable
class ToldOfMany(Protocol):
    """What can be asked for many customers at once."""

    def consents_of(self, customers: Sequence[str]) -> Mapping[str, Consents]:
        """Return what `consents` says of each customer, by id; without those who are not known."""
        ...


@runtime_checkable
class ToldByPolicy(Protocol):
    """What looks whether it and a policy speak of the same things."""

    def check_policy(self, policy: Policy) -> None:
        """Raise UsageError if they do not."""
        ...


class Kept(Told, Protocol):
    """A store that takes consents."""

    def put_consents(self, customer: str, consents: Consents) -> bool:
        """Keep what a centre knows."""
        ...

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Keep what a customer has just said."""
        ...


@attrs.frozen(repr=False)
class ConsentsBeside:
    """
    Consents from a table, beside those of a store.

    A no on either side counts. A no in the store stays until the table has an explicit yes that is newer; the store's
    yes does not lift a no in the table.

    Attributes:
        table: Gives what the table says; it is not changed.
        store: Gives and keeps what is said here.
    """

    table: Told
    store: Kept

    def consents(self, customer: str) -> Consents | None:
        """
        Return the records of both, or None for a customer whom neither knows.

        Raises:
            StoreError: If either cannot be read; or as the table raises.
        """
        return _together(self.table.consents(customer), self.store.consents(customer))

    def consents_of(self, customers: Sequence[str]) -> Mapping[str, Consents]:
        """Return what `consents` says of each customer, by id; without those whom neither knows; raises as it."""
        told, kept = _of_many(self.table, customers), _of_many(self.store, customers)
        both = ((one, _together(told.get(one), kept.get(one))) for one in customers)
        return {one: theirs for one, theirs in both if theirs is not None}

    def check_policy(self, policy: Policy) -> None:
        """Let the table look whether it and a policy speak of the same things; raises as it does."""
        if isinstance(self.table, ToldByPolicy):
            self.table.check_policy(policy)

    def put_consents(self, customer: str, consents: Consents) -> bool:
        """Keep in the store what a centre knows."""
        return self.store.put_consents(customer, consents)

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Keep in the store what a customer has just said."""
        self.store.add_consent(customer, consent)


def _together(told: Consents | None, kept: Consents | None) -> Consents | None:
    if told is None or kept is None:
        return kept if told is None else told
    noes: dict[tuple[str, str | None], Consent] = {}
    for one in sorted((one for one in kept.records if one.refuses), key=lambda one: one.at_us):
        noes[one.scope] = one
    heard = (one for one in told.records if one.scope not in noes or one.may_follow(noes[one.scope]))
    return Consents((*kept.records, *heard), told.at_us)


def _of_many(source: Told, customers: Sequence[str]) -> Mapping[str, Consents]:
    if isinstance(source, ToldOfMany):
        return source.consents_of(customers)
    return {one: theirs for one in customers if (theirs := source.consents(one)) is not None}
