"""Profiles, consents, contacts and registers in a SQLite file, in a transaction of the caller's. It merges nothing."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence

from tactful import Consent, Consents, Contact, Snapshot, StoreError

from .rows import (
    pack_attributes,
    pack_consents,
    pack_contact,
    unpack_contact,
    unpack_said,
    unpack_snapshot,
)


class SQLiteTables:
    """
    Each id's own records, as a connection sees them.

    Attributes:
        connection: The connection, in a transaction.
    """

    __slots__ = ("connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def snapshots(self, customers: Iterable[str]) -> dict[str, Snapshot]:
        """Return the snapshots of customers, as far as there are any."""
        query = "SELECT epoch, at_us, body FROM profile WHERE customer = ?"
        found = {customer: self.connection.execute(query, (customer,)).fetchone() for customer in customers}
        return {customer: unpack_snapshot(customer, *row) for customer, row in found.items() if row is not None}

    def put_profile(self, snapshot: Snapshot) -> bool:
        """Keep a snapshot unless a newer one is kept; return whether it is kept."""
        _check(snapshot, Snapshot)
        before = self.snapshots([snapshot.customer]).get(snapshot.customer)
        if before is not None and (snapshot.epoch, snapshot.at_us) >= (before.epoch, before.at_us):
            snapshot = before.renewed(snapshot)
        changed = self.connection.execute(
            """INSERT INTO profile (customer, epoch, at_us, body) VALUES (?, ?, ?, ?)
               ON CONFLICT (customer) DO UPDATE SET epoch = excluded.epoch, at_us = excluded.at_us, body = excluded.body
               WHERE (excluded.epoch, excluded.at_us) >= (epoch, at_us)""",
            (snapshot.customer, snapshot.epoch, snapshot.at_us, pack_attributes(snapshot)),
        )
        return changed.rowcount == 1

    def amend_profiles(
        self, customers: Iterable[str], amend: Callable[[str, Snapshot | None], Snapshot | None]
    ) -> None:
        """Change the snapshots of ids."""
        for customer in customers:
            changed = amend(customer, self.snapshots([customer]).get(customer))
            if changed is not None:
                _check(changed, Snapshot)
                row = (customer, changed.epoch, changed.at_us, pack_attributes(changed))
                self.connection.execute("REPLACE INTO profile (customer, epoch, at_us, body) VALUES (?, ?, ?, ?)", row)

    def consents(self, customers: Iterable[str]) -> dict[str, Consents]:
        """Return the consents of customers, as far as there are any."""
        query = "SELECT heard, at_us, epoch, body FROM consent WHERE customer = ?"
        found = {customer: self.connection.execute(query, (customer,)).fetchone() for customer in customers}
        return {customer: unpack_said(*row) for customer, row in found.items() if row is not None}

    def put_consents(self, customer: str, consents: Consents) -> bool:
        """Keep consents, and the records they could not know of, unless newer ones are kept; return whether."""
        _check(consents, Consents)
        before, told = self.consents((customer,)).get(customer), consents.as_told
        if before is not None and told.is_older(before):  # nothing is older than what is first-hand
            return False
        self._keep_consents(customer, told if before is None else before.renewed(told), heard=True)
        return True

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Keep one more record."""
        before = self.consents((customer,)).get(customer, Consents.first_hand((), consent.at_us))
        self._keep_consents(customer, before.plus(consent), heard=False)

    def contacts(self, customers: Iterable[str], since_us: int) -> Sequence[Contact]:
        """Return the contacts of customers at or after a moment, oldest first."""
        query = "SELECT body FROM contact WHERE customer = ? AND at_us >= ? ORDER BY at_us, number"
        found = [row for customer in customers for row in self.connection.execute(query, (customer, since_us))]
        return tuple(sorted((unpack_contact(body) for (body,) in found), key=lambda contact: contact.at_us))

    def tail(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many contacts that were kept after a number, with their numbers."""
        query = "SELECT number, body FROM contact WHERE number > ? ORDER BY number LIMIT ?"
        return tuple((number, unpack_contact(body)) for number, body in self.connection.execute(query, (after, count)))

    def keep_contacts(self, contacts: Iterable[Contact]) -> list[Contact]:
        """Keep contacts in the ledger; return those that are new by their id."""
        query = "INSERT INTO contact (id, customer, at_us, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
        new = []
        for contact in contacts:
            _check(contact, Contact)
            row = (contact.id, contact.customer, contact.at_us, pack_contact(contact))
            if self.connection.execute(query, row).rowcount == 1:
                new.append(contact)
        return new

    def forget_contacts(self, before_us: int) -> int:
        """Forget the ledger's contacts before a moment; return how many there were."""
        return self.connection.execute("DELETE FROM contact WHERE at_us < ?", (before_us,)).rowcount

    def register(self, name: str) -> bytes | None:
        """Return what is kept under a name."""
        found = self.connection.execute("SELECT value FROM register WHERE name = ?", (name,)).fetchone()
        return None if found is None else bytes(found[0])

    def set_register(self, name: str, value: bytes) -> None:
        """Keep a value under a name."""
        query = "INSERT OR REPLACE INTO register (name, value) VALUES (?, ?)"
        self.connection.execute(query, (name, bytes(value)))

    def erase(self, customers: Sequence[str]) -> Mapping[str, int]:
        """Forget customers' profiles, consents and contacts; return how much went."""
        rows = [(customer,) for customer in customers]
        many = self.connection.executemany
        return {
            "profiles": many("DELETE FROM profile WHERE customer = ?", rows).rowcount,
            "consents": many("DELETE FROM consent WHERE customer = ?", rows).rowcount,
            "contacts": many("DELETE FROM contact WHERE customer = ?", rows).rowcount,
        }

    def _keep_consents(self, customer: str, consents: Consents, *, heard: bool) -> None:
        self.connection.execute(
            """INSERT INTO consent (customer, heard, at_us, epoch, body) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT (customer) DO UPDATE
               SET heard = heard OR excluded.heard, at_us = excluded.at_us, epoch = excluded.epoch,
                   body = excluded.body""",
            (customer, heard, consents.at_us, consents.as_told.epoch, pack_consents(consents)),
        )


def _check(one: object, noun: type) -> None:
    if not isinstance(one, noun):
        raise StoreError(f"only {noun.__name__} is taken here; nothing of this call was kept")
