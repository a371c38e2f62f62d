"""Disclosures in PostgreSQL: the rows as a connection sees them, and the part of the store that tells of them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from tactful import Disclosure, StoreError

from .postgresql_altered import swallowed
from .postgresql_graph import PostgreSQLGraph
from .postgresql_part import PostgreSQLPart
from .rows import pack_passed, unpack_passed

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

_SELECT: Final = "SELECT decision, slot, offer, customer, at_us, until_us, body FROM disclosure"
_KEY: Final = "decision = %s AND slot = %s AND offer = %s"
_ORDER: Final = "ORDER BY at_us, decision, slot, offer"


class PostgreSQLDisclosures:
    """What was passed on to partners, as a connection sees it."""

    __slots__ = ("_connection",)

    def __init__(self, connection: "PostgreSQLConnection") -> None:
        self._connection = connection

    def keep(self, disclosures: Iterable[Disclosure]) -> list[Disclosure]:
        """Keep disclosures; return those that are new by their id."""
        query = """INSERT INTO disclosure (decision, slot, offer, customer, at_us, until_us, body)
                   VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
        new = []
        for one in disclosures:
            if not isinstance(one, Disclosure):
                raise StoreError("only Disclosure is taken here; nothing of this call was kept")
            row = (one.decision, one.slot, one.offer, one.customer, one.at_us, one.until_us, pack_passed(one))
            if self._connection.execute(query, row).rowcount == 1:
                new.append(one)
            elif self._connection.execute(f"{_SELECT} WHERE {_KEY}".encode(), row[:3]).fetchone() is None:
                raise swallowed("disclosure")
        return new

    def of_customers(self, customers: Iterable[str], now_us: int) -> list[Disclosure]:
        """Return those of some ids whose time is not over, oldest first."""
        query = f"{_SELECT} WHERE customer = ANY(%s::text[]) AND until_us > %s {_ORDER}"
        return [unpack_passed(*row) for row in self._connection.execute(query.encode(), (list(customers), now_us))]

    def of_decision(self, decision: str, now_us: int) -> list[Disclosure]:
        """Return those of a decision whose time is not over, oldest first."""
        query = f"{_SELECT} WHERE decision = %s AND until_us > %s {_ORDER}"
        return [unpack_passed(*row) for row in self._connection.execute(query.encode(), (decision, now_us))]

    def forget(self, now_us: int) -> int:
        """Forget those whose time is over; return how many there were."""
        return self._connection.execute("DELETE FROM disclosure WHERE until_us <= %s", (now_us,)).rowcount

    def erase(self, customers: Iterable[str]) -> int:
        """Take the customer off what was passed on of these ids; return how much there was."""
        query = "UPDATE disclosure SET customer = NULL WHERE customer = ANY(%s::text[])"
        return self._connection.execute(query, ([one for one in customers if one],)).rowcount


class PostgreSQLDisclosing(PostgreSQLPart):
    """A `DisclosureRecord` in the tables of a store."""

    def disclosures(self, customer: str, now_us: int) -> Sequence[Disclosure]:
        """Return what was passed on of a customer and every merged id whose time is not over, oldest first."""
        with self._pool.reading() as connection:
            members = PostgreSQLGraph(connection, self._rules).merges(customer).members(customer)
            return PostgreSQLDisclosures(connection).of_customers(members, now_us)

    def disclosures_of(self, decision: str, now_us: int) -> Sequence[Disclosure]:
        """Return what a decision passed on whose time is not over, oldest first."""
        with self._pool.reading() as connection:
            return PostgreSQLDisclosures(connection).of_decision(decision, now_us)

    def forget_disclosures(self, now_us: int) -> int:
        """Forget the disclosures whose time is over at a moment; return how many there were."""
        with self._pool.writing() as connection:
            return PostgreSQLDisclosures(connection).forget(now_us)
