"""The locks that changes take first, each in the same order, until they commit. They belong to no row.

Each is an advisory lock of the transaction: `SELECT * FROM pg_locks WHERE locktype = 'advisory'` shows who has it.
"""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

_STRIPES: Final = 256


@attrs.frozen(order=True)
class Lock:
    """
    A lock that is held to the end of a transaction.

    Attributes:
        place: Where it comes in the order in which all take them, so that no two wait for each other.
        shared: Whether others may hold it shared at the same time.
    """

    place: int
    shared: bool = False

    def key(self, schema: str) -> int:
        """Return the number under which a database knows it; other schemas have others."""
        return number_of("tactful", schema, str(self.place))


def number_of(*texts: str) -> int:
    """Return a number of 64 bits for some texts."""
    packed = b"".join(b"%d:%s" % (len(raw), raw) for text in texts for raw in [text.encode()])
    return int.from_bytes(hashlib.blake2b(packed, digest_size=8).digest(), "big", signed=True)


#: Who makes or changes the tables.
MIGRATION: Final = Lock(0)
#: Who changes links and merges; who changes what follows from them takes it shared.
GRAPH: Final = Lock(1)
GRAPH_AS_IT_IS: Final = Lock(1, shared=True)
#: Who writes the ledger and the outbox: their numbers rise in the order of commits, and a follower passes nothing over.
LEDGER: Final = Lock(2 + _STRIPES)
#: Who writes the decision log and the evidence.
LOG: Final = Lock(3 + _STRIPES)


def room_of(cap: str, value: str, per: str, subject: str) -> Lock:
    """Return the lock of who counts the room under a strict cap; a few rooms share one."""
    return Lock(2 + number_of(cap, value, per, subject) % _STRIPES)


def take(connection: "PostgreSQLConnection", schema: str, locks: Iterable[Lock]) -> None:
    """Wait for locks, in their order, and hold them to the end of the transaction."""
    ordered = sorted(set(locks))
    if not ordered:
        return
    calls = ", ".join(
        "pg_advisory_xact_lock_shared(%s)" if one.shared else "pg_advisory_xact_lock(%s)" for one in ordered
    )
    connection.execute(f"SELECT {calls}".encode(), [one.key(schema) for one in ordered])
