"""An erasure that a journal could not take is taken after `kill -9`, by the next process that has it attached."""

import signal
import sqlite3
from contextlib import closing

import pytest

from tactful import wall_clock
from tactful_adapters.email.journal import Journal
from tactful_adapters.postgresql import PostgreSQLStore
from tactful_adapters.sqlite import SQLiteStore

ERASES = """
import os, signal, sys
import tactful
from pathlib import Path
from tactful.opening import store_of
from tactful_adapters.journals import journal_of
from tests.stores.shop import POLICY

url, path = sys.argv[1:]
store = store_of(url)
edge = tactful.open(POLICY, store=store)
edge.rights.attach(*journal_of(Path(path)))
os.rename(path, path + ".away")
Path(path).write_bytes(b"the disk is torn, and there is no database here at all" * 99)
receipt = edge.rights.erase("ann")
print(receipt.pending[0].partition(":")[0], dict(receipt.beside), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
LATER = """
import sys, time
import tactful
from pathlib import Path
from tactful.opening import store_of
from tactful_adapters.journals import journal_of
from tests.stores.shop import POLICY

url, path = sys.argv[1:]
store = store_of(url)
with tactful.open(POLICY, store=store) as edge:
    edge.rights.attach(*journal_of(Path(path)))
    until = time.monotonic() + 20
    while store.owed_erasures() and time.monotonic() < until:
        time.sleep(0.01)
    print(dict(store.owed_erasures()), dict(edge.status().get("erasures_owed", {})))
store.close()
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        SQLiteStore(tmp_path / "edge.db").close()
        return f"sqlite:///{tmp_path / 'edge.db'}"
    found = request.getfixturevalue("postgresql").url(tmp_path)
    PostgreSQLStore(found).close()
    return found


def test_what_is_owed_outlasts_the_process(start, ended, url, tmp_path):
    path = tmp_path / "december.journal"
    with Journal(path, "december") as journal:
        for who in ("ann", "bob"):
            journal.reserve(who, f"{who}@example.org", who, wall_clock(), "token")
    child = start(ERASES, url, path)
    told, _ = child.communicate(timeout=60)
    assert (told.strip(), child.returncode) == ("campaign december could not be told {}", -signal.SIGKILL)
    (tmp_path / "december.journal.away").rename(path)
    assert mailed(path) == {"ann", "bob"}  # the control: nothing else has it forgotten
    assert ended(LATER, url, path).strip() == "{} {}"
    assert mailed(path) == {"bob"}


def mailed(path):
    with closing(sqlite3.connect(path)) as file:
        return {customer for (customer,) in file.execute("SELECT customer FROM mails")}
