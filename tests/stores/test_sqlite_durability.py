"""What a SQLite store has taken stays taken: forks, several processes, a full disk; tests/proofs kills writers."""

import json

import pytest

from tactful import Contact, MemoryStore, Snapshot, StoreError
from tactful_adapters.sqlite import SQLiteStore

SHARED_LOG = """
import json, sys
from tactful import Contact
from tactful_adapters import sqlite_file
from tactful_adapters.sqlite import SQLiteStore
sqlite_file.wal_is_safe = lambda version: True
print("ready", flush=True)
sys.stdin.readline()
with SQLiteStore(sys.argv[1]) as store:
    claimed = store.claim_register("key", sys.argv[2].encode()).decode()
    new = sum(store.record([Contact(str(n), "ada", "shown", n)]) for n in range(40))
print(json.dumps([claimed, new]))
"""


@pytest.mark.parametrize("program", [SHARED_LOG, SHARED_LOG.replace("lambda version: True", "lambda version: False")])
def test_processes_that_all_make_the_file_at_once_share_it(start, tmp_path, program):
    children = [start(program, tmp_path / "edge.db", number) for number in range(4)]
    assert [child.stdout.readline() for child in children] == ["ready\n"] * 4
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    answers = [json.loads(child.stdout.readline()) for child in children]
    assert len({claimed for claimed, _ in answers}) == 1
    assert sum(new for _, new in answers) == 40
    assert [child.wait(30) for child in children] == [0] * 4


FORKS = """
import os, sys
from threading import Thread
from tactful import Contact, MemoryStore
from tactful_adapters.sqlite import SQLiteStore
path, shared = sys.argv[1], sys.argv[2] == "shared"
stores = [SQLiteStore(path, shared=shared), MemoryStore()]
store, memory = stores
for one in stores:
    one.record([Contact("before", "ada", "shown", 0)])
before = store._file._connection
for number in range(3):
    pid = os.fork()
    if pid == 0:
        assert store._file._connection is None
        for one in stores:
            one.record([Contact(f"child {number}", "ada", "shown", 1)])
        assert store._file._connection is not before
        sys.exit(0)  # with all that an interpreter does at its end, closing included
    if not shared:
        os.waitpid(pid, 0)
    for one in stores:
        one.record([Contact(f"parent {number}", "ada", "shown", 2)])
    if shared:
        os.waitpid(pid, 0)
for one in stores:
    print(sorted(contact.id for contact in one.contacts("ada", 0)))
    one.close()
"""


@pytest.mark.parametrize("sharing", ["shared", "alone"])
def test_parent_and_forked_children_each_have_their_connection(ended, tmp_path, sharing):
    lines = ended(FORKS, tmp_path / "edge.db", sharing).splitlines()
    children = {f"child {number}" for number in range(3)}
    parents = {"before", *(f"parent {number}" for number in range(3))}
    assert set(eval(lines[0])) == children | parents  # noqa: S307 - a list of ids, printed above
    assert set(eval(lines[1])) == parents  # noqa: S307 - the memory of a child is its own


def test_a_connection_that_came_from_a_parent_unseen_is_left_alone(tmp_path):
    """Some servers fork without telling Python; then the process id gives it away."""
    with SQLiteStore(tmp_path / "edge.db") as store:
        inherited = store._file._connection
        store._file._pid -= 1
        assert store.record([Contact("1", "ada", "shown", 0)]) == 1
        assert store._file._connection is not inherited
        assert inherited.execute("SELECT count(*) FROM contact").fetchone() == (1,)
        inherited.close()


def test_a_full_disk_keeps_nothing_of_the_call_and_all_that_was_before(tmp_path):
    many = [Snapshot(f"customer {number}", 1, {}) for number in range(10_000)]
    with SQLiteStore(tmp_path / "edge.db") as store:
        store.record([Contact("1", "ada", "shown", 0)])
        limit = "PRAGMA max_page_count = {}"
        pages = store._file._connection.execute("PRAGMA page_count").fetchone()[0]
        store._file._connection.execute(limit.format(pages + 9))
        with pytest.raises(
            StoreError, match=r"edge\.db: there is no room left; make room .* nothing of this call was kept"
        ):
            store.put_many(many)
        assert store.profile("customer 0") is None
        assert [contact.id for contact in store.contacts("ada", 0)] == ["1"]
        store._file._connection.execute(limit.format(100_000))
        assert store.put_many(many) == len(many)


def test_what_is_erased_is_gone_from_the_file(tmp_path):
    path, canary = tmp_path / "edge.db", b"canary in a coal mine"
    with SQLiteStore(path) as store:
        store.put_profile(Snapshot(canary.decode(), 1, {}))
        store.link({"card": canary.decode() + "4711"}, customer=canary.decode())
        store.record([Contact("1", canary.decode(), "shown", 0)])
        assert canary in path.read_bytes()
        store.erase(canary.decode())
        assert not any(canary in file.read_bytes() for file in tmp_path.iterdir())


def test_memory_is_gone_with_its_store():
    with MemoryStore() as store:
        store.record([Contact("1", "ada", "shown", 0)])
    with MemoryStore() as store:
        assert list(store.contacts("ada", 0)) == []
