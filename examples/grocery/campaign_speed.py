"""How many customers a core decides for: `edge.decide_many` alone, and Spark with one and with two executors.

    python -m grocery.campaign_speed     # in examples/; Linux, as it reads /proc

The grocer's households stand in many times each, under ids of their own. The clock that counts is the processors': the
time that a job takes of all cores, JVMs and Python workers together. It tells what a larger cluster will need; the time
on the wall also tells what else the machine does.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs
import pyarrow as pa
import pyarrow.parquet as pq

from .campaign import alone, campaign_of, households, prepare
from .cluster import cluster

_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_ROUNDS: Final = 3
_BATCH: Final = {"spark.sql.execution.arrow.maxRecordsPerBatch": "8192"}


@attrs.frozen
class Way:
    """One way to decide for all, and what it took, each the least of all rounds: of the processors, on the wall [s]."""

    name: str
    cores_s: float
    wall_s: float


def measured(folder: Path, keys: Sequence[str], rounds: int) -> Iterator[Way]:
    """Yield what each way to decide for a folder's customers takes."""
    yield _best("edge.decide_many, one process", lambda: alone(folder, keys), rounds)
    for executors in (1, 2):
        with cluster(executors, {**_BATCH, "spark.sql.adaptive.enabled": "false"}) as session:
            campaign = campaign_of(folder, keys)
            customers = session.read.parquet(str(folder / "customers.parquet"))
            for each_once in (True, False):
                decided = campaign.decide(customers, contacts="contacts", partitions=4, each_once=each_once)
                name = f"Spark, {executors} executor{'s' * (executors > 1)}"
                name += ", each_once=True" if each_once else ""
                yield _best(name, decided.write.format("noop").mode("overwrite").save, rounds)
            read = customers.write.format("noop").mode("overwrite").save
            yield _best(f"Spark, {executors} executor{'s' * (executors > 1)}, reads alone", read, rounds)


def _best(name: str, run: Callable[[], object], rounds: int) -> Way:
    run()  # processes start, and the JVM compiles what it runs
    found = []
    for _ in range(rounds):
        cores_s, wall_s = _cores_s(os.getpid()), time.perf_counter()
        run()
        found.append((_cores_s(os.getpid()) - cores_s, time.perf_counter() - wall_s))
    return Way(name, min(cores for cores, _ in found), min(wall for _, wall in found))


def _cores_s(pid: int) -> float:
    """Return what a process and all that descend from it have had of the processors [s]."""
    parents, used = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        parents[int(entry.name)] = int(fields[1])
        used[int(entry.name)] = sum(map(int, fields[11:15])) * _TICK_S
    ours, found = {pid}, 1
    while found:
        new = {one for one, parent in parents.items() if parent in ours} - ours
        ours, found = ours | new, len(new)
    return sum(used.get(one, 0.0) for one in ours)


def _many(folder: Path, count: int) -> int:
    """Have each household stand in many times; return how many customers there are."""
    path = folder / "customers.parquet"
    table = pq.read_table(path)
    copies = []
    for number in range(-(-count // table.num_rows)):
        ids = pa.array([f"{one}.{number}" for one in table["customer"].to_pylist()])
        copies.append(table.set_column(table.schema.get_field_index("customer"), "customer", ids))
    whole = pa.concat_tables(copies).slice(0, count)
    pq.write_table(whole, path, row_group_size=8192)
    return int(whole.num_rows)


def main(given: Sequence[str] | None = None) -> int:
    """Measure, and print a row for each way."""
    parser = argparse.ArgumentParser(
        prog="python -m grocery.campaign_speed", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--customers", type=int, default=50_000, help="so many customers [50000]")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="so many rounds, of which the least counts [3]")
    asked = parser.parse_args(given)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        keys = prepare(folder, households())
        count = _many(folder, asked.customers)
        sys.stdout.write(f"{count:,} customers\n{'way':<46} {'core-s per million':>18} {'customers/s':>12}\n")
        for one in measured(folder, keys, asked.rounds):
            sys.stdout.write(f"{one.name:<46} {one.cores_s / count * 1e6:>18,.0f} {count / one.wall_s:>12,.0f}\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
