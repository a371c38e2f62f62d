"""Who was erased from PostgreSQL, by keyed hashes alone, as a connection sees it. It erases nobody."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from tactful import Contact, Disclosure, Late

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

_Event = TypeVar("_Event", Contact, Disclosure)


class PostgreSQLErased:
    """Tells events that come late from the others; who asks holds the ledger's lock, as who erases does."""

    __slots__ = ("_connection",)

    def __init__(self, connection: "PostgreSQLConnection") -> None:
        self._connection = connection

    def in_time(self, events: Sequence[_Event]) -> tuple[list[_Event], list[_Event]]:
        """Return the events that bring nobody back who was erased, and the withdrawals among the others."""
        times_us = [one.at_us for one in events if isinstance(one, Contact | Disclosure)]
        if not times_us:
            return list(events), []  # what is no event is refused later
        query = "SELECT max(at_us), (SELECT value FROM register WHERE name = %s) FROM erased"
        newest_us, key = self._connection.execute(query, (Late.register,)).fetchone() or (None, None)
        if newest_us is None or key is None or min(times_us) > newest_us:
            return list(events), []  # all of it happened since anybody was erased
        query = "SELECT who, at_us FROM erased WHERE who = ANY(%s::bytea[])"
        erased_us = {
            bytes(who): int(at_us) for who, at_us in self._connection.execute(query, (Late.names(events, bytes(key)),))
        }
        return Late.in_time(events, erased_us, bytes(key))
