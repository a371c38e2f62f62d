"""`tactful bench`: what decisions, imports and idleness cost on this machine, beside what they may cost at most."""

import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import attrs
import typer

from ..bench import GOALS, WORKS, Effort, Judged, Point, Timed, curves, judged, measured, run
from ..errors import ExtraMissing, UsageError
from .checking import Json
from .output import as_json, progress, say, table, told

_Tell = Callable[[str, int, int], None]


def bench(
    offers: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, help="Instead of the goals, every work in a shop of so many offers."),
    ] = None,
    up_to: Annotated[int, typer.Option(min=10, max=100_000, help="Leave larger shops out.")] = 100_000,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="So many turns of 100 calls for each work.")] = 20,
    chart: Annotated[
        Path | None, typer.Option(help="Instead of the goals, draw cost against offers into this SVG file.")
    ] = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Measure a made-up shop with all guardrails, and print the project's goals beside what was measured.

    Decisions take turns in one process, and their time is that of the processor: read the ratios.

    Example: `tactful bench --up-to 10000`
    """
    with told(json_=json), _steps(quiet=json) as tell:
        if offers is not None and chart is not None:
            raise UsageError("--offers is for one shop and --chart for many: give one of them")
        effort = Effort(rounds=rounds, up_to=up_to)
        if offers is not None:
            _print_works(offers, run(offers, rounds, lambda done, total: tell("timing", done, total)), json=json)
        elif chart is not None:
            _draw(chart, effort, tell, json=json)
        else:
            _print_goals(list(judged(measured(effort, tell))), json=json)


@contextmanager
def _steps(*, quiet: bool) -> Iterator[_Tell]:
    with progress(quiet=quiet) as bars:
        task = bars.add_task("", total=None)
        yield lambda what, done, total: bars.update(task, description=what, completed=done, total=total)


def _print_goals(found: list[Judged], *, json: bool) -> None:
    if json:
        as_json({"python": platform.python_version(), "goals": [_as_json(one) for one in found]})
        return
    table(("work", "median (goal)", "p99 (goal)", "ratio (goal)", "met"), [_goal_row(one) for one in found])
    say()
    for one in found:
        beside = f"; the ratio is to {one.goal.beside}" if one.goal.beside else ""
        say(f"{one.goal.name}: {one.goal.says}{beside}", "dim")
    left_out = [goal.name for goal in GOALS if all(goal is not one.goal for one in found)]
    if left_out:
        say(f"not measured here: {', '.join(left_out)}", "yellow")


def _goal_row(one: Judged) -> tuple[str, str, str, str, str]:
    goal, figure = one.goal, one.figure
    missed = [name for name, is_met in one.met.items() if not is_met]
    met = ("no: " + ", ".join(missed)) if missed else "yes" if one.met else ""
    median = f"{_written(figure.median)} {goal.unit}"
    p99 = "" if figure.p99 is None else _written(figure.p99)
    ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
    return goal.name, _beside(median, goal.median), _beside(p99, goal.p99), _beside(ratio, goal.ratio), met


def _written(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}"  # noqa: PLR2004 - three digits tell enough


def _beside(text: str, limit: float | None) -> str:
    return text if limit is None else f"{text} ({limit:g})"


def _as_json(one: Judged) -> Mapping[str, object]:
    goal = attrs.asdict(one.goal)
    limits = {name: goal.pop(name) for name in ("median", "p99", "ratio")}
    return {**goal, "measured": {**attrs.asdict(one.figure), "ratio": one.ratio}, "goal": limits, "met": {**one.met}}


def _print_works(offers: int, found: Mapping[str, Timed], *, json: bool) -> None:
    bare = found["predicates"].median_us
    if json:
        works = {name: {**attrs.asdict(one), "ratio": one.median_us / bare} for name, one in found.items()}
        as_json({"offers": offers, "python": platform.python_version(), "works": works})
        return
    rows = [
        (name, f"{one.median_us:.1f}", f"{one.p99_us:.1f}", f"{one.median_us / bare:.2f}")
        for name, one in found.items()
    ]
    table(("work", "median µs", "p99 µs", "ratio"), rows)
    say()
    for name, words in WORKS.items():
        say(f"{name}: {words}", "dim")


def _draw(file: Path, effort: Effort, tell: _Tell, *, json: bool) -> None:
    try:
        from ..bench.chart import draw  # noqa: PLC0415 - the extra demo
    except ImportError as error:
        raise ExtraMissing("tactful bench --chart", "demo") from error
    if not file.parent.is_dir():
        raise UsageError(f"there is no folder {str(file.parent)!r} for the chart")
    points = curves(effort, tell)
    file.write_text(draw(points), encoding="utf-8")
    if json:
        as_json({"chart": str(file), "points": [attrs.asdict(one) for one in points]})
        return
    _print_points(points)
    say()
    say(f"the chart is in {file}")


def _print_points(points: list[Point]) -> None:
    works = list(dict.fromkeys(one.work for one in points))
    found = {(one.offers, one.work): one.median_us for one in points}
    sizes = sorted({one.offers for one in points})
    rows = [(f"{size:,}", *(_written(found[size, work]) for work in works)) for size in sizes]
    table(("offers", *(f"{work} µs" for work in works)), rows)
