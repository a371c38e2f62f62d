"""What goes wrong in the middle of a Spark job: the process of a task, or of what decides for it, is killed once.

It stands behind the decisions, in the same task: it keeps what the first attempt had already decided, and then kills.
"""

import json
import os
import signal
from pathlib import Path

SCHEMA = (
    "decision string, customer string, placement string, slot bigint, offer string, treatment string, tone string, "
    "basis string, worth double"
)


def parent_of(pid):
    """Return the parent of a process."""
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])


def children_of(pid):
    """Return the children of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and parent_of(int(entry.name)) == pid:
                found.append(int(entry.name))
        except OSError:  # it has ended meanwhile
            continue
    return found


def executor():
    """Return the executor's JVM: the parent of the daemon whose child this Python worker is."""
    return [parent_of(os.getppid())]


def deciding():
    """Return the other Python workers of this executor, which has one core: the one that decides is among them."""
    return [one for one in children_of(os.getppid()) if one != os.getpid()]


def after(batches, folder, whom):
    """
    Yield decisions on; the first task that has seen two batches kills.

    Args:
        batches: The decisions.
        folder: Where what was seen is kept.
        whom: Returns the processes to kill.
    """
    from pyspark import TaskContext  # noqa: PLC0415 - on a worker, where it is

    folder, seen = Path(folder), []
    # A lost executor can begin the stage anew, whose tasks then count as first attempts: so parts are counted here.
    if not _first(folder / f"part-{TaskContext.get().partitionId()}"):
        (folder / "again").touch()
    for number, batch in enumerate(batches):
        if number == 1 and _first(folder / "killed"):
            (folder / "seen").write_text(json.dumps(seen), encoding="utf-8")
            victims = whom()
            (folder / "killed").write_text(json.dumps(victims), encoding="utf-8")
            for one in victims:
                os.kill(one, signal.SIGKILL)
        seen = batch.to_pylist()
        yield batch


def _first(path):
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
