"""`tactful load`: what decisions cost beside threads, forks, updates and a new bundle, and what memory is held."""

import platform
from collections.abc import Mapping
from typing import Annotated

import attrs
import typer

from ..bench.load import Calls, Effort, Report, run
from .checking import Json
from .output import as_json, progress, say, table, told


def load(
    offers: Annotated[int, typer.Option(min=1, max=100_000, help="So many offers has the shop.")] = 200,
    seconds: Annotated[float, typer.Option(min=0.1, help="Each part goes on for so long.")] = 3.0,
    updates: Annotated[int, typer.Option(min=0, help="So many profiles change in a second around a swap.")] = 1000,
    decisions: Annotated[int, typer.Option(min=1, help="So many decisions to see that memory is flat.")] = 20_000,
    customers: Annotated[int, typer.Option(min=1, help="They are for so many customers.")] = 10_000,
    pages: Annotated[int, typer.Option(min=1, help="So many for a customer before the next comes.")] = 1,
    freeze: Annotated[bool, typer.Option("--freeze", help="Let the host gc.freeze() around the swap.")] = False,  # noqa: FBT002 - a flag
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Measure a made-up shop under load: many threads, an event loop, forked processes, updates and a new bundle.

    Times are those of the clock on the wall, as a visitor sees them: on a busy machine they tell of the machine.

    Example: `tactful load --offers 400 --seconds 0.2 --decisions 2000`
    """
    effort = Effort(
        offers=offers,
        seconds=seconds,
        updates=updates,
        decisions=decisions,
        customers=customers,
        pages=pages,
        freeze=freeze,
    )
    with told(json_=json), progress(quiet=json) as bars:
        task = bars.add_task("", total=None)
        found = run(effort, lambda what, done, of: bars.update(task, description=what, completed=done, total=of))
    if json:
        as_json({"python": platform.python_version(), **attrs.asdict(found)})
        return
    _print(found)


def _print(found: Report) -> None:
    say(f"{found.offers:,} offers, Python {platform.python_version()}{'' if found.has_gil else ', free-threaded'}")
    say()
    _print_calls("who decides", found.decisions)
    for swap in (found.calm, found.swap):
        say()
        rate = swap.updates_a_second
        beside = f" beside {rate:,.0f} changes of profiles a second" if rate else ""
        say(f"a new bundle{beside}: {swap.update_s:.2f} s until it is taken")
        parts = {"before": swap.before, "meanwhile": swap.meanwhile, "after": swap.after, "the first": swap.first}
        _print_calls("decisions", parts)
    say()
    kept, held = found.kept, found.held
    grown = "" if kept.growth_mb is None else f", the process grew by {kept.growth_mb:.1f} MB since it was full"
    say(f"{kept.decisions:,} decisions for {kept.customers:,} customers: {kept.here:,} are held{grown}")
    say(f"a customer: {held.packed:,.0f} bytes packed, {held.here:,.0f} held, {held.prepared:,.0f} more when prepared")
    if found.wakes_a_second is not None:
        say(f"idle: the busiest thread wakes {found.wakes_a_second:.1f} times a second")


def _print_calls(what: str, rows: Mapping[str, Calls]) -> None:
    table((what, "a second", "p50 µs", "p99 µs", "p99.9 µs", "max µs"), [_row(*row) for row in rows.items()])


def _row(name: str, one: Calls) -> tuple[str, ...]:
    figures = (one.a_second, one.p50_us, one.p99_us, one.p999_us, one.max_us)
    return (name, *(f"{figure:,.0f}" for figure in figures))
