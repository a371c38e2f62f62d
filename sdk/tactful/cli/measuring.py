"""`tactful sources`: how often each source of a value is right, beside what customers state. It prints counts alone."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import attrs
import typer

from ..against_stated import Pair, pairs_of
from ..clock import wall_clock
from ..errors import UsageError
from ..installed import store_of
from ..measured_sources import JUDGING, SMALLEST, MeasuredSource, Verdict, measured, smallest_of
from ..policy import Policy
from ..ports import CustomerList, Store
from ..registry import Registry
from ..schema import Source as Origin
from .checking import Json
from .files import write_file
from .opened import Source, policy_of
from .output import FOUND, as_json, bullets, progress, say, table, told

_AT_ONCE: Final = 1000
_Found = Mapping[tuple[str, Origin], MeasuredSource]
Write = Annotated[
    Path | None, typer.Option("--write", help="Write the policy's section `sources` to this file, as sources.yaml.")
]


def sources(
    source: Source,
    store: Annotated[str, typer.Option("--store", help="The store's URL, as sqlite:///edge.db.", show_default=False)],
    write: Write = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Measure how often each source of a value is right, beside what customers state.

    It compares attributes with those that they are `checked_by`. Exit code 1 if a source is worse than a guess.

    Example: `tactful sources policy --store sqlite:///edge.db --write policy/sources.yaml`
    """
    with told(json_=json):
        policy, _ = policy_of(source)
        if not any(attribute.checked_by for attribute in policy.attributes):
            raise UsageError("no attribute says by which stated one it can be checked; add `checked_by:` to one")
        found, smallest = measured(_pairs(policy, store, quiet=json)), _smallest(policy)
        section = _section(found, smallest)
        if write is not None:
            write_file(write, section.encode())
    collected = {attribute.name: attribute.collected for attribute in policy.attributes}
    if json:
        as_json(
            {
                "sources": [_as_json(key, one, collected[key[0]], smallest) for key, one in found.items()],
                "silent": _silent(policy, found),
            }
        )
    else:
        _show(policy, found, smallest)
        _tell(section, write)
    raise typer.Exit(FOUND if any(one.verdict(smallest) is Verdict.WORSE for one in found.values()) else 0)


def _smallest(policy: Policy) -> int:
    use = next((use for use in policy.guardrails if use.name == JUDGING), None)
    return SMALLEST if use is None else smallest_of(Registry.installed().guardrail(use, policy.values.dial))


def _pairs(policy: Policy, url: str, *, quiet: bool) -> Iterator[Pair]:
    kept, now_us = store_of(url, make=False), wall_clock()
    try:
        with progress(quiet) as bars:
            task = bars.add_task("customers", total=None)
            for id_ in _ids(kept):
                snapshot = kept.profile(id_)
                if snapshot is not None:
                    yield from pairs_of(policy.attributes, snapshot, now_us)
                bars.advance(task)
    finally:
        kept.close()


def _ids(store: Store) -> Iterator[str]:
    if not isinstance(store, CustomerList):
        raise UsageError("this store cannot list whom it knows")
    last = ""
    while ids := store.customers(last, _AT_ONCE):
        yield from ids
        last = ids[-1]


def _silent(policy: Policy, found: _Found) -> list[str]:
    """Return the attributes that could be checked, and of which no customer stated what checks them."""
    compared = {name for name, _ in found}
    return [one.name for one in policy.attributes if one.checked_by and one.name not in compared]


def _as_json(key: tuple[str, Origin], one: MeasuredSource, collected: str, smallest: int) -> Mapping[str, Any]:
    name, source = key
    verdict = one.verdict(smallest)
    told_of: dict[str, Any] = {"attribute": name, "source": source.value, "collected": collected}
    told_of["verdict"] = verdict.value
    if verdict is not Verdict.TOO_FEW:
        told_of |= attrs.asdict(one) | {"share": one.share, "interval": one.interval, "guess_share": one.guess_share}
    return told_of


def _show(policy: Policy, found: _Found, smallest: int) -> None:
    collected = {one.name: f" ({one.collected})" for one in policy.attributes if one.collected}
    rows = [
        (
            name,
            source.value + collected.get(name, ""),
            f"{one.of:,}",
            f"{one.share:.0%}",
            _interval(one),
            f"{one.guess_share:.0%}",
            verdict.value,
        )
        for (name, source), one in found.items()
        if (verdict := one.verdict(smallest)) is not Verdict.TOO_FEW
    ]
    if rows:
        table(("attribute", "source", "customers", "right", "interval", "guess", "verdict"), rows)
        say("the intervals hold with 95%; a guess says of everybody what most state")
    few = [f"{name} ({source.value})" for (name, source), one in found.items() if one.of < smallest]
    bullets([f"{one}: fewer than {smallest} customers, too few to tell" for one in few], "yellow")
    checks = {one.name: one.checked_by for one in policy.attributes}
    bullets([f"{name}: nobody has it who stated {checks[name]}" for name in _silent(policy, found)], "yellow")


def _tell(section: str, write: Path | None) -> None:
    if write is not None:
        say(f"{write}: the policy's section `sources`", "green")
    else:
        say()
        say("for the policy:", "green")
        say(section.rstrip("\n"))


def _section(found: _Found, smallest: int) -> str:
    """Return the section of a policy that says what was measured: as a file, which may say that nothing was."""
    by_name: dict[str, list[str]] = {}
    for (name, source), one in found.items():
        if one.of >= smallest:
            counts = f"{{right: {one.right}, of: {one.of}, guess: {one.guess}}}"
            by_name.setdefault(name, []).append(f"    {source.value}: {counts}")
    return "\n".join(_lines(by_name)) + "\n"


def _lines(by_name: Mapping[str, Iterable[str]]) -> Iterator[str]:
    yield "sources:" if by_name else "# of no source were enough customers compared"
    for name, lines in by_name.items():
        yield f"  {name}:"
        yield from lines


def _interval(one: MeasuredSource) -> str:
    low, high = one.interval
    return f"{low:.0%} to {high:.0%}"
