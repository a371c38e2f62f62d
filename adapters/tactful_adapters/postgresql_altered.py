"""What somebody else did to the tables or the session that no statement fails at, and that would lose something.

A statement that cannot run says so by itself. These run: a trigger that is switched off tells nobody of a withdrawal,
one that swallows rows keeps nothing, a standby that hears of nothing new has old truths. It looks, and mends nothing.
"""

from typing import TYPE_CHECKING, Final

from tactful import StoreError

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

#: The triggers by which edges hear of what changes.
_TELLING: Final = frozenset(
    {f"{table}_{how}" for table in ("consent", "profile", "link") for how in ("new", "changed")} | {"line_counted"}
)
_NOT_KEPT: Final = "nothing of this call was kept"
_QUERY: Final = """
WITH ours AS (
    SELECT pg_class.oid, relname, relkind FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = current_schema() AND relname IN ('consent', 'profile', 'link', 'change', 'line_epoch')
), triggers AS (
    SELECT tgname, tgtype, relname FROM pg_trigger JOIN ours ON tgrelid = ours.oid
    WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
)
SELECT current_setting('session_replication_role') = 'replica',
       ARRAY(SELECT relname::text FROM ours WHERE relkind NOT IN ('r', 'p')
             OR EXISTS (SELECT FROM pg_rewrite WHERE ev_class = ours.oid) ORDER BY 1),
       ARRAY(SELECT tgname::text FROM triggers WHERE tgname = ANY(%s::text[])),
       ARRAY(SELECT tgname::text FROM triggers WHERE relname IN ('change', 'line_epoch') AND tgtype & 3 = 3 ORDER BY 1)
"""  # tgtype & 3: it comes before each row, and may swallow it


def check_telling(connection: "PostgreSQLConnection") -> None:
    """
    Look whether edges hear of what changes.

    Raises:
        StoreError: If somebody altered what tells them.
    """
    found = connection.execute(_QUERY, (sorted(_TELLING),)).fetchone()
    is_replica, replaced, there, swallowing = found or (False, [], [], [])
    if is_replica:
        raise _altered("the role's session_replication_role is replica, so that no trigger fires; reset it")
    if replaced:
        raise _altered(f"{replaced[0]} is no table any more, or has rules; put the table back, or drop the rules")
    if missing := sorted(_TELLING - set(there)):
        raise _altered(f"the trigger {missing[0]} is switched off or gone; ALTER TABLE … ENABLE TRIGGER {missing[0]}")
    if swallowing:
        raise _altered(f"the trigger {swallowing[0]} is not tactful's and may swallow changes; drop it")


def check_primary(connection: "PostgreSQLConnection") -> None:
    """
    Look whether the server is the one that is written to: a standby may be behind, and cannot tell how far.

    Raises:
        StoreError: If it is a standby.
    """
    (is_standby,) = connection.execute("SELECT pg_is_in_recovery()").fetchone() or (False,)
    if is_standby:
        raise StoreError("the server is a standby, which may be behind: edges follow the primary alone; name that one")


def swallowed(table: str) -> StoreError:
    """Return what to raise if a table has not what was put there, and said nothing."""
    return _altered(f"{table} did not keep what it was given: look at its triggers and rules; drop those not tactful's")


def _altered(what: str) -> StoreError:
    return StoreError(f"the tables are not as tactful made them: {what}; {_NOT_KEPT}")
