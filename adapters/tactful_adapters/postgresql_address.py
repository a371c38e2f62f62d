"""Where a store in PostgreSQL is: its URL, taken apart. Its name in errors has neither role nor password."""

import re
from types import ModuleType
from typing import Final, Self
from urllib.parse import unquote

import attrs

from tactful import StoreError

from .nearest import nearest
from .postgresql_client import client
from .url_options import within

_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
#: What is told of an option that is unknown: a name, and no value.
_OPTION: Final = re.compile(r"[a-z_]{1,30}")
#: A role's password and no host after it: there is no @, and what follows the : is no port.
_CUT_PASSWORD: Final = re.compile(r"://[^@/]*:(?![0-9]*(?:/|$))[^@]*$")
_OURS: Final = frozenset({"schema", "connections", "timeout_s"})
_HOW: Final = "give one as in postgresql://role@host:5432/database?schema=tactful"


@attrs.frozen
class Address:
    """
    Where a store is, and how it is used.

    Attributes:
        conninfo: What libpq is given; it may hold a password.
        name: What errors call it.
        schema: The schema of its tables.
        connections: So many connections are open at once at most, 1 to 100.
        timeout_s: A statement, a lock and the connecting take at most this long, 0.1 to 600 [s].
    """

    conninfo: str = attrs.field(repr=False)
    name: str
    password: str | None = attrs.field(repr=False, default=None)
    schema: str = "tactful"
    connections: int = 8
    timeout_s: float = 5.0

    @classmethod
    def of(cls, url: str, *, schema: str = "tactful") -> Self:
        """
        Return the address of a URL: `postgresql://role@host:5432/database?schema=tactful&connections=8&timeout_s=5`.

        Whatever else libpq understands goes on to it, such as `sslmode=verify-full` or `host=/run/postgresql`.

        Args:
            url: The URL.
            schema: The schema, if the URL names none.

        Raises:
            StoreError: If it is none; the error does not tell the URL, which may hold a password.
            ExtraMissing: If psycopg is not installed.
        """
        psycopg = client()
        before, _, query = url.partition("?")
        if not before.startswith(("postgresql://", "postgres://")) or "#" in url:
            raise _refusal("this is no URL of a database")
        given = [option for option in query.split("&") if option]
        ours = {name: unquote(value) for name, _, value in map(_parted, given) if name in _OURS}
        schema = ours.get("schema", schema)
        if not _SCHEMA.fullmatch(schema) or schema.startswith("pg_"):
            raise _refusal("schema= names a schema in small letters, digits and _, at most 63, not pg_…")
        connections = within(ours.get("connections", "8"), "connections", 1, 100, _refusal)
        timeout_s = within(ours.get("timeout_s", "5"), "timeout_s", 0.1, 600, _refusal)
        conninfo = "?".join(filter(None, (before, "&".join(one for one in given if _parted(one)[0] not in _OURS))))
        try:
            known = psycopg.conninfo.conninfo_to_dict(conninfo)
        except (psycopg.Error, UnicodeError):
            raise _refusal(_not_understood(psycopg, before, query)) from None
        at = f"{known.get('host') or known.get('hostaddr') or 'the local socket'}:{known.get('port') or 5432}"
        name = f"PostgreSQL at {at}, database {known.get('dbname') or 'of the role'}, schema {schema}"
        return cls(conninfo, name, known.get("password") or None, schema, int(connections), timeout_s)


def _parted(option: str) -> tuple[str, str, str]:
    return option.partition("=")


def _not_understood(psycopg: ModuleType, before: str, query: str) -> str:
    """Return which option nobody knows; nothing of what may be the rest of a password that has a ? in it."""
    known = {one.keyword.decode() for one in psycopg.pq.Conninfo.get_defaults()} | _OURS | {"ssl"}
    of_password = "@" in unquote(query) or _CUT_PASSWORD.search(before)
    for option in () if of_password else query.split("&"):
        name = _parted(option)[0]
        if _OPTION.fullmatch(name) and name not in known:
            hint = nearest(name, known)  # all of them would be too many
            said = f"the URL's option {name}= is none of libpq's or tactful's"
            return f"{said}; {hint}" if hint.startswith("did you mean") else said
    return "libpq does not understand the URL or one of its options"


def _refusal(wrong: str) -> StoreError:
    return StoreError(f"{wrong}; {_HOW}", code="store-url")
