"""Profiles and consents in PostgreSQL: the rows as a connection sees them, and the part of the store that has them.

A row is locked while it is read to be changed; where there is none yet, two that make it at once are told apart by the
key, and the second one looks again.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from tactful import Consent, Consents, Contact, Snapshot, StoreError

from .postgresql_graph import PostgreSQLGraph
from .postgresql_ledger import PostgreSQLLedger
from .postgresql_locks import GRAPH_AS_IT_IS, LEDGER
from .postgresql_part import PostgreSQLPart
from .rows import pack_attributes, pack_consents, unpack_consents, unpack_snapshot

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

#: Gets an id with what is kept of it, and returns what is to be kept, or None to leave it.
AmendProfile = Callable[[str, Snapshot | None], Snapshot | None]
#: Gets an id's consents, and whether the centre has told of them; returns what is to be kept, or None to leave it.
AmendConsents = Callable[[Consents | None, bool], Consents | None]


class PostgreSQLRecords:
    """Each id's own profile and consents, as a connection sees them."""

    __slots__ = ("_connection",)

    def __init__(self, connection: "PostgreSQLConnection") -> None:
        self._connection = connection

    def snapshots(self, customers: Iterable[str]) -> dict[str, Snapshot]:
        """Return the snapshots of customers, as far as there are any."""
        query = "SELECT customer, epoch, at_us, body FROM profile WHERE customer = ANY(%s::text[])"
        found = self._connection.execute(query, (list(customers),))
        return {row[0]: unpack_snapshot(*row) for row in found}

    def put_profile(self, snapshot: Snapshot) -> bool:
        """Keep a snapshot unless a newer one is kept; return whether it is kept."""
        _check(snapshot, Snapshot)

        def newest(_: str, before: Snapshot | None) -> Snapshot | None:
            if before is None:
                return snapshot
            older = (snapshot.epoch, snapshot.at_us) < (before.epoch, before.at_us)
            return None if older else before.renewed(snapshot)

        return self.amend_profiles([snapshot.customer], newest) == 1

    def amend_profiles(self, customers: Iterable[str], amend: AmendProfile) -> int:
        """Change the snapshots of ids; return how many were changed."""
        changed = 0
        for customer in sorted(customers):
            while (kept := self._amend_profile(customer, amend)) is None:
                pass  # somebody made the row in between
            changed += kept
        return changed

    def consents(self, customers: Iterable[str]) -> dict[str, Consents]:
        """Return the consents of customers, as far as there are any."""
        query = "SELECT customer, at_us, epoch, body FROM consent WHERE customer = ANY(%s::text[])"
        found = self._connection.execute(query, (list(customers),))
        return {customer: unpack_consents(*row) for customer, *row in found}

    def put_consents(self, customer: str, consents: Consents) -> bool:
        """Keep consents, and the records they could not know of, unless newer ones are kept; return whether."""
        _check(consents, Consents)

        def newest(before: Consents | None, heard: bool) -> Consents | None:  # noqa: FBT001 - as it is called
            if before is not None and heard and consents.is_older(before):
                return None
            return (before or consents).renewed(consents)

        return self.amend_consents(customer, newest, heard=True)

    def add_consent(self, customers: Iterable[str], consent: Consent) -> None:
        """Keep one more record for each of some ids."""
        for customer in sorted(customers):
            self.amend_consents(
                customer, lambda before, _: (before or Consents((), consent.at_us)).plus(consent), heard=False
            )

    def erase(self, customers: Iterable[str]) -> Mapping[str, int]:
        """Forget customers' profiles and consents; return how much went."""
        gone = {}
        for name, table in (("profiles", "profile"), ("consents", "consent")):
            query = f"""DELETE FROM {table} WHERE customer IN
                        (SELECT customer FROM {table} WHERE customer = ANY(%s::text[]) ORDER BY customer FOR UPDATE)"""  # noqa: S608 - ours
            gone[name] = self._connection.execute(query.encode(), (list(customers),)).rowcount
        return gone

    def _amend_profile(self, customer: str, amend: AmendProfile) -> bool | None:
        """Return whether a profile was changed; None if it has to be read again."""
        query = "SELECT customer, epoch, at_us, body FROM profile WHERE customer = %s FOR UPDATE"
        row = self._connection.execute(query, (customer,)).fetchone()
        changed = amend(customer, None if row is None else unpack_snapshot(*row))
        if changed is None:
            return False
        _check(changed, Snapshot)
        new = (changed.epoch, changed.at_us, pack_attributes(changed), customer)
        if row is not None:
            self._connection.execute("UPDATE profile SET epoch = %s, at_us = %s, body = %s WHERE customer = %s", new)
            return True
        query = "INSERT INTO profile (epoch, at_us, body, customer) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
        return True if self._connection.execute(query, new).rowcount == 1 else None

    def amend_consents(self, customer: str, change: AmendConsents, *, heard: bool) -> bool:
        """Change what is kept of an id's consents; return whether. `heard` says whether the centre has told of it."""
        while (kept := self._amend_consents(customer, change, heard=heard)) is None:
            pass  # somebody made the row in between
        return kept

    def _amend_consents(self, customer: str, change: AmendConsents, *, heard: bool) -> bool | None:
        """Return whether consents were changed; None if they have to be read again."""
        query = "SELECT heard, at_us, epoch, body FROM consent WHERE customer = %s FOR UPDATE"
        row = self._connection.execute(query, (customer,)).fetchone()
        before, told = (None, False) if row is None else (unpack_consents(*row[1:]), bool(row[0]))
        changed = change(before, told)
        if changed is None:
            return False
        new = (heard or told, changed.at_us, changed.epoch, pack_consents(changed), customer)
        if row is not None:
            query = "UPDATE consent SET heard = %s, at_us = %s, epoch = %s, body = %s WHERE customer = %s"
            self._connection.execute(query, new)
            return True
        query = """INSERT INTO consent (heard, at_us, epoch, body, customer) VALUES (%s, %s, %s, %s, %s)
                   ON CONFLICT DO NOTHING"""
        return True if self._connection.execute(query, new).rowcount == 1 else None


