"""The tables of a store in PostgreSQL: made once, by whom it may, refused if they are another's, and its URL."""

import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful import Contact, ExtraMissing, StoreError
from tactful.opening import store_of
from tactful_adapters import postgresql_client, postgresql_migrations
from tactful_adapters.postgresql import PostgreSQLStore
from tactful_adapters.postgresql_address import Address
from tactful_adapters.postgresql_text import escaped, unescaped


def test_many_that_open_a_new_store_at_once_make_it_once(postgresql, tmp_path):
    wrong = []

    def make():
        try:
            PostgreSQLStore(postgresql.url(tmp_path)).close()
        except StoreError as error:
            wrong.append(error)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    rows = postgresql.inside(tmp_path, "SELECT version, name FROM schema_version ORDER BY version")
    assert rows == [(one.version, one.name) for one in postgresql_migrations.migrations()]
    assert [version for version, _ in rows] == list(range(1, len(rows) + 1))


def test_a_newer_schema_is_refused_and_stays(postgresql, tmp_path):
    PostgreSQLStore(postgresql.url(tmp_path)).close()
    postgresql.inside(tmp_path, "INSERT INTO schema_version (version, name) VALUES (99, 'later')")
    with pytest.raises(StoreError, match=r"it has schema version 99, this version reads up to \d+; update tactful"):
        PostgreSQLStore(postgresql.url(tmp_path))


def test_a_store_of_an_earlier_version_goes_on(monkeypatch, postgresql, tmp_path):
    all_of_them = postgresql_migrations.migrations()
    with monkeypatch.context() as patch:
        patch.setattr(postgresql_migrations, "migrations", lambda: all_of_them[:4])
        with PostgreSQLStore(postgresql.url(tmp_path)) as store:
            store.put_many(contacts=[Contact("1", "ada", "shown", 1)])
    with PostgreSQLStore(postgresql.url(tmp_path)) as store:
        assert len(store.contacts("ada", 0)) == 1
        assert list(store.disclosures("ada", 0)) == []


def test_a_migration_that_fails_leaves_no_trace(monkeypatch, postgresql, tmp_path):
    first, *_ = postgresql_migrations.migrations()
    broken = postgresql_migrations.Migration(2, "broken", "CREATE TABLE half (a int); SELECT 1/0")
    with monkeypatch.context() as patch:
        patch.setattr(postgresql_migrations, "migrations", lambda: (first, broken))
        with pytest.raises(StoreError, match="To make the tables: somebody who may make schemas gives psql"):
            PostgreSQLStore(postgresql.url(tmp_path))
    assert postgresql.run(f"SELECT to_regnamespace('{postgresql.schema(tmp_path)}')") == [(None,)]
    PostgreSQLStore(postgresql.url(tmp_path)).close()


