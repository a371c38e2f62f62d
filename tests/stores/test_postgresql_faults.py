"""What a store in PostgreSQL says and does when the server, the tables or the network are not as they should be."""

import os
import signal
import threading

import pytest
from tests.proofs.place import paused

from tactful import Consents, Contact, Disclosure, Passed, Snapshot, StoreError, UsageError
from tactful_adapters.postgresql import PostgreSQLStore


@pytest.fixture
def opened(postgresql, tmp_path):
    """Give a store, with options of the URL; all are closed at the end."""
    stores = []

    def make(**options):
        stores.append(PostgreSQLStore(postgresql.url(tmp_path, **options)))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def contact(id_="1", customer="ada", at_us=1):
    return Contact(id_, customer, "shown", at_us)


def test_a_connection_that_was_ended_while_idle_is_replaced(postgresql, opened):
    store = opened()
    store.record([contact("1")])
    ended = postgresql.run(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'tactful'"
    )
    assert ended[0][0] >= 1
    assert store.record([contact("2")]) == 1
    assert len(store.contacts("ada", 0)) == 2


def test_a_server_that_goes_down_in_a_transaction_leaves_nothing_half_done(postgresql, opened):
    store = opened()
    store.put_many(contacts=[contact("before")])

    def change():
        with store._pool.writing() as connection:
            connection.execute("DELETE FROM contact")
            postgresql.restart()
            connection.execute("DELETE FROM register")

    with pytest.raises(StoreError, match="the next call connects again; nothing of this call was kept") as caught:
        change()
    assert "PostgreSQL at" in str(caught.value)
    assert [one.id for one in store.contacts("ada", 0)] == ["before"]


def test_a_server_that_crashes_has_lost_nothing_that_was_acknowledged(postgresql, opened):
    store = opened()
    for number in range(5):
        store.record([contact(str(number))])
        postgresql.restart(signal.SIGQUIT)
        assert [one.id for one in store.contacts("ada", 0)] == [str(one) for one in range(number + 1)]
    assert len(store.outbox_take(9)) == 5


def test_a_commit_whose_end_nobody_saw_is_said_to_be_uncertain(postgresql, opened):
    store = opened()

    def change():
        with store._pool.writing() as connection:
            connection.execute("DELETE FROM contact")
            postgresql.run(f"SELECT pg_terminate_backend({connection.info.backend_pid}, 5000)")

    with pytest.raises(StoreError, match="whether this call was kept is not known: make it again"):
        change()
    assert store.record([contact()]) == 1


def test_a_server_that_stands_still_is_not_waited_for_for_ever(postgresql, opened):
    store = opened(timeout_s=0.3)
    store.record([contact("1")])
    with paused(postgresql.pid), pytest.raises(StoreError, match="the server is silent; it is paused, overloaded"):
        store.record([contact("2")])
    assert store.record([contact("2")]) == 1  # whether or not the server got to see the first one


def test_a_server_that_stands_still_lets_nobody_open_a_store(postgresql, opened, tmp_path):
    opened().close()
    with paused(postgresql.pid), pytest.raises(StoreError, match="it cannot be reached"):
        PostgreSQLStore(postgresql.url(tmp_path, timeout_s=0.3))


def test_a_lock_is_not_waited_for_for_ever(postgresql, opened):
    store = opened(timeout_s=0.3)
    other = opened()
    with other._pool.writing() as connection:
        connection.execute("LOCK TABLE contact")
        with pytest.raises(StoreError, match="it took too long; the server is busy, or somebody else holds a lock"):
            store.record([contact()])
    assert store.record([contact()]) == 1


def test_more_threads_than_connections_wait_and_are_told(opened):
    store = opened(connections=2, timeout_s=0.3)
    in_use = pytest.raises(StoreError, match="all 2 connections are in use")
    with store._pool.reading(), store._pool.reading(), in_use:
        store.profile("ada")
    assert store.profile("ada") is None
    assert len(store._pool._idle) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE contact RENAME COLUMN body TO content", r'column "body"'),
        ("ALTER TABLE contact DROP COLUMN at_us", r'column "at_us"'),
        ("DROP TABLE outbox CASCADE", r'relation "outbox"'),
        (
            "ALTER TABLE contact ADD land text NOT NULL DEFAULT ''; ALTER TABLE contact ALTER land DROP DEFAULT",
            "a constraint that is not tactful's",
        ),
        ("ALTER TABLE contact ALTER body TYPE jsonb USING 'null'", "its tables are not as tactful made them"),
        ("ALTER TABLE contact ADD CHECK (at_us > 5)", "a constraint that is not tactful's"),
    ],
)
def test_tables_that_somebody_changed_are_named(postgresql, opened, tmp_path, change, said):
    store = opened()
    for number in range(9):  # until its statements are prepared
        store.record([contact(str(number), at_us=number + 6)])
    postgresql.inside(tmp_path, change)
    with pytest.raises(StoreError, match=said) as caught:
        store.record([contact("canary", "canary", 1)])
    assert "nothing of this call was kept" in str(caught.value)
    assert "canary" not in f"{caught.value}"


