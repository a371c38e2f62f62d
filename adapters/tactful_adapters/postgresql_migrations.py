"""The tables of a store, made and brought up to date: by the store itself, or by somebody who may.

`python -m tactful_adapters.postgresql_migrations --schema tactful --role edge` prints what is to be run, for a role
that has no right to make tables. The statements are in postgresql_schema/*.sql.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import attrs

from tactful import StoreError

from .postgresql_locks import MIGRATION
from .postgresql_pool import PostgreSQLPool

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

_VERSIONS: Final = """
CREATE TABLE schema_version (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    applied_by text NOT NULL DEFAULT current_user
);
COMMENT ON TABLE schema_version IS 'Which of tactful''s migrations were applied, when and by whom';
"""


@attrs.frozen
class Migration:
    """A file of statements that leads to a version of the schema from the one before."""

    version: int
    name: str
    sql: str

    @property
    def registration(self) -> str:
        """The statement that enters it."""
        return f"INSERT INTO schema_version (version, name) VALUES ({self.version}, '{self.name}')"  # noqa: S608 - ours


@cache
def migrations() -> Sequence[Migration]:
    """Return all migrations, by version."""
    folder = files("tactful_adapters").joinpath("postgresql_schema")
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return tuple(Migration(int(file.name[:4]), file.name[5:-4], file.read_text(encoding="utf-8")) for file in found)


def migrate(pool: PostgreSQLPool) -> None:
    """
    Bring the schema of a store up to date, all or nothing; a current one is only looked at.

    Raises:
        StoreError: If it belongs to something else or to a newer tactful, or the role may not change it.
    """
    newest = migrations()[-1].version
    with pool.reading() as connection:
        version = _version(connection, pool)
    if version < newest:
        try:
            _apply(pool)
        except StoreError as error:
            raise StoreError(f"{error}. To make the tables: {_by_hand(pool)}") from None


def script(schema: str, role: str | None, after: int = 0) -> str:
    """
    Return the statements that make or update a schema, for psql.

    Args:
        schema: The schema.
        role: The role that edges have, which is granted what it needs; None grants nothing.
        after: The version that is there already.
    """
    name = f'"{schema}"'
    lines = ["BEGIN;", f"CREATE SCHEMA IF NOT EXISTS {name};", f"SET LOCAL search_path = {name}, pg_temp;"]
    lines += [] if after else [_VERSIONS.strip()]
    for one in migrations():
        if one.version > after:
            lines += [f"-- {one.version}: {one.name}", one.sql.strip(), f"{one.registration};"]
    if role is not None:
        quoted = '"' + role.replace('"', '""') + '"'
        lines += [
            f"GRANT USAGE ON SCHEMA {name} TO {quoted};",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO {quoted};",
            f"REVOKE INSERT, UPDATE, DELETE ON schema_version FROM {quoted};",
        ]
    return "\n".join([*lines, "COMMIT;", ""])


def _apply(pool: PostgreSQLPool) -> None:
    schema = pool.address.schema
    with pool.writing(MIGRATION) as connection:
        version = _version(connection, pool)  # another process may have done it in the meantime
        if not _is_there(connection, schema):
            connection.execute(f'CREATE SCHEMA "{schema}"'.encode())
        if version == 0:
            connection.execute(_VERSIONS.encode())
        for migration in migrations():
            if migration.version > version:
                connection.execute(migration.sql.encode())
                connection.execute(migration.registration.encode())


def _version(connection: "PostgreSQLConnection", pool: PostgreSQLPool) -> int:
    """Return the version of the schema, 0 if there is none; refuse what is not ours, or not ours any more."""
    schema, name = pool.address.schema, pool.address.name
    (encoding,) = connection.execute("SELECT current_setting('server_encoding')").fetchone() or ("",)
    if encoding != "UTF8":
        raise StoreError(f"{name}: the database's encoding is {encoding}; make one with ENCODING 'UTF8'")
    tables = _tables(connection, schema)
    if "schema_version" not in tables:
        if tables:
            raise StoreError(f"{name}: the schema belongs to another application; name another with ?schema=")
        return 0
    (version,) = connection.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone() or (0,)
    newest = migrations()[-1].version
    if version > newest:
        raise StoreError(f"{name}: it has schema version {version}, this version reads up to {newest}; update tactful")
    return int(version)


# These look into the catalogue itself: functions such as to_regclass may answer from what a session remembers, which
# another one that made the schema in the meantime has not told it yet.


def _is_there(connection: "PostgreSQLConnection", schema: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone() is not None


def _tables(connection: "PostgreSQLConnection", schema: str) -> set[str]:
    query = """SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
               WHERE nspname = %s AND relkind IN ('r', 'p', 'v', 'm')"""
    return {table for (table,) in connection.execute(query, (schema,))}


def _by_hand(pool: PostgreSQLPool) -> str:
    return (
        "somebody who may make schemas gives psql what "
        f"`python -m tactful_adapters.postgresql_migrations --schema {pool.address.schema} --role ROLE` prints"
    )


def main() -> None:
    """Print the statements that make or update a schema."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--schema", default="tactful", help="the schema of the store")
    parser.add_argument("--role", help="the role that edges have, to be granted what it needs")
    parser.add_argument("--after", type=int, default=0, help="the version that is there already; 0 makes all")
    given = parser.parse_args()
    sys.stdout.write(script(given.schema, given.role, given.after))


if __name__ == "__main__":
    main()
