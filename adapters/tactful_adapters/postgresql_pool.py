"""A few connections to one server, and their transactions. It knows no table.

It is small and of its own, because it must tell the cause at once when the server is away (a pool with threads tells
that it waited), and because nothing of it may cross a fork: a child opens connections of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Final

from tactful import StoreError, UsageError

from .forks import begins_anew_in_a_child, leave_alone
from .postgresql_address import Address
from .postgresql_client import SilentServerError, client, connect
from .postgresql_errors import explained, unreachable
from .postgresql_locks import Lock as Held
from .postgresql_locks import take

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
#: What follows a lock must see what others committed before it was free: so each statement sees the newest.
_WRITING: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"
#: Errors after which a connection goes on: what was given was wrong, not what it is given to.
_GOES_ON: Final = ("22", "23", "54")


class PostgreSQLPool:
    """At most so many connections, safe under threads and fork; opened when they are needed."""

    def __init__(self, address: Address, *, ours: bool = True) -> None:
        """Open nothing yet; `ours` says whether the tables are tactful's."""
        self.address = address
        self._ours = ours
        self._closed = False
        self._idle: list[PostgreSQLConnection] = []
        self.begin_anew()
        begins_anew_in_a_child(self)

    @contextmanager
    def reading(self) -> "Iterator[PostgreSQLConnection]":
        """Give a connection for reads that see one state of the store."""
        with self._transaction(_READING) as connection:
            yield connection

    @contextmanager
    def writing(self, *locks: Held) -> "Iterator[PostgreSQLConnection]":
        """Give a connection that has some locks, for a change that is kept at the end, or not at all if it raises."""
        with self._transaction(_WRITING) as connection:
            take(connection, self.address.schema, locks)
            yield connection

    def close(self) -> None:
        """Close what is open; a second call does nothing."""
        self._closed = True
        self._close_idle()

    @property
    def closed(self) -> bool:
        """Whether it takes no more calls."""
        return self._closed

    @contextmanager
    def _transaction(self, begin: str) -> "Iterator[PostgreSQLConnection]":
        if self._closed:
            raise UsageError(f"{self.address.name}: the store is closed; open another one")
        free = self._free
        if not free.acquire(timeout=self.address.timeout_s):
            raise StoreError(f"{self.address.name}: all {self.address.connections} connections are in use; try again")
        try:
            connection = self._begun(begin)
            with self._ended(connection):
                yield connection
        finally:
            free.release()

    def _begun(self, begin: str) -> "PostgreSQLConnection":
        """Return a connection in a transaction; one that was lost while it was idle is replaced, once."""
        psycopg = client()
        while True:
            with self._lock:
                idle = self._idle.pop() if self._idle else None
            connection = idle or self._open()
            try:
                connection.execute(begin.encode())
            except (psycopg.Error, SilentServerError) as error:
                lost = connection.closed
                connection.close()
                if idle is None or not lost:
                    raise explained(error, self.address.name, committing=False, ours=self._ours) from None
                self._close_idle()
            else:
                return connection

    @contextmanager
    def _ended(self, connection: "PostgreSQLConnection") -> Iterator[None]:
        psycopg, committing, goes_on = client(), False, False
        try:
            yield
            committing = True
            connection.execute(b"COMMIT")
            goes_on = True
        except (psycopg.Error, SilentServerError, UnicodeEncodeError) as error:
            state = getattr(error, "sqlstate", None) or ""
            goes_on = state.startswith(_GOES_ON) or isinstance(error, UnicodeEncodeError)
            goes_on = goes_on and self._rolled_back(connection)
            raise explained(error, self.address.name, committing=committing, ours=self._ours) from None
        except BaseException:
            goes_on = self._rolled_back(connection)
            raise
        finally:
            self._give_back(connection, goes_on=goes_on)

    def _rolled_back(self, connection: "PostgreSQLConnection") -> bool:
        try:
            connection.execute(b"ROLLBACK")
        except (client().Error, SilentServerError):
            return False
        return True

    def _give_back(self, connection: "PostgreSQLConnection", *, goes_on: bool) -> None:
        with self._lock:
            kept = goes_on and not self._closed
            if kept:
                self._idle.append(connection)
        if not kept:
            connection.close()

    def _open(self) -> "PostgreSQLConnection":
        where = self.address
        try:
            return connect(where.conninfo, where.schema, where.timeout_s, ours=self._ours)
        except (client().Error, SilentServerError) as error:
            raise unreachable(error, where.name, where.password) from None

    def _close_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def begin_anew(self) -> None:
        """Have no connection, and no lock that is held; what a parent process has open is left alone."""
        leave_alone(self._idle)
        self._idle = []
        self._lock = Lock()
        self._free = BoundedSemaphore(self.address.connections)