def test_a_schema_of_another_application_stays_as_it_is(postgresql, tmp_path):
    schema = postgresql.schema(tmp_path)
    postgresql.run(f"CREATE SCHEMA {schema}")
    postgresql.inside(tmp_path, "CREATE TABLE theirs (a int)")
    with pytest.raises(StoreError, match=r"the schema belongs to another application; name another with \?schema="):
        PostgreSQLStore(postgresql.url(tmp_path))
    assert postgresql.run(f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'") == [("theirs",)]  # noqa: S608 - ours


@pytest.fixture
def role(postgresql):
    """A role that may connect and nothing else."""
    postgresql.run("CREATE ROLE edge LOGIN")
    yield "edge"
    postgresql.run("DROP OWNED BY edge", "DROP ROLE edge")


def test_a_role_that_may_make_no_tables_is_told_what_to_run_and_it_works(postgresql, tmp_path, role):
    url = postgresql.url(tmp_path).replace("postgres:@", f"{role}@")
    with pytest.raises(StoreError, match="To make the tables") as caught:
        PostgreSQLStore(url)
    said = str(caught.value)
    assert "the role may not do this" in said
    command = said.partition("`")[2].partition("`")[0].replace("ROLE", role)
    printed = subprocess.run([sys.executable, *command.split()[1:]], capture_output=True, text=True, check=True).stdout
    postgresql.run(printed)
    with PostgreSQLStore(url) as store:
        assert store.record([Contact("1", "ada", "shown", 1)]) == 1
        store.merge("ada", "al")
        assert store.erase("ada")["contacts"] == 1
    refused = pytest.raises(StoreError, match="the role may not do this")
    with PostgreSQLStore(url) as store, refused, store._pool.writing() as connection:
        connection.execute("DELETE FROM schema_version")


def test_a_database_in_another_encoding_is_refused(postgresql, tmp_path):
    postgresql.run("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(StoreError, match="the database's encoding is LATIN1; make one with ENCODING 'UTF8'"):
            PostgreSQLStore(postgresql.url(tmp_path).replace("/postgres?", "/latin?"))
    finally:
        postgresql.run("DROP DATABASE latin WITH (FORCE)")


def test_a_commit_waits_for_the_disk_whatever_the_server_is_set_to(postgresql, tmp_path):
    postgresql.run("ALTER ROLE postgres SET synchronous_commit = off")
    try:
        with PostgreSQLStore(postgresql.url(tmp_path)) as store, store._pool.reading() as connection:
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
    finally:
        postgresql.run("ALTER ROLE postgres RESET synchronous_commit")


def test_counts_hold_whoever_changes_the_outbox(postgresql, tmp_path):
    query = "SELECT sum(number_of_rows)::int FROM waiting"
    with PostgreSQLStore(postgresql.url(tmp_path)) as store:
        store.record([Contact(str(n), "ada", "shown", n) for n in range(5)])
        postgresql.inside(tmp_path, "DELETE FROM outbox WHERE number <= 2")
        assert postgresql.inside(tmp_path, query) == [(3,)]
        postgresql.inside(tmp_path, "TRUNCATE outbox")
        assert postgresql.inside(tmp_path, query) == [(0,)]
        store.record([Contact("9", "ada", "shown", 9)])
        assert len(store.outbox_take(9)) == 1


# The URL


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:",
        "postgresql:///db?schema=Tactful",
        "postgresql:///db?schema=pg_mine",
        "postgresql:///db?schema=a;b",
        "postgresql:///db?connections=0",
        "postgresql:///db?connections=many",
        "postgresql:///db?timeout_s=0",
        "postgresql:///db?timeout_s=nan",
        "postgresql://u:secret%zz@host/db",
        "postgresql://u:secret@host/db?shema=x",
        "postgresql://u:secret@host:port/db#secret",
        "mysql://u:secret@host/db",
    ],
)
def test_a_url_that_names_no_database_says_how_and_no_secret(url):
    with pytest.raises(StoreError, match=r"give one as in postgresql://role@host:5432/database") as caught:
        Address.of(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("timeout=3", "the URL's option timeout= is none of libpq's or tactful's; did you mean 'timeout_s'?"),
        ("sslmode=require&shema=x", "the URL's option shema= is none of libpq's or tactful's; did you mean 'schema'?"),
        ("qqqq=1", "the URL's option qqqq= is none of libpq's or tactful's; give one"),
    ],
)
def test_an_option_that_nobody_knows_is_named_with_the_nearest(query, told):
    with pytest.raises(StoreError) as caught:
        Address.of(f"postgresql://ada:canary@db.example/shop?{query}")
    assert told in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "query", ["canary=x@db.example/shop?nope=1", "canary=x%40db.example/shop", "canary=1", "x=1&canary"]
)
def test_what_may_be_of_a_password_or_is_no_name_is_not_told(query):
    with pytest.raises(StoreError, match="give one as in") as caught:
        Address.of(f"postgresql://ada:pass?{query}")
    assert "anary" not in str(caught.value)


def test_what_is_not_ours_goes_on_to_libpq():
    address = Address.of("postgres://ada:p%40ss@db.example/shop?schema=tact&sslmode=verify-full&timeout_s=2.5")
    assert address.conninfo == "postgres://ada:p%40ss@db.example/shop?sslmode=verify-full"
    assert (address.schema, address.timeout_s, address.connections) == ("tact", 2.5, 8)
    assert address.name == "PostgreSQL at db.example:5432, database shop, schema tact"
    assert "p@ss" not in repr(address)
    assert "p%40ss" not in repr(address)


@pytest.mark.parametrize("where", ["127.0.0.1:1", "nowhere.invalid"])
def test_a_server_that_is_not_there_is_named_and_no_password(where):
    with pytest.raises(StoreError, match="it cannot be reached") as caught:
        PostgreSQLStore(f"postgresql://ada:canary@{where}/shop")
    assert where.partition(":")[0] in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_database_that_is_not_there_is_told_as_such(postgresql, tmp_path):
    with pytest.raises(StoreError, match="there is no such database; name another, or make it"):
        PostgreSQLStore(f"{postgresql.url(tmp_path)}&dbname=shp")


def test_without_psycopg_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    postgresql_client.client.cache_clear()
    try:
        with pytest.raises(ExtraMissing, match=r"pip install 'tactful\[postgresql\]'"):
            PostgreSQLStore.from_url("postgresql://host/db")
    finally:
        postgresql_client.client.cache_clear()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_url_opens_a_store(postgresql, tmp_path, scheme):
    store = store_of(postgresql.url(tmp_path).replace("postgresql:", f"{scheme}:", 1))
    assert isinstance(store, PostgreSQLStore)
    store.close()


# Texts


@given(st.lists(st.text(st.characters(codec="utf-8") | st.sampled_from("\0\1\2")), max_size=6))
def test_texts_come_back_and_keep_their_order_without_nul(texts):
    raw = [escaped(text) for text in texts]
    assert [unescaped(one) for one in raw] == texts
    assert not any(b"\0" in one for one in raw)
    assert [unescaped(one) for one in sorted(raw)] == sorted(texts)
