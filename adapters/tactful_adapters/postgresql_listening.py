"""Hearing from PostgreSQL that there may be something new, on a connection of its own: a hint, never the truth."""

import selectors
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Final

from tactful import UsageError

from .forks import begins_anew_in_a_child, leave_alone
from .postgresql_client import SilentServerError, client, connect
from .postgresql_errors import explained, unreachable

if TYPE_CHECKING:
    from .postgresql_address import Address
    from .postgresql_client import PostgreSQLConnection

#: So long it takes until one who waits hears that it is closed [s].
_AT_ONCE_S: Final = 0.2


class PostgreSQLListening:
    """One who listens for one line; others who wait for the same one wait behind it. Safe under threads and fork."""

    def __init__(self, address: "Address", line: str) -> None:
        """Open nothing yet."""
        self._address = address
        self._line = line
        self._heard = False
        self._closed = False
        self._connection: PostgreSQLConnection | None = None
        self.begin_anew()
        begins_anew_in_a_child(self)

    def wait(self, is_newer: Callable[[], bool], timeout_s: float) -> bool:
        """
        Wait until the server tells of something new, or there is; return whether.

        Args:
            is_newer: Looks whether there is something already; asked once it is listened, and at each notice.
            timeout_s: At most so long [s].

        Raises:
            StoreError: If the server cannot be reached.
            UsageError: After `close`.
        """
        until_s = monotonic() + timeout_s
        if not self._lock.acquire(timeout=max(0.0, timeout_s)):
            return False
        try:
            if self._closed:
                raise UsageError(f"{self._address.name}: the centre is closed; open another one")
            return self._wait(self._listening(), is_newer, until_s)
        except (client().Error, SilentServerError) as error:
            self._let_go()
            raise explained(error, self._address.name, committing=False) from None
        finally:
            if self._closed:
                self._let_go()
            self._lock.release()

    def close(self) -> None:
        """Let those who wait come back, and close the connection; a second call does nothing."""
        self._closed = True
        if self._lock.acquire(timeout=5 * _AT_ONCE_S):  # one who waits closes it by itself
            self._let_go()
            self._lock.release()

    def begin_anew(self) -> None:
        """Have no connection, and no lock that is held; what a parent process has open is left alone."""
        leave_alone([self._connection] if self._connection is not None else ())
        self._connection = None
        self._lock = Lock()

    def _wait(self, connection: "PostgreSQLConnection", is_newer: Callable[[], bool], until_s: float) -> bool:
        self._heard = False  # what was told of by now is looked for
        if is_newer():
            return True
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            while not self._closed and (left_s := until_s - monotonic()) > 0:
                if selector.select(min(left_s, _AT_ONCE_S)):
                    connection.execute("SELECT 1")  # takes in what has come
                    if self._was_heard() and is_newer():  # not what was seen before the notice of it came
                        return True
        return False

    def _was_heard(self) -> bool:
        heard, self._heard = self._heard, False
        return heard

    def _listening(self) -> "PostgreSQLConnection":
        if self._connection is None:
            where = self._address
            try:
                self._connection = connect(where.conninfo, where.schema, where.timeout_s)
            except (client().Error, SilentServerError) as error:
                raise unreachable(error, where.name, where.password) from None
            self._connection.add_notify_handler(self._hear)
            self._connection.execute("LISTEN tactful")
        return self._connection

    def _hear(self, notice: object) -> None:
        if getattr(notice, "payload", "") == f"{self._address.schema}/{self._line}":
            self._heard = True

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
