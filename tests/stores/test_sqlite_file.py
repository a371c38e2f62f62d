"""How a SQLite file is opened: settings, rights, other people's files, damage, and what each refusal says."""

import shutil
import sqlite3
import stat
import tempfile
from contextlib import closing
from pathlib import Path

import attrs
import pytest

from tactful import Contact, MemoryStore, OutboxLimits, Snapshot, StoreError, UsageError
from tactful_adapters import sqlite_file
from tactful_adapters.sqlite import SQLiteStore
from tactful_adapters.sqlite_schema import APPLICATION_ID, MIGRATIONS

CONTACT = Contact("1", "ada", "shown", 0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "edge.db"


def setting(store, name):
    return store._file._connection.execute(f"PRAGMA {name}").fetchone()[0]


def execute(path, *statements):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [connection.execute(statement).fetchall() for statement in statements]


@pytest.mark.parametrize(
    ("shared", "safe", "journal", "locking"),
    [
        (True, False, "truncate", "normal"),
        (True, True, "wal", "normal"),
        (False, False, "wal", "exclusive"),
        (False, True, "wal", "exclusive"),
    ],
)
def test_the_settings_lose_nothing(monkeypatch, path, shared, safe, journal, locking):
    monkeypatch.setattr(sqlite_file, "wal_is_safe", lambda _: safe)
    with SQLiteStore(path, shared=shared) as store:
        assert setting(store, "journal_mode") == journal
        assert setting(store, "locking_mode") == locking
        assert setting(store, "synchronous") == 2
        assert [setting(store, name) for name in ("foreign_keys", "secure_delete", "trusted_schema")] == [1, 1, 0]
        assert setting(store, "application_id") == APPLICATION_ID
        assert setting(store, "user_version") == len(MIGRATIONS)


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 7, 0), False),
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 0), True),
    ],
)
def test_which_libraries_may_share_a_log(version, safe):
    assert sqlite_file.wal_is_safe(version) is safe


def test_a_log_is_given_up_where_the_library_has_not_the_repair(monkeypatch, path):
    monkeypatch.setattr(sqlite_file, "wal_is_safe", lambda _: True)
    with SQLiteStore(path) as store:
        store.record([CONTACT])
        monkeypatch.setattr(sqlite_file, "wal_is_safe", lambda _: False)
        with pytest.raises(StoreError, match="another process has it"):
            SQLiteStore(path, busy_s=0.1)
    with SQLiteStore(path) as store:
        assert setting(store, "journal_mode") == "truncate"
        assert list(store.contacts("ada", 0)) == [CONTACT]
        monkeypatch.setattr(sqlite_file, "wal_is_safe", lambda _: True)
        with SQLiteStore(path) as other:
            assert setting(other, "journal_mode") == "truncate"


@pytest.mark.parametrize("shared", [True, False])
def test_a_file_of_one_process_is_not_shared(path, shared):
    with SQLiteStore(path, shared=False), pytest.raises(StoreError, match=r"another process has it; wait, or let only"):
        SQLiteStore(path, shared=shared, busy_s=0.1)


def test_nobody_else_may_read_it(path):
    with SQLiteStore(path) as store:
        store.record([CONTACT])
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"edge.db": 0o600, "edge.db-journal": 0o600}


def test_an_other_file_stays_as_it_is(path):
    for make in ("CREATE TABLE theirs (a)", "PRAGMA application_id = 7", "PRAGMA user_version = 1"):
        path.unlink(missing_ok=True)
        execute(path, make)
        before = path.read_bytes()
        with pytest.raises(StoreError, match=r"edge\.db: it belongs to another application; name another file"):
            SQLiteStore(path)
        assert path.read_bytes() == before


def test_a_newer_schema_is_refused(path):
    SQLiteStore(path).close()
    execute(path, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=rf"it has schema {len(MIGRATIONS) + 1}, this version reads up to"):
        SQLiteStore(path)
    assert path.read_bytes() == before