class PostgreSQLRecording(PostgreSQLPart):
    """Profiles and consents in the tables of a store: where they come from, where they go, how they change."""

    def profile(self, customer: str) -> Snapshot | None:
        """Return the newest snapshot, or None for a customer who is not known."""
        with self._pool.reading() as connection:
            merges = PostgreSQLGraph(connection, self._rules).merges(customer)
            return merges.snapshot(customer, PostgreSQLRecords(connection).snapshots(merges.members(customer)))

    def consents(self, customer: str) -> Consents | None:
        """Return all records that speak, or None for a customer who is not known."""
        with self._pool.reading() as connection:
            merges = PostgreSQLGraph(connection, self._rules).merges(customer)
            return merges.consents(customer, PostgreSQLRecords(connection).consents(merges.members(customer)))

    def put_profile(self, snapshot: Snapshot) -> bool:
        """Keep a snapshot; one older than what is kept changes nothing: return False."""
        with self._pool.writing() as connection:
            return PostgreSQLRecords(connection).put_profile(snapshot)

    def amend_profile(self, customer: str, amend: AmendProfile) -> None:
        """
        Change what is kept of a customer, under each id that stands for it; no other change comes in between.

        Where somebody makes the first profile of an id at the same moment, `amend` is called again, with that one.
        """
        with self._pool.writing(GRAPH_AS_IT_IS) as connection:
            members = PostgreSQLGraph(connection, self._rules).merges(customer).members(customer)
            PostgreSQLRecords(connection).amend_profiles(members, amend)

    def put_consents(self, customer: str, consents: Consents) -> bool:
        """Keep what the centre knows of a customer's consents; older ones change nothing: return False."""
        with self._pool.writing() as connection:
            return PostgreSQLRecords(connection).put_consents(customer, consents)

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Add what a customer has just said. A no is kept for every id that is merged with the customer's."""
        with self._pool.writing(GRAPH_AS_IT_IS) as connection:
            members = PostgreSQLGraph(connection, self._rules).merges(customer).members(customer)
            PostgreSQLRecords(connection).add_consent(members if consent.refuses else (customer,), consent)

    def put_many(
        self,
        profiles: Iterable[Snapshot] = (),
        consents: Mapping[str, Consents] | None = None,
        contacts: Iterable[Contact] = (),
    ) -> int:
        """Keep much of what the centre knows at once, all or none; return how much was new."""
        snapshots = [_check(snapshot, Snapshot) for snapshot in profiles]
        told = list(contacts)
        with self._pool.writing(*([LEDGER] if told else [])) as connection:
            records = PostgreSQLRecords(connection)
            new = sum(records.put_profile(one) for one in sorted(snapshots, key=lambda one: one.customer))
            new += sum(records.put_consents(customer, one) for customer, one in sorted((consents or {}).items()))
            return new + len(PostgreSQLLedger(connection).keep(told))


def _check(one: object, noun: type) -> Snapshot:
    if not isinstance(one, noun):
        raise StoreError(f"only {noun.__name__} is taken here; nothing of this call was kept")
    return one  # type: ignore[return-value]
