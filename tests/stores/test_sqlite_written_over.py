"""A store's file that somebody writes over in place while it is open: found out, whatever is in cache or log."""

import os
import subprocess
import sys

import pytest

from tactful import Contact, StoreError
from tactful_adapters.sqlite import SQLiteStore
from tactful_adapters.sqlite_mark import FileMark


def kept(store, *names):
    store.record([Contact(name, "ann", "shown", 5) for name in names])


def known(store):
    return {one.id for one in store.contacts("ann", 0)}


def write_over(path, of):
    """As `cp` does: by another process, into the same file."""
    subprocess.run(["cp", "--", str(of), str(path)], check=True)  # noqa: S607 - where the system has it


@pytest.fixture
def path(tmp_path):
    return tmp_path / "edge.db"


def alike(tmp_path, path):
    """Make a store, and another one with as many changes and pages; return the first, open, and the other's file."""
    other = tmp_path / "other.db"
    with SQLiteStore(other) as one:
        kept(one, "2")
    store = SQLiteStore(path)
    kept(store, "1")
    with path.open("rb") as ours, other.open("rb") as theirs:
        assert ours.read(100)[24:40] == theirs.read(100)[24:40]  # by this SQLite knows whether its pages are true
    return store, other


def test_another_file_with_as_many_changes_is_found_out_and_the_right_one_goes_on(tmp_path, path):
    store, other = alike(tmp_path, path)
    aside = tmp_path / "aside.db"
    write_over(aside, path)
    write_over(path, other)
    for call in (lambda: known(store), lambda: kept(store, "3")):
        with pytest.raises(StoreError, match="written over while it was open") as caught:
            call()
        assert caught.value.code == "store-moved"
    write_over(path, aside)
    assert known(store) == {"1"}
    kept(store, "3")
    assert known(store) == {"1", "3"}
    store.close()


@pytest.mark.parametrize("way", ["look", "before"])
def test_a_store_that_does_not_look_takes_another_file_s_word(tmp_path, path, monkeypatch, way):
    store, other = alike(tmp_path, path)
    known(store)
    write_over(path, other)
    monkeypatch.setattr(FileMark, way, lambda *_: None)
    assert known(store) in ({"1"}, {"2"})
    store.close()


def test_an_older_copy_is_found_out_also_by_who_only_read(tmp_path, path):
    store, reader = SQLiteStore(path), SQLiteStore(path)
    kept(store, "1")
    older = tmp_path / "older.db"
    write_over(older, path)
    kept(store, "2")
    assert known(reader) == {"1", "2"}
    write_over(path, older)
    for one in (store, reader):
        with pytest.raises(StoreError, match="an older copy"):
            known(one)
        one.close()


ALONE = """
import sys
from tactful import Contact, StoreError
from tactful_adapters.sqlite import SQLiteStore
store = SQLiteStore(sys.argv[1], shared=False)
store.record([Contact("1", "ann", "shown", 5)])
print("copy", flush=True)
sys.stdin.readline()
store.record([Contact("2", "ann", "shown", 5)])
print("write over", flush=True)
sys.stdin.readline()
try:
    store.contacts("ann", 0)
except StoreError as error:
    print(error)
store.close()  # the log stays: what is in it belongs to another file than the one that is there
"""


def test_who_is_alone_with_its_file_loses_nothing_by_it(tmp_path, path):
    aside, other = tmp_path / "aside.db", tmp_path / "other.db"
    SQLiteStore(other, shared=False).close()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
    command = [sys.executable, "-c", ALONE, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout.readline() == "copy\n"
        write_over(aside, path)
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.stdout.readline() == "write over\n"
        write_over(path, other)
        said, _ = child.communicate("\n")
    assert "end this process, put it back beside its -wal" in said
    write_over(path, aside)
    with SQLiteStore(path, shared=False) as again:
        assert known(again) == {"1", "2"}


@pytest.mark.parametrize("raw", [b"", b"no database at all" * 500])
def test_what_is_no_store_of_ours_is_refused_and_over_when_it_is_back(tmp_path, path, raw):
    store, aside, other = SQLiteStore(path), tmp_path / "aside.db", tmp_path / "other.db"
    kept(store, "1")
    write_over(aside, path)
    other.write_bytes(raw)
    write_over(path, other)
    for call in (lambda: known(store), lambda: kept(store, "3")):
        with pytest.raises(StoreError):
            call()
    assert path.read_bytes() == raw
    write_over(path, aside)
    assert known(store) == {"1"}
    store.close()


def test_other_processes_changes_are_no_other_file(path):
    with SQLiteStore(path) as one, SQLiteStore(path) as other:
        for number in range(20):
            kept(one if number % 3 else other, str(number))
            assert len(known(other)) == len(known(one)) == number + 1
