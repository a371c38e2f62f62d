"""What tactful asks of psycopg: connections that never wait for ever, and texts that keep every character.

psycopg is loaded when the first store is opened; without it everything else goes on.
"""

from collections.abc import Callable, Generator
from functools import cache
from math import ceil
from time import monotonic
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tactful import ExtraMissing

from .postgresql_text import escaped, unescaped

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.abc import Buffer
    from psycopg.rows import TupleRow

    #: What the tables see: a connection whose rows are tuples.
    PostgreSQLConnection = Connection[TupleRow]

#: The server ends a statement by itself after its time; a server that does not even do that is given this much more.
_GRACE_S: Final = 1.0
_T = TypeVar("_T")


class SilentServerError(Exception):
    """The server gave no sign of life for longer than a statement may take; it holds nothing of the statement."""


@cache
def client() -> ModuleType:
    """
    Return psycopg.

    Raises:
        ExtraMissing: If it is not installed.
    """
    try:
        import psycopg  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ExtraMissing("a store in PostgreSQL", "postgresql") from error
    return psycopg


def connect(conninfo: str, schema: str, timeout_s: float, *, ours: bool = True) -> "PostgreSQLConnection":
    """
    Return a connection that is set up: in its schema, in autocommit, with bounds on every wait.

    Args:
        conninfo: A URL or parameters, as libpq takes them.
        schema: The schema in which all tables are.
        timeout_s: A statement, a lock and the connecting take at most this long [s].
        ours: Whether the tables are tactful's, whose texts keep every character.
    """
    connection: PostgreSQLConnection = _bounded().connect(
        conninfo,
        autocommit=True,
        client_encoding="UTF8",
        connect_timeout=max(2, ceil(timeout_s)),
        tcp_user_timeout=ceil(timeout_s * 1_000),
        fallback_application_name="tactful",
    )
    try:
        connection.silence_s = timeout_s + _GRACE_S  # type: ignore[attr-defined]
        for dumper in _dumpers() if ours else ():
            connection.adapters.register_dumper(str, dumper)
        for loader in _loaders() if ours else ():
            connection.adapters.register_loader("text", loader)
        # Of our tables, rows that a policy hides are an error then, not taken for none; and bytes in arrays come back.
        connection.execute(
            """SELECT set_config('search_path', %s, false),
                      set_config('statement_timeout', %s, false),
                      set_config('idle_in_transaction_session_timeout', %s, false),
                      set_config('row_security', %s, false),
                      set_config('standard_conforming_strings', 'on', false),
                      set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                          WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)""",
            (
                f'"{schema}", pg_temp',
                str(ceil(timeout_s * 1_000)),
                str(ceil(timeout_s * 2_000)),
                "off" if ours else "on",
            ),
        )
    except BaseException:
        connection.close()
        raise
    return connection


@cache
def _bounded() -> Any:
    client()
    from psycopg import Connection  # noqa: PLC0415 - an extra

    class Bounded(Connection[Any]):
        """A connection whose waits end, also when the server's process is stopped and cannot time out by itself."""

        silence_s = 30.0

        def wait(self, gen: Generator[Any, Any, _T], *args: Any, **options: Any) -> _T:
            return super().wait(_while_alive(gen, self.silence_s, monotonic), *args, **options)

    return Bounded


def _while_alive(
    waiting: Generator[Any, Any, _T], silence_s: float, clock: Callable[[], float]
) -> Generator[Any, Any, _T]:
    """
    Wait as a generator of psycopg does, but not longer than the server may be silent.

    psycopg resumes it now and then with nothing ready, several times a second.

    Raises:
        SilentServerError: If the server was silent for too long.
    """
    try:
        wanted = next(waiting)
        until = clock() + silence_s
        while True:
            ready = yield wanted
            if ready:
                until = clock() + silence_s
            elif clock() > until:
                waiting.close()
                raise SilentServerError
            wanted = waiting.send(ready)
    except StopIteration as end:
        found: _T = end.value
        return found


@cache
def _dumpers() -> tuple[Any, ...]:
    from psycopg.types.string import StrBinaryDumper, StrDumper  # noqa: PLC0415 - an extra

    class Escaping(StrDumper):
        def dump(self, obj: str) -> "Buffer | None":
            return escaped(obj)

    class EscapingBinary(StrBinaryDumper):
        def dump(self, obj: str) -> "Buffer | None":
            return escaped(obj)

    return EscapingBinary, Escaping  # the last one is taken when both would do


@cache
def _loaders() -> tuple[Any, ...]:
    from psycopg.adapt import Loader  # noqa: PLC0415 - an extra
    from psycopg.pq import Format  # noqa: PLC0415 - an extra

    class Unescaping(Loader):
        def load(self, data: "Buffer") -> str:
            return unescaped(bytes(data))

    class UnescapingBinary(Unescaping):
        format = Format.BINARY

    return Unescaping, UnescapingBinary
