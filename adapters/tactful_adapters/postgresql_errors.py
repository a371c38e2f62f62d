"""What went wrong in PostgreSQL, in words that say what to do. No value of a row gets into them, and no password."""

import re
from typing import TYPE_CHECKING, Final

from tactful import StoreError

from .postgresql_client import SilentServerError

if TYPE_CHECKING:
    from psycopg import Error

_NOT_KEPT: Final = "nothing of this call was kept"
_UNCERTAIN: Final = "whether this call was kept is not known: make it again, what has the same id counts once"
_RIGHTS: Final = "the role may not do this; grant it the rights that docs/postgresql.md lists"
_FORBIDDEN: Final = "42501"
_BUSY: Final = "it took too long; the server is busy, or somebody else holds a lock"
_DOWN: Final = "the server ended the connection; it stops, starts, or somebody ended it: the next call connects again"

# By SQLSTATE, or its first two characters: what it means here, and what would be right.
_MEANS: Final = {
    "08": "the connection was lost; the next call connects again",
    "22": "a value does not fit there",
    "22003": "a number has over 64 bits",
    "23": "a constraint that is not tactful's, or a damaged row, refuses it; put the tables back as they were made",
    "25006": (
        "the server takes no changes (a standby, or default_transaction_read_only); "
        "open the store where it can be written"
    ),
    "25P03": "the call waited too long within its transaction, and the server ended it",
    "28": "the server does not let this role in; look at its name, its password and pg_hba.conf",
    "3D000": "there is no such database; name another, or make it",
    "40": "another call came in between; make it again",
    _FORBIDDEN: _RIGHTS,
    "53100": "there is no room left on the server; make room there",
    "53200": "the server has no memory left",
    "53300": "the server has no connection left; raise max_connections, or give fewer to each store (?connections=)",
    "54000": "an id is too long (about 2,600 bytes in UTF-8, compressed) to be looked up",
    "57014": _BUSY,
    "55P03": _BUSY,
    "57P01": _DOWN,
    "57P02": _DOWN,
    "57P03": _DOWN,
    "57P05": _DOWN,
    "58": "the server's disk fails; look at its log",
    "XX": "the server finds its own data damaged; look at its log, and restore a copy",
}
#: What libpq's words have if the server runs and lets the role not in; they come without SQLSTATE.
_SHUT_OUT: Final = ("password", "not permitted", "pg_hba.conf", "role ", "permission denied for database")
#: And if it runs, and has no database of that name.
_NO_DATABASE: Final = re.compile(r'FATAL: +database ".*" does not exist')
#: Names of things, but no values, are in the messages of these: what is not there, or has another type.
_TELLING: Final = frozenset({"42P01", "42703", "42883", "42804", "3F000", "42P10", "42846", "0A000"})


def explained(
    error: "Error | SilentServerError | UnicodeEncodeError", where: str, *, committing: bool, ours: bool = True
) -> StoreError:
    """
    Return what to raise in place of an error of psycopg, whose own words may hold values.

    Args:
        error: What was raised.
        where: The name of the store.
        committing: Whether the transaction was being committed, so that nobody knows how it ended.
        ours: Whether the tables are tactful's.
    """
    if not ours:
        return StoreError(f"{where}: {_meaning_of_theirs(error)}")
    outcome = _UNCERTAIN if committing and not _answered(error) else _NOT_KEPT
    said = f"{where}: {_meaning(error)}; {outcome}"
    return StoreError(said, code="store-value") if _is_about_a_value(error) else StoreError(said)


def unreachable(error: "Error | SilentServerError", where: str, password: str | None) -> StoreError:
    """
    Return what to raise if no connection came about.

    Args:
        error: What was raised.
        where: The name of the store.
        password: What must not be told, should the server's or the library's words hold it.
    """
    state = getattr(error, "sqlstate", None)
    if state in _MEANS:
        return StoreError(f"{where}: {_MEANS[state]}")
    said = " ".join(str(error).split()) or "the server is silent"
    if _NO_DATABASE.search(said):
        return StoreError(f"{where}: {_MEANS['3D000']}")
    if password:
        said = said.replace(password, "***")
    shut_out = any(word in said for word in _SHUT_OUT)
    do = "look at the role's name, password and rights" if shut_out else "look at its address, and whether it runs"
    return StoreError(f"{where}: it cannot be reached ({said[:300]}); {do}")


def _is_about_a_value(error: object) -> bool:
    """Return whether what was given cannot be kept, now or ever."""
    state = getattr(error, "sqlstate", None) or ""
    return isinstance(error, UnicodeEncodeError) or state.startswith(("22", "54"))


def _answered(error: object) -> bool:
    """Return whether the server itself said that the statement failed, and goes on."""
    state = getattr(error, "sqlstate", None)
    return state is not None and not state.startswith(("08", "57P"))


def _meaning(error: object) -> str:
    if isinstance(error, SilentServerError):
        return "the server is silent; it is paused, overloaded or cut off: the next call connects again"
    if isinstance(error, UnicodeEncodeError):
        return "a text is not Unicode"
    state = getattr(error, "sqlstate", None)
    if state is None:
        return _MEANS["08"]
    if state == _FORBIDDEN:
        return f"{_RIGHTS} ({_primary(error)})"
    if state in _MEANS:
        return _MEANS[state]
    if state in _TELLING:
        return (
            f"its tables are not as tactful made them ({_primary(error)}); put back what was changed, as "
            "postgresql_schema/*.sql beside this module has it"
        )
    return _MEANS.get(state[:2], f"{type(error).__name__}, SQLSTATE {state}")


def _meaning_of_theirs(error: object) -> str:
    state = getattr(error, "sqlstate", None) or ""
    if (state.startswith("42") and state not in _MEANS) or state in _TELLING:
        return f"the query does not fit the tables ({_primary(error)}); correct it"
    return "the query changes something; let it only read" if state == "25006" else _meaning(error)


def _primary(error: object) -> str:
    return str(getattr(getattr(error, "diag", None), "message_primary", "") or "")
