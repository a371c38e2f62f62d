"""The proofs as a whole, with figures: `python -m tests.proofs --help`. The tests beside it are the quick versions."""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import attrs
import typer
from tests.nats.admin import events_on_record
from tests.nats.failover import fail_over
from tests.nats.server_kills import kill_servers
from tests.sync.walk import main as walk_edges

from . import disk
from .after_no import decide_after_no
from .bundles import WAYS as BUNDLES
from .bundles import try_bundles
from .canaries import HERE, SERVED, overhear_all
from .canary_disk import search
from .events import delays as event_delays
from .fault_rows import ROWS
from .fleet import run_fleet
from .fuzz import TARGETS, fuzz
from .host import CAP, PROCESSES, run_host
from .kills import kill_writers
from .kiosks import CAMPAIGN, ONCE, run_kiosks
from .latency import GOALS_MS, latency
from .middleware import FRAMEWORKS, added
from .packs import WAYS as PACKS
from .packs import try_packs
from .power_cuts import SETTINGS, cut_power
from .servers import SERVERS
from .soak import FLAT, soak

#: What must not grow in a soak, and what there is of it.
_GROWTHS = (("growth_mb", "rss_mb"), ("blocks_growth", "blocks"))
app = typer.Typer(help=__doc__, no_args_is_help=True)
_Found = TypeVar("_Found")
Count = Annotated[int, typer.Option(min=1)]


@app.command()
def kills(count: Count = 1000) -> None:
    """Kill writers of a SQLite store; nothing that was acknowledged may be lost."""
    half = count // 2
    found = {
        one: _run(lambda folder, told, one=one: kill_writers(folder, half, one, progress=told), half)
        for one in ("shared", "alone")
    }
    _tell(found, bad=any(one["lost"] or one["torn"] or one["corrupt"] for one in found.values()))


@app.command()
def power_cuts(count: Count = 2000) -> None:
    """Cut the power of a SQLite store's disk; the careless control must lose something."""
    if not disk.is_there():
        raise typer.BadParameter("this Python has SQLite built in: nothing can be put between it and its files")
    found = {
        one: _run(lambda folder, told, one=one: cut_power(folder, count, one, progress=told), count) for one in SETTINGS
    }
    careless = found["careless"]
    good = [one for name, one in found.items() if name != "careless"]
    _tell(found, bad=any(one["lost"] or one["corrupt"] for one in good) or not careless["lost"] + careless["corrupt"])


