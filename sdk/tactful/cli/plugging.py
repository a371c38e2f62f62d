"""`tactful plugins`, and what `tactful explain --plugins` shows: who brings what, what it costs, what it kept away."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import attrs
import typer

import tactful

from ..plugin_trace import Acted, acted
from ..policy import PluginUse
from .checking import Json
from .opened import policy_of
from .output import as_json, bullets, progress, say, table, told

CostOption = Annotated[bool, typer.Option("--cost", help="Measure what each guardrail costs in a decision.")]
SourceArgument = Annotated[
    Path | None, typer.Argument(help="A policy's folder, or a bundle: tell what it names alone.", show_default=False)
]


def plugins(
    source: SourceArgument = None,
    cost: CostOption = False,  # noqa: FBT002 - a flag
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    List the plugins that policies can name: what each is, and which distribution in which version brings it.

    With a policy, those that it names, and what each of them says that it does under the policy's settings. The cost is
    that in a decision by the policy, or on a made-up shop.

    Example: `tactful plugins --cost`
    """
    with told(json_=json):
        registry = tactful.Registry.installed()
        policy = None if source is None else policy_of(source)[0]
        rows = list(_rows(registry) if policy is None else _named(registry, policy))
        if cost:
            with progress(json) as bars:
                _measure(registry, policy, rows, bars)
    if json:
        as_json(rows)
    elif rows:
        _show(rows)
    else:
        say("no plugin is installed" if source is None else "the policy names no plugin")


def _rows(registry: tactful.Registry) -> Iterator[dict[str, Any]]:
    for name, brought in registry.plugins():
        yield {
            "name": name,
            "kind": brought.kind,
            "distribution": brought.distribution,
            "version": brought.version,
            "settings": [field.name for field in attrs.fields(brought.cls)],
            "tactics": list(getattr(brought.cls, "tactics", ())),
        }


def _named(registry: tactful.Registry, policy: tactful.Policy) -> Iterator[dict[str, Any]]:
    uses = [("guardrail", use) for use in policy.guardrails] + [("enricher", one.plugin) for one in policy.enrichers]
    there = {(row["kind"], row["name"]): row for row in _rows(registry)}
    for kind, use in uses:
        row = there.get((kind, use.name)) or _absent(kind, use)
        yield {**row, "says": registry.sentence(use, policy.values.dial, kind)}
    for by in dict.fromkeys(boost.by for boost in policy.ranking.boosts if boost.by):
        name, _, rest = by.partition(" of ")
        where, _, said = rest.partition(": ")
        distribution, _, version = where.rpartition(" ")
        yield {"name": name, "kind": "ranker", "distribution": distribution, "version": version, "says": said}


def _absent(kind: str, use: PluginUse) -> dict[str, Any]:
    return {"name": use.name, "kind": kind, "distribution": None, "version": None}


def _measure(
    registry: tactful.Registry, policy: tactful.Policy | None, rows: Sequence[dict[str, Any]], bars: Any
) -> None:
    """Put into the rows what each guardrail costs; rankers and enrichers are not asked in a decision."""
    from ..bench.plugin_cost import costs  # noqa: PLC0415 - slow to import

    task = bars.add_task("turns", total=None)
    measured, noise = costs(registry, lambda done, every: bars.update(task, completed=done, total=every), policy=policy)
    found = {one.guardrail: one for one in measured}
    for row in rows:
        if row["kind"] == "guardrail" and row["name"] in found:
            one = found[row["name"]]
            row |= {"extra_us": one.extra_us, "ratio": one.ratio, "noise": noise, "why_not": one.why_not}


def _show(rows: Sequence[Mapping[str, Any]]) -> None:
    measured = any("ratio" in row for row in rows)
    columns = ("name", "kind", "distribution", "version", *(("decision",) if measured else ()))
    cells = [[row[column] or "not installed" for column in columns if column in row] for row in rows]
    table(columns, [[*known, *_cost(row)] if measured else known for known, row in zip(cells, rows, strict=True)])
    if measured:
        noise = next(row["noise"] for row in rows if "noise" in row)
        say()
        say("decision: its time with all guardrails / with all but this one, in turn, of one processor.")
        say(f"With all of them twice, the same comes to x {noise:.2f}: what is no further from 1 is noise.")
    notes = [f"{row['name']}: {row[why]}" for row in rows for why in ("says", "why_not") if row.get(why)]
    if notes:
        say()
        bullets(notes)


def _cost(row: Mapping[str, Any]) -> list[str]:
    if row["kind"] != "guardrail":
        return ["not asked"]
    if row.get("ratio") is None:
        return ["not measured"]
    return [f"x {row['ratio']:.2f}, {row['extra_us']:+.1f} us"]


def trace(decision: tactful.Decision) -> tuple[Acted, ...]:
    """Return what each guardrail did in a decision."""
    return acted(decision, tactful.Registry.installed())


def show(traced: Sequence[Acted]) -> None:
    """Print what each guardrail did, and where it comes from."""
    if not traced:
        say("no guardrail kept anything away")
    for one in traced:
        where = "tactful itself" if one.guardrail == "core" else f"{one.distribution or 'not installed'}"
        say(f"{one.guardrail} ({' '.join(filter(None, (where, one.version)))})", "bold")
        bullets(
            [
                *(f"{id_} kept away {_treatments(count)}" for id_, count in one.kept_away.items()),
                *(f"profile.{name} is kept from rules and texts" for name in one.hidden),
            ]
        )


def _treatments(count: int) -> str:
    return f"{count} treatment{'' if count == 1 else 's'}"
