"""`tactful bench`: how long decisions take on this machine, each beside bare predicates in the same run."""

import platform
from typing import Annotated

import attrs
import typer

from ..bench import WORKS, Timed, run
from .checking import Json
from .output import as_json, progress, say, table, told


def bench(
    offers: Annotated[int, typer.Option(min=1, max=100_000, help="So many offers.")] = 200,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="So many turns of 100 calls for each work.")] = 20,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Time decisions of a made-up shop with all guardrails, and print medians, 99th percentiles and ratios.

    The ratio is to a list comprehension over as many compiled Python predicates as there are offers.

    Example: `tactful bench --offers 10000`
    """
    with told(json_=json), progress(quiet=json) as bars:
        task = bars.add_task("timing", total=None)
        found = run(offers, rounds, lambda done, total: bars.update(task, completed=done, total=total))
    bare = found["predicates"].median_us
    if json:
        works = {name: {**attrs.asdict(one), "ratio": one.median_us / bare} for name, one in found.items()}
        as_json({"offers": offers, "python": platform.python_version(), "works": works})
        return
    table(("work", "median us", "p99 us", "ratio"), [_row(name, one, bare) for name, one in found.items()])
    say()
    for name, words in WORKS.items():
        say(f"{name}: {words}", "dim")


def _row(name: str, one: Timed, bare_us: float) -> tuple[str, str, str, str]:
    return name, f"{one.median_us:.1f}", f"{one.p99_us:.1f}", f"{one.median_us / bare_us:.2f}"