@pytest.mark.parametrize("body", [r"'\xff'", r"'\x01'", r"'\x93010203'", r"'\xc1'", "''"])
def test_a_row_that_somebody_else_wrote_is_refused(postgresql, opened, tmp_path, body):
    store = opened()
    store.put_many([Snapshot("ada", 1, {})], {"ada": Consents((), 1)}, [contact()])
    store.record([], [Disclosure("1", 0, "ada", 1, 9, "card", "web", Passed("bank", "bank", "consent", ()))])
    for table in ("profile", "consent", "contact", "disclosure", "outbox"):
        postgresql.inside(tmp_path, f"UPDATE {table} SET body = {body}")  # noqa: S608 - ours
    reads = (store.profile, store.consents, lambda id_: store.contacts(id_, 0), lambda id_: store.disclosures(id_, 0))
    for read in (*reads, lambda _: store.outbox_take(9)):
        with pytest.raises(StoreError, match="a row cannot be read: it is damaged, or not tactful's"):
            read("ada")


def test_a_column_that_somebody_added_and_took_away_harms_nobody(postgresql, opened, tmp_path):
    store = opened()
    for number in range(9):
        store.record([contact(str(number))])
    for change in ("ALTER TABLE contact ADD COLUMN country text", "ALTER TABLE contact DROP COLUMN country"):
        postgresql.inside(tmp_path, change)
        assert store.record([contact(change)]) == 1
    assert len(store.contacts("ada", 0)) == 11


def test_a_server_that_takes_no_changes_says_so(postgresql, opened):
    store = opened()
    store.record([contact("1")])
    store.close()
    try:
        postgresql.run("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
        store = opened()
        assert len(store.contacts("ada", 0)) == 1
        with pytest.raises(StoreError, match=r"takes no changes .*; nothing of this call was kept"):
            store.record([contact("2")])
        assert len(store.contacts("ada", 0)) == 1
    finally:
        postgresql.run(
            "SET default_transaction_read_only = off",
            "ALTER SYSTEM RESET default_transaction_read_only",
            "SELECT pg_reload_conf()",
        )


def test_a_disk_that_is_full_is_said(opened):
    store = opened()
    with pytest.raises(StoreError, match="no room left on the server"), store._pool.writing() as connection:
        connection.execute("DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$")
    assert store.record([contact()]) == 1


@pytest.mark.parametrize(
    ("bad", "refused"),
    [
        (Contact("\ud800", "ada", "shown", 0), "a value cannot be kept: UnicodeEncodeError"),
        (Contact("1", "ada\udfff", "shown", 0), "a value cannot be kept: UnicodeEncodeError"),
        (Contact("1", "ada", "shown", 2**63), "a number has over 64 bits"),
        (Contact("1", "ada", "shown", 0, until_us=2**64), "a value cannot be kept"),
        (Contact("1", "ada", "shown", 0, tags=({1},)), "a value cannot be kept"),
        (Contact("".join(map(chr, range(300, 9_000))), "ada", "shown", 0), "an id is too long"),
    ],
)
def test_what_no_row_can_hold_is_refused_whole(opened, bad, refused):
    store = opened()
    with pytest.raises(StoreError, match=rf"{refused}.*nothing of this call was kept"):
        store.record([contact("0"), bad])
    assert list(store.contacts("ada", 0)) == []
    assert store.record([contact("0")]) == 1
    assert len(store._pool._idle) == 1  # what was wrong was given to it; the connection goes on


def test_no_refusal_tells_a_personal_value(opened):
    store, canary = opened(), "canary"
    store.link({"card": canary}, customer=canary)
    refusals = [
        lambda: store.link({"card": canary}, customer=f"{canary} 2"),
        lambda: store.link({"card": canary, "customer": "x"}),
        lambda: store.merge(canary, canary),
        lambda: store.record([canary]),
        lambda: store.put_many([canary]),
        lambda: store.record([contact(canary, canary, 2**63)]),
        lambda: store.record([contact(canary + "\ud800", canary)]),
    ]
    for refusal in refusals:
        with pytest.raises((StoreError, UsageError)) as caught:
            refusal()
        assert canary not in f"{caught.value} {caught.value!r} {caught.value.__cause__}"
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert canary not in repr(store)


def test_a_closed_store_says_so(opened):
    store = opened()
    store.close()
    with pytest.raises(UsageError, match="the store is closed; open another one"):
        store.contacts("ada", 0)


def test_a_fork_takes_no_connection_along(opened):
    store = opened()
    store.record([contact("parent")])
    mine = {connection.info.backend_pid for connection in store._pool._idle}
    child = os.fork()
    if child == 0:
        status = 1
        try:
            store.record([contact("child")])
            theirs = {connection.info.backend_pid for connection in store._pool._idle}
            status = 0 if theirs and not theirs & mine else 2
            store.close()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.record([contact("parent again")]) == 1
    assert {connection.info.backend_pid for connection in store._pool._idle} == mine
    assert {one.id for one in store.contacts("ada", 0)} == {"parent", "child", "parent again"}


def test_a_child_does_not_wait_for_a_thread_of_its_parent(opened):
    store = opened(connections=1, timeout_s=2)
    inside, done = threading.Event(), threading.Event()

    def hold():
        with store._pool.reading():
            inside.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()
    child = os.fork()
    if child == 0:
        os._exit(0 if store.profile("ada") is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    done.set()
    thread.join()
