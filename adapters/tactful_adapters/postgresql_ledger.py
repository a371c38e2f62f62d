"""Contacts and registers in PostgreSQL: the rows as a connection sees them, and the part of the store that has them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from tactful import Contact, Disclosure, StoreError

from .postgresql_altered import swallowed
from .postgresql_disclosures import PostgreSQLDisclosures
from .postgresql_erased import PostgreSQLErased
from .postgresql_graph import PostgreSQLGraph
from .postgresql_locks import LEDGER
from .postgresql_outbox import PostgreSQLOutbox
from .postgresql_part import PostgreSQLPart
from .rows import pack_contact, unpack_contact

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection


class PostgreSQLLedger:
    """Contacts, as a connection sees them."""

    __slots__ = ("_connection",)

    def __init__(self, connection: "PostgreSQLConnection") -> None:
        self._connection = connection

    def of(self, customers: Iterable[str], since_us: int) -> Sequence[Contact]:
        """Return the contacts of customers at or after a moment, oldest first."""
        query = "SELECT body FROM contact WHERE customer = ANY(%s::text[]) AND at_us >= %s ORDER BY at_us, number"
        return tuple(unpack_contact(body) for (body,) in self._connection.execute(query, (list(customers), since_us)))

    def tail(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many contacts that were kept after a number, with their numbers."""
        query = "SELECT number, body FROM contact WHERE number > %s ORDER BY number LIMIT %s"
        found = self._connection.execute(query, (after, max(0, count)))
        return tuple((number, unpack_contact(body)) for number, body in found)

    def keep(self, contacts: Sequence[Contact]) -> list[Contact]:
        """Keep contacts in the ledger, whose lock is held; return those that are new by their id."""
        first: dict[str, Contact] = {}
        for contact in contacts:
            if not isinstance(contact, Contact):
                raise StoreError("only Contact is taken here; nothing of this call was kept")
            first.setdefault(contact.id, contact)
        rows = list(first.values())
        query = """INSERT INTO contact (id, customer, at_us, body)
                   SELECT id, customer, at_us, body
                   FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bytea[])
                       WITH ORDINALITY AS come (id, customer, at_us, body, place)
                   ORDER BY place ON CONFLICT (id) DO NOTHING RETURNING id"""
        columns = (
            [one.id for one in rows],
            [one.customer for one in rows],
            [one.at_us for one in rows],
            [pack_contact(one) for one in rows],
        )
        new = {id_ for (id_,) in self._connection.execute(query, columns)} if rows else set()
        self._check([one.id for one in rows if one.id not in new])
        return [one for one in rows if one.id in new]

    def _check(self, known: Sequence[str]) -> None:
        """Raise if what was not new is not there either."""
        query = "SELECT count(*) FROM contact WHERE id = ANY(%s::text[])"
        if known and self._connection.execute(query, (list(known),)).fetchone() != (len(known),):
            raise swallowed("contact")

    def forget(self, before_us: int) -> int:
        """Forget the contacts before a moment; return how many there were."""
        return self._connection.execute("DELETE FROM contact WHERE at_us < %s", (before_us,)).rowcount

    def erase(self, customers: Sequence[str]) -> Mapping[str, int]:
        """Forget customers' contacts; return how many went."""
        query = "DELETE FROM contact WHERE customer = ANY(%s::text[])"
        return {"contacts": self._connection.execute(query, (list(customers),)).rowcount}


class PostgreSQLBookkeeping(PostgreSQLPart):
    """A `Ledger` and `Registers` in the tables of a store."""

    def contacts(self, customer: str, since_us: int) -> Sequence[Contact]:
        """Return the customer's contacts at or after a moment, oldest first."""
        with self._pool.reading() as connection:
            members = PostgreSQLGraph(connection, self._rules).merges(customer).members(customer)
            return PostgreSQLLedger(connection).of(members, since_us)

    def household_contacts(self, household: str, since_us: int) -> Sequence[Contact]:
        """Return the contacts of all who belong to a household at or after a moment, oldest first."""
        with self._pool.reading() as connection:
            graph = PostgreSQLGraph(connection, self._rules)
            members = [one for root in graph.household(household) for one in graph.merges(root).members(root)]
            return PostgreSQLLedger(connection).of(members, since_us)

    def tail(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """
        Return at most so many contacts of all customers that were recorded after a number, with their numbers.

        Numbers rise in the order of commits: who writes them holds the ledger's lock until it has committed.
        """
        with self._pool.reading() as connection:
            return PostgreSQLLedger(connection).tail(after, count)

    def record(self, contacts: Sequence[Contact], disclosures: Sequence[Disclosure] = ()) -> int:
        """Keep contacts and disclosures durably and let them wait, all or none; return how many contacts were new."""
        with self._pool.writing(LEDGER) as connection:
            erased = PostgreSQLErased(connection)
            in_time, late = erased.in_time(contacts)
            new = PostgreSQLLedger(connection).keep(in_time)
            passed = PostgreSQLDisclosures(connection).keep(erased.in_time(disclosures)[0])
            PostgreSQLOutbox(connection, self._limits).add([*new, *late, *passed])
        return len(new)

    def forget_contacts(self, before_us: int) -> int:
        """Forget the ledger's contacts before a moment; return how many there were."""
        with self._pool.writing() as connection:
            return PostgreSQLLedger(connection).forget(before_us)

    def register(self, name: str) -> bytes | None:
        """Return what is kept under a name."""
        with self._pool.reading() as connection:
            return _register(connection, name)

    def claim_register(self, name: str, value: bytes) -> bytes:
        """Keep the value unless the name has one already; return what is kept, the same for all processes."""
        with self._pool.writing() as connection:
            query = "INSERT INTO register (name, value) VALUES (%s, %s) ON CONFLICT DO NOTHING"
            connection.execute(query, (name, bytes(value)))
            kept = _register(connection, name)
        return bytes(value) if kept is None else kept

    def raise_register(self, name: str, number: int) -> int:
        """Keep a number, durably, unless a greater one is there; return what is kept, the same for all processes."""
        value = str(number).encode()
        with self._pool.writing() as connection:
            query = "INSERT INTO register (name, value) VALUES (%s, %s) ON CONFLICT DO NOTHING"
            connection.execute(query, (name, value))
            query = "SELECT value FROM register WHERE name = %s FOR UPDATE"
            (kept,) = connection.execute(query, (name,)).fetchone() or (value,)
            if int(kept) < number:
                connection.execute("UPDATE register SET value = %s WHERE name = %s", (value, name))
                return number
        return int(kept)


def _register(connection: "PostgreSQLConnection", name: str) -> bytes | None:
    found = connection.execute("SELECT value FROM register WHERE name = %s", (name,)).fetchone()
    return None if found is None else bytes(found[0])