@app.command(name="fuzz")
def fuzz_(count: Count = 1_000_000) -> None:
    """Give what reads from outside inputs that are wrong in any way; nothing may crash, and memory stays bounded."""
    each = max(count // len(TARGETS), 1)
    found = {name: _run(lambda _, told, name=name: fuzz(name, each, progress=told), each) for name in TARGETS}
    _tell(found, bad=any(one["crashed"] or one["refused"] == one["inputs"] for one in found.values()))


@app.command()
def faults(only: Annotated[str, typer.Option(help="One place: " + ", ".join(ROWS))] = "") -> None:
    """Let an edge suffer each fault of its centre, clock, store or server; the controls must lose and violate."""
    found, broken = dict[str, dict[str, object]](), list[str]()
    for name in [only] if only else ROWS:
        for fault, is_control, one, wrong in ROWS[name]():
            about = f"{name}: {fault}" + (", control" if is_control else "")
            found[about] = {**attrs.asdict(one), "broken": wrong}
            broken += [about] if bool(wrong) != is_control else []
            sys.stderr.write(f"{about}: {', '.join(wrong) or 'held'}\n")
    _tell(found, bad=bool(broken))


@app.command()
def kiosks(count: Count = 5000) -> None:
    """Let customers visit ten kiosks offline with wrong clocks, then merge: caps held, nothing lost or doubled."""
    found = {
        name: _run(lambda folder, told, one=one: run_kiosks(folder, count, shared=one, progress=told), count)
        for name, one in (("shares", True), ("control", False))
    }
    ours, control = found["shares"], found["control"]
    wrong = any(ours[one] for one in ("lost", "doubled", "foreign")) or _over(ours)
    _tell(found, bad=wrong or not _over(control))


@app.command(name="fleet")
def fleet_(count: Count = 400) -> None:
    """Enrol a fleet, roll a good and a bad bundle out, roll back, kill some: codes work once, bad ones stop."""
    found = {
        name: _run(lambda folder, told, one=one: run_fleet(folder, count, stops=one, progress=told), count)
        for name, one in (("stops", True), ("control", False))
    }
    ours, control = found["stops"], found["control"]
    right = {"enrolled": count, "second_uses": 0, "bad_state": "stopped", "healed": count, "killed": 5}
    wrong = ours["killed_by_refusal"] or ours["bad_taken"] != max(count // 40, 1)
    wrong = wrong or any(ours[name] != value for name, value in right.items())
    _tell(found, bad=bool(wrong) or control["bad_taken"] != count)


def _over(found: dict[str, object]) -> bool:
    return int(str(found["most"])) > CAMPAIGN or int(str(found["most_for_one"])) > ONCE


@app.command()
def nats_kills(count: Count = 1000) -> None:
    """Kill a NATS server while events are delivered; none that was acknowledged may be lost or doubled."""
    found = _run(lambda where, told: kill_servers(where, count, events_on_record, told), count)
    _tell({"nats": found}, bad=bool(found["lost"] or found["doubled"] or found["passed_over"]))


@app.command()
def nats_failover(count: Count = 10) -> None:
    """Kill the leader of three NATS servers while withdrawals are delivered; none that was acknowledged may be lost."""
    found = _run(lambda where, told: fail_over(where, count, told), count)
    _tell({"nats": found}, bad=bool(found["lost"] or found["passed_over"]))


@app.command()
def bundles(count: Count = 10_000) -> None:
    """Read a bundle with each bit flipped, cut anywhere, spliced, and of all older epochs; none may be taken."""
    found = {way: _run(lambda _, told, way=way: try_bundles(way, count, progress=told), count) for way in BUNDLES}
    _tell(found, bad=any(one["accepted"] or not one["careless"] for one in found.values()))


@app.command()
def packs(count: Count = 10_000) -> None:
    """Bring a kiosk packs with each bit flipped, cut anywhere, with rows moved, of older epochs; none may be taken."""
    found = {way: _run(lambda where, _, way=way: try_packs(where, way, count), 1) for way in PACKS}
    _tell(found, bad=any(one["accepted"] or (PACKS[way][1] and not one["careless"]) for way, one in found.items()))


@app.command(name="latency")
def latency_(count: Count = 200) -> None:
    """Withdraw at one edge until another decides by it: with hints within a second, by polling in three, 99 of 100."""
    ways = [(server, how) for server in SERVERS for how in GOALS_MS]
    found = {
        f"{server}, {how}": _run(
            lambda folder, told, server=server, how=how: latency(server, how, count, folder, progress=told), count
        )
        for server, how in ways
    }
    late = any(found[f"{server}, {how}"]["p99_ms"] > GOALS_MS[how] for server, how in ways)
    _tell(found, bad=late or any(one["never"] or one["came_back"] for one in found.values()))


@app.command()
def events(count: Count = 1000) -> None:
    """Send events by HTTP; each must change the same customer's next decision within a second, 99 of 100 times."""
    found = {}
    for where, many in (("the same process", count), ("another process", max(count // 5, 1))):
        found[where] = _run(lambda folder, told, where=where, many=many: event_delays(many, where, folder, told), many)
    _tell(found, bad=any(one["lost"] or one["p99_ms"] > 1000 for one in found.values()))


@app.command()
def middleware(count: Count = 2000) -> None:
    """Measure what the middleware adds to an empty page, with and without it in turn; nothing is asserted."""
    found = {
        f"{name}, {whom}": _run(lambda where, told, name=name, who=who: added(name, who, count, where, told), count)
        for name in FRAMEWORKS
        for whom, who in (("a visitor", None), ("a customer", "ann"))
    }
    _tell(found, bad=False)


@app.command()
def after_no(count: Count = 1000) -> None:
    """Let eight threads decide while customers say no and yes; none may begin a personal decision after a no."""
    found = {
        store: _run(lambda folder, told, store=store: decide_after_no(folder, count, store, told), count)
        for store in ("sqlite", "memory")
    }
    _tell(found, bad=any(one["violations"] or not one["begun_after_no"] for one in found.values()))


@app.command()
def canary() -> None:
    """Use all of it, also wrongly, with a canary in every field; no log, error, repr, metric or disk may have it."""
    found = {name: attrs.asdict(one) for name, one in _in_folder(overhear_all, len(HERE) + len(SERVED)).items()}
    bad = any(one["found"] for one in found.values()) or not all(found[name]["errors"] for name in SERVED)
    disk, control = (_run(lambda folder, _, pack=pack: search(folder, pack=pack), 1) for pack in (True, False))
    _tell({**found, "a kiosk's disk": disk, "control": control}, bad=bool(bad or disk["found"] or not control["found"]))


@app.command()
def host(count: Count = 200) -> None:
    """Let customers visit eight processes that share a store: one cap is kept, and no event lost or doubled."""
    ways = {"heard of each other": {}, "all at once": {"apart": False}, "control": {"shared": False}}
    found = {
        name: _run(lambda folder, told, how=how: run_host(folder, count, **how, progress=told), count)
        for name, how in ways.items()
    }
    wrong = any(one["lost"] or one["doubled"] for one in found.values()) or found["heard of each other"]["over"]
    beyond = int(str(found["all at once"]["most"])) > CAP * PROCESSES
    _tell(found, bad=bool(wrong or beyond or not found["control"]["over"]))


@app.command()
def walk(steps: Count = 1_000_000, first: Annotated[int, typer.Option(min=0)] = 0) -> None:
    """Walk two edges and a centre at random, from a first seed on; no step may break what is promised."""
    raise typer.Exit(walk_edges(["--steps", str(steps), "--seed", str(first)]))


@app.command(name="soak")
def soak_(
    minutes: Annotated[float, typer.Option(min=0.1)] = 30, customers: Count = 1_000_000, per_s: Count = 200
) -> None:
    """Let an edge work for long over very many customers; memory stays flat, and no decision goes against a no."""
    seconds = int(minutes * 60)
    found = _run(lambda folder, told: soak(folder, minutes, customers, per_s, progress=told), seconds)
    flat = all(float(str(found[a])) <= FLAT * float(str(found[b])) for a, b in _GROWTHS)
    _tell({"soak": found}, bad=not flat or any(found[one] for one in ("violations", "lost", "failures")))


def _run(proof: Callable[[Path, Callable[[int], None]], object], count: int) -> dict[str, object]:
    return attrs.asdict(_in_folder(proof, count))  # type: ignore[call-overload, no-any-return]


def _in_folder(proof: Callable[[Path, Callable[[int], None]], _Found], count: int) -> _Found:
    def told(done: int) -> None:
        if sys.stderr.isatty() or done % max(count // 10, 1) == 0:
            sys.stderr.write(f"\r{done:,} of {count:,}")

    with tempfile.TemporaryDirectory() as folder:
        found = proof(Path(folder), told)
    sys.stderr.write("\n")
    return found


def _tell(found: dict[str, dict[str, object]], *, bad: bool) -> None:
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    raise typer.Exit(1 if bad else 0)


if __name__ == "__main__":
    app()