def test_a_migration_that_fails_leaves_no_trace(monkeypatch, path):
    SQLiteStore(path).close()
    monkeypatch.setattr(sqlite_file, "MIGRATIONS", (*MIGRATIONS, ("CREATE TABLE more (a)", "CREATE NONSENSE")))
    with pytest.raises(StoreError):
        SQLiteStore(path)
    assert execute(path, "PRAGMA user_version", "SELECT 1 FROM sqlite_master WHERE name = 'more'") == [
        [(len(MIGRATIONS),)],
        [],
    ]
    monkeypatch.setattr(sqlite_file, "MIGRATIONS", (*MIGRATIONS, ("CREATE TABLE more (a)",)))
    SQLiteStore(path).close()
    assert execute(path, "PRAGMA user_version", "SELECT count(*) FROM more") == [[(len(MIGRATIONS) + 1,)], [(0,)]]


def test_a_file_of_an_earlier_version_goes_on(monkeypatch, path):
    with monkeypatch.context() as earlier:
        earlier.setattr(sqlite_file, "MIGRATIONS", MIGRATIONS[:4])
        with SQLiteStore(path) as store:
            store.record([CONTACT])
    with SQLiteStore(path) as store:
        assert list(store.contacts("ada", 0)) == [CONTACT]
        assert list(store.logged(0, 9)) == []
        assert setting(store, "user_version") == len(MIGRATIONS)


def test_withdrawals_of_an_earlier_version_come_first_and_stay(monkeypatch, path):
    with monkeypatch.context() as earlier:
        earlier.setattr(sqlite_file, "MIGRATIONS", MIGRATIONS[:4])
        with SQLiteStore(path) as store:
            store.record([CONTACT])
    execute(path, "UPDATE outbox SET rank = 2", "UPDATE waiting SET contacts = rank / 2, size_bytes = 90 * (rank / 2)")
    with SQLiteStore(path, outbox=OutboxLimits(rows_max=1)) as store:
        store.record([attrs.evolve(CONTACT, id=f"later {n}") for n in range(3)])
        assert [one.id for _, one in store.outbox_take(9)] == [CONTACT.id, "later 2"]
        assert dict(store.outbox_dropped()) == {"exposure": 2, "outcome": 0, "disclosure": 0}
        assert store.erase("ada")["outbox"] == 1  # the later one
        assert [one.id for _, one in store.outbox_take(9)] == [CONTACT.id]


def test_what_is_no_database_is_refused(path):
    path.write_bytes(b"Dear diary, " * 1_000)
    with pytest.raises(StoreError, match=r"edge\.db: it is no SQLite file; name another, or move it away"):
        SQLiteStore(path)
    assert path.read_bytes() == b"Dear diary, " * 1_000


def damaged(path):
    """A file with a page that makes no sense, where opening does not look."""
    with SQLiteStore(path) as store:
        store.put_many([Snapshot(f"customer {number}", 1, {}) for number in range(5_000)])
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)


def test_damage_is_found_when_the_file_was_not_closed(path):
    damaged(path)
    path.with_name("edge.db-journal").write_bytes(b"left behind")
    with pytest.raises(StoreError, match=r"edge\.db: it is damaged; move it away and restore a copy"):
        SQLiteStore(path)


def test_damage_is_said_when_it_is_met(path):
    damaged(path)
    with SQLiteStore(path) as store, pytest.raises(StoreError, match=r"edge\.db: it is damaged"):
        [store.profile(f"customer {number}") for number in range(5_000)]


def test_a_sound_file_that_was_not_closed_opens(path):
    with SQLiteStore(path) as store:
        store.record([CONTACT])
    path.with_name("edge.db-journal").write_bytes(b"left behind")
    with SQLiteStore(path) as store:
        assert list(store.contacts("ada", 0)) == [CONTACT]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"nowhere/edge\.db: No such file or directory; make its folder"):
        SQLiteStore(tmp_path / "nowhere" / "edge.db")
    with pytest.raises(StoreError, match=r"it cannot be opened"):
        SQLiteStore(tmp_path)


