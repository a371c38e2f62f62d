"""Writers that are killed: what a store has acknowledged to them is there."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import attrs

from tactful_adapters.sqlite import SQLiteStore

WRITER = """
import sys
from tactful import Contact, Disclosure, Passed
from tactful_adapters.sqlite import SQLiteStore
path, shared, first = sys.argv[1], sys.argv[2] == "shared", int(sys.argv[3])
store = SQLiteStore(path, shared=shared)
for n in range(first, first + 1_000_000):
    passed = Disclosure(str(n), 0, "ada", n, 2**62, "card", "web", Passed("citybank", "bank", "consent"))
    store.record([Contact(f"{n}/{half}", "ada", "shown", n) for half in "ab"], [passed])
    print(n, flush=True)
"""
#: The control: it says so before it is so.
BOASTER = WRITER.replace("    store.record(", "    print(n, flush=True); __import__('time').sleep(60); store.record(")


@attrs.define
class Figures:
    """
    What kills did.

    Attributes:
        kills: So many writers were killed.
        acknowledged: Calls that had been acknowledged to them.
        lost: Those of them that were not there.
        torn: Calls of which a part was there and another was not.
        corrupt: Whether SQLite finds the file damaged.
    """

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    torn: int = 0
    corrupt: bool = False


def kill_writers(
    folder: Path, kills: int, sharing: str, program: str = WRITER, progress: Callable[[int], None] = lambda _: None
) -> Figures:
    """
    Kill writers of one file one after the other, each at another moment, and look at what is left.

    Args:
        folder: An empty folder.
        kills: So many.
        sharing: "shared" or "alone".
        program: What writes.
        progress: Is told how many were killed.
    """
    path, said, figures = folder / "edge.db", set[int](), Figures()
    for number in range(kills):
        said |= _acknowledged(program, path, sharing, number)
        figures.kills += 1
        progress(number + 1)
    whole, figures.torn = _kept(path)
    figures.acknowledged, figures.lost = len(said), len(said - whole)
    connection = sqlite3.connect(path)
    figures.corrupt = connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]
    connection.close()
    return figures


def _acknowledged(program: str, path: Path, sharing: str, number: int) -> set[int]:
    """Kill a writer at a moment that differs each time; return what it had acknowledged."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
    command = [sys.executable, "-c", program, str(path), sharing, str(number * 1_000_000)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(number % 7 + 1)]
        writer.kill()
        lines += writer.stdout.readlines()
    return {int(line) for line in lines if line.endswith("\n")}


def _kept(path: Path) -> tuple[set[int], int]:
    """Return the calls that are there with all their parts, and how many are there in part."""
    with SQLiteStore(path) as store:
        contacts = {contact.id for contact in store.contacts("ada", 0)}
        passed = {one.decision: one.id for one in store.disclosures("ada", 0)}
        waiting = {one.id for _, one in store.outbox_take(10_000_000)}
    calls = {one.partition("/")[0] for one in contacts} | passed.keys()
    whole = {
        int(one)
        for one in calls
        if one in passed and {f"{one}/a", f"{one}/b"} <= contacts and {f"{one}/a", f"{one}/b", passed[one]} <= waiting
    }
    return whole, len(calls) - len(whole)
