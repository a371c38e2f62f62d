"""Consents of a table of yours, and beside them what customers say here, which a store of ours keeps.

Your table is only read. `opt_out`, `opt_in` and the notices of both go to the store.
"""

from typing import Protocol

import attrs

from tactful import Consent, Consents


class Told(Protocol):
    """Where consents come from."""

    def consents(self, customer: str) -> Consents | None:
        """Return all records, or None for a customer who is not known."""
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
        told, kept = self.table.consents(customer), self.store.consents(customer)
        if told is None or kept is None:
            return kept if told is None else told
        noes: dict[tuple[str, str | None], Consent] = {}
        for one in sorted((one for one in kept.records if one.refuses), key=lambda one: one.at_us):
            noes[one.scope] = one
        heard = (one for one in told.records if one.scope not in noes or one.may_follow(noes[one.scope]))
        return Consents((*kept.records, *heard), told.at_us)

    def put_consents(self, customer: str, consents: Consents) -> bool:
        """Keep in the store what a centre knows."""
        return self.store.put_consents(customer, consents)

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Keep in the store what a customer has just said."""
        self.store.add_consent(customer, consent)