READ_ONLY = """
import os, sys
from tactful import Contact, StoreError
from tactful_adapters.sqlite import SQLiteStore
if os.getuid() == 0:
    os.setuid(65534)
try:
    SQLiteStore(sys.argv[1])
except StoreError as error:
    print(error)
"""


def test_a_file_that_cannot_be_written_is_refused_at_once(ended):
    folder = Path(tempfile.mkdtemp())
    try:
        SQLiteStore(folder / "edge.db").close()
        (folder / "edge.db").chmod(0o444)
        folder.chmod(0o555)
        said = ended(READ_ONLY, folder / "edge.db")
        assert "edge.db: it cannot be written; give this process the right to write the file and its folder" in said
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_one_who_waits_too_long_is_told(path):
    with SQLiteStore(path, busy_s=0.05) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="another process has it; wait"):
            store.record([CONTACT])
        other.execute("ROLLBACK")
        assert store.record([CONTACT]) == 1


def test_a_closed_store_says_so(path):
    store = SQLiteStore(path)
    assert repr(store) == f"<SQLiteStore {path} open>"
    store.close()
    assert repr(store) == f"<SQLiteStore {path} closed>"
    with pytest.raises(UsageError, match="the store is closed; open another one"):
        store.contacts("ada", 0)


@pytest.mark.parametrize("make", [SQLiteStore, lambda _: MemoryStore()])
def test_no_refusal_tells_a_personal_value(path, make):
    canary = "canary"
    with make(path) as store:
        store.link({"card": canary}, customer=canary)
        refusals = [
            lambda: store.link({"card": canary}, customer=f"{canary} 2"),
            lambda: store.link({"email": canary, "customer": "x"}, customer=f"{canary} 3", confidence=2),
            lambda: store.link({"card": canary, "customer": "x"}),
            lambda: store.merge(canary, canary),
            lambda: store.record([canary]),
            lambda: store.put_many([canary]),
        ]
        for refusal in refusals:
            with pytest.raises((StoreError, UsageError)) as caught:
                refusal()
            assert canary not in f"{caught.value} {caught.value!r}"
        assert canary not in repr(store) + repr(store.links(canary)) + repr(store.identify({"card": canary}))


@pytest.mark.parametrize(
    "contact",
    [
        Contact("\ud800", "ada", "shown", 0),
        Contact("1", "ada\udfff", "shown", 0),
        Contact("1", "ada", "shown", 2**63),
        Contact("1", "ada", "shown", 0, until_us=2**64),
        Contact("1", "ada", "shown", 0, tags=({1},)),
    ],
)
def test_what_no_row_can_hold_is_refused_whole(path, contact):
    with SQLiteStore(path) as store:
        with pytest.raises(StoreError, match="nothing of this call was kept"):
            store.record([Contact("0", "ada", "shown", 0), contact])
        assert list(store.contacts("ada", 0)) == []
        assert store.record([CONTACT]) == 1


def test_a_url_names_a_file(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    SQLiteStore.from_url("sqlite:///edge.db").close()
    SQLiteStore.from_url(f"sqlite:///{tmp_path}/with%20a%20space.db?shared=no").close()
    assert {file.name for file in tmp_path.iterdir() if file.suffix == ".db"} == {"edge.db", "with a space.db"}
    with SQLiteStore.from_url("sqlite:///edge.db", kinds={"badge": "person"}) as store:
        assert store.identify({"badge": "7"}) is None
        store.link({"badge": "7"}, customer="ada")
        assert store.identify({"badge": "7"}).kind == "person"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite://host/edge.db",
        "sqlite:///edge.db?shared=maybe",
        "sqlite:///edge.db?share=no",
    ],
)
def test_a_url_that_names_none_says_how(url):
    with pytest.raises(
        StoreError, match=r"give a file, as in sqlite:///edge\.db|the one option is shared=yes or shared=no"
    ):
        SQLiteStore.from_url(url)


def test_kinds_that_do_not_exist_are_named():
    with pytest.raises(UsageError, match=r"identifier 'card': there is no kind 'persons'; did you mean person\?"):
        MemoryStore(kinds={"card": "persons"})
