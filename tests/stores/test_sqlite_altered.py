"""A SQLite file that somebody else alters while it is open: it says what is wrong, and loses nothing."""

import os
import resource
import sqlite3
import threading
from contextlib import closing, suppress

import pytest

from tactful import Consent, ConsentState, Contact, How, StoreError
from tactful_adapters.sqlite import SQLiteStore
from tactful_adapters.sqlite_file import SQLiteFile

_NO = Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, 5)
_IGNORE = "CREATE TRIGGER ignoring BEFORE INSERT ON {} BEGIN SELECT RAISE(IGNORE); END"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "edge.db"


def execute(path, *statements):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    ("change", "mend", "said"),
    [
        (_IGNORE.format("outbox"), "DROP TRIGGER ignoring", "ignoring is none of its triggers"),
        (_IGNORE.format("consent"), "DROP TRIGGER ignoring", "ignoring is none of its triggers"),
        ("CREATE UNIQUE INDEX one ON contact (customer)", "DROP INDEX one", "one is none of its triggers and indexes"),
        ("ALTER TABLE contact RENAME TO old", "ALTER TABLE old RENAME TO contact", "there is no table contact"),
        (
            "ALTER TABLE consent RENAME COLUMN body TO content",
            "ALTER TABLE consent RENAME COLUMN content TO body",
            "the table consent has no column body",
        ),
    ],
)
def test_what_was_altered_is_said_and_nothing_is_acknowledged_until_it_is_mended(path, change, mend, said):
    with SQLiteStore(path) as store:
        store.record([Contact("0", "ada", "shown", at_us=1)])
        execute(path, change)
        for _ in "12":
            with pytest.raises(StoreError, match=rf"tactful made them \({said}.*nothing of this call was kept"):
                store.record([Contact("1", "ada", "shown", at_us=1)])
            with pytest.raises(StoreError, match=said):
                store.add_consent("ada", _NO)
        execute(path, mend)
        assert store.record([Contact("1", "ada", "shown", at_us=1)]) == 1
        store.add_consent("ada", _NO)
        assert len(store.contacts("ada", 0)) == len(store.outbox_take(9)) == 2
        assert len(store.consents("ada").records) == 1


def test_a_file_that_was_emptied_is_said_and_not_filled_anew(path):
    with SQLiteStore(path) as store:
        store.record([Contact("0", "ada", "shown", at_us=1)])
        kept = path.read_bytes()
        os.truncate(path, 0)
        with pytest.raises(StoreError, match="there is no table profile"):
            store.record([Contact("1", "ada", "shown", at_us=1)])
        path.write_bytes(kept)
    with SQLiteStore(path) as store:
        assert [one.id for one in store.contacts("ada", 0)] == ["0"]


def test_columns_and_tables_that_somebody_added_harm_nobody(path):
    with SQLiteStore(path) as store:
        execute(path, "CREATE TABLE mine (x)", "CREATE INDEX faster ON contact (at_us)")
        assert store.record([Contact("1", "ada", "shown", at_us=1)]) == 1


def test_a_process_that_can_open_no_file_more_is_told_so(path):
    with SQLiteStore(path) as store:
        store._file._let_go()
        before, opened = resource.getrlimit(resource.RLIMIT_NOFILE), []
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (128, before[1]))
            with suppress(OSError):
                while True:
                    opened.append(os.open(os.devnull, os.O_RDONLY))
            os.close(opened.pop())  # SQLite itself says nothing else than that it cannot be opened
            with pytest.raises(StoreError, match="Too many open files"):
                store.record([Contact("1", "ada", "shown", at_us=1)])
        finally:
            for one in opened:
                os.close(one)
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        assert store.record([Contact("1", "ada", "shown", at_us=1)]) == 1


def test_threads_do_not_wait_for_each_other_for_ever(path):
    file, began, over = SQLiteFile(path, shared=True, busy_s=0.1), threading.Event(), threading.Event()

    def hold():
        with file.reading():
            began.set()
            over.wait(30)

    holding = threading.Thread(target=hold)
    holding.start()
    began.wait(30)
    try:
        with pytest.raises(StoreError, match="the disk is slow or stuck"), file.reading():
            pass
    finally:
        over.set()
        holding.join()
    with file.reading() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    file.close()
