"""`tactful fairness`: whether groups of customers fare differently, from the decision log. It prints no customer."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

import attrs
import typer

from ..clock import DAY_US, wall_clock
from ..decision_log import LoggedPick
from ..disparity import Disparity, disparity
from ..errors import UsageError
from ..grouping import Grouping
from ..installed import store_of
from ..log_ports import DecisionLog
from ..policy import Policy
from ..ports import CustomerList, Store
from ..pseudonyms import log_key, pseudonym
from ..schema import ValueType
from .checking import Json
from .opened import Source, policy_of
from .output import FOUND, as_json, progress, say, table, told

GROUPS_MAX: Final = 20
_AT_ONCE: Final = 1000
_Groups = Mapping[bytes, str]
ByOption = Annotated[
    list[str] | None, typer.Option("--by", help="An attribute, as kids or age:30,60; else all that are protected.")
]
GroupsOption = Annotated[
    Path | None, typer.Option("--groups", help="A CSV file with the columns customer and group, instead.")
]


def fairness(
    source: Source,
    store: Annotated[str, typer.Option("--store", help="The store's URL, as sqlite:///edge.db.", show_default=False)],
    by: ByOption = None,
    groups: GroupsOption = None,
    days: Annotated[int, typer.Option("--days", min=1, help="How far back.")] = 90,
    smallest: Annotated[int, typer.Option("--smallest", help="Of a smaller group nothing is said.")] = 50,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Compare what groups of customers were shown, by the four-fifths rule, from the decision log.

    Exit code 1 if a group surely has less than four fifths of the rate of the group that has most.

    Example: `tactful fairness policy --store sqlite:///edge.db --by visits:6,12`
    """
    with told(json_=json):
        policy, _ = policy_of(source)
        kept = store_of(store, make=False)
        try:
            found = dict(_compared(policy, kept, by, groups, days, smallest, quiet=json))
        finally:
            kept.close()
    if json:
        as_json({name: attrs.asdict(one) for name, one in found.items()})
    else:
        _show(found, smallest)
    differs = any(one.verdict == "differs" for each in found.values() for one in each.comparisons)
    raise typer.Exit(FOUND if differs else 0)


def _compared(
    policy: Policy, store: Store, by: list[str] | None, file: Path | None, days: int, smallest: int, *, quiet: bool
) -> Iterator[tuple[str, Disparity]]:
    if not isinstance(store, DecisionLog) or not isinstance(store, CustomerList):
        raise UsageError("this store keeps no decision log, or cannot list whom it knows")
    if by and file is not None:
        raise UsageError("give --by or --groups, not both")
    ways = _ways(policy, by) if file is None else None
    named = [("groups", _of_file(file, store))] if file is not None else []
    named += [(way.attribute.name, _of_profiles(way, store, store, quiet=quiet)) for way in ways or ()]
    outcomes, now_us = _outcomes(policy), wall_clock()
    for name, groups in named:
        if len(set(groups.values())) > GROUPS_MAX:
            raise UsageError(f"{name!r} makes more than {GROUPS_MAX} groups; group its values in a file for --groups")
        level = 1 - 0.05 / len(named)
        decisions = store.logged(now_us - days * DAY_US, now_us + 1)
        yield name, disparity(decisions, groups, outcomes, smallest=smallest, level=level)


def _ways(policy: Policy, by: list[str] | None) -> list[Grouping]:
    if by:
        return [Grouping.read(written, policy.attributes) for written in dict.fromkeys(by)]
    protected = [a for a in policy.attributes if a.protect and a.type in {ValueType.BOOL, ValueType.TEXT}]
    if not protected:
        raise UsageError("no attribute that is true, false or a text has `protect: true`; name one with --by")
    return [Grouping(attribute) for attribute in protected]


def _of_profiles(way: Grouping, store: Store, listed: CustomerList, *, quiet: bool) -> _Groups:
    key, groups, last = log_key(store), dict[bytes, str](), ""
    with progress(quiet) as bars:
        task = bars.add_task(f"grouping by {way.attribute.name}", total=None)
        while ids := listed.customers(last, _AT_ONCE):
            groups |= {pseudonym(key, id_): way.group(store.profile(id_)) for id_ in ids}
            last = ids[-1]
            bars.advance(task, len(ids))
    return groups


def _of_file(file: Path, store: Store) -> _Groups:
    key = log_key(store)
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = csv.DictReader(opened)
            if not {"customer", "group"} <= set(rows.fieldnames or ()):
                raise UsageError(f"{file}: the first line must name the columns customer and group")
            return {pseudonym(key, row["customer"] or ""): row["group"] for row in rows if row["group"]}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "it is no CSV file in UTF-8"
        raise UsageError(f"{file}: {reason}") from None


def _outcomes(policy: Policy) -> Callable[[LoggedPick], Iterable[str]]:
    """Return what a filled slot counts for: its offer, its treatment where there are several, and its tactics."""
    offers = {offer.id: offer for offer in policy.offers}
    several = Counter({offer.id: len(offer.treatments) for offer in policy.offers})

    def outcomes(pick: LoggedPick) -> Iterator[str]:
        yield f"offer {pick.offer}"
        if several[pick.offer] > 1:
            yield f"treatment {pick.offer}/{pick.treatment}"
        if (offer := offers.get(pick.offer)) is not None:
            yield f"intent {offer.intent.value}"
            yield from (f"tactic {tactic}" for tactic in offer.tactics)

    return outcomes


def _show(found: Mapping[str, Disparity], smallest: int) -> None:
    for name, one in found.items():
        sizes = ", ".join(f"{group}: {size}" for group, size in one.groups.items()) or "none is large enough"
        say(f"by {name} ({sizes})", "bold")
        rows = [
            (
                c.outcome,
                c.group,
                f"{c.rate:.0%}",
                f"{c.highest:.0%} ({c.beside})",
                f"{c.ratio:.2f}",
                _interval(c.low, c.high),
                c.verdict,
            )
            for c in one.comparisons
            if c.verdict
        ]
        if rows:
            table(("outcome", "group", "rate", "highest", "ratio", "interval", "verdict"), rows)
        elif len(one.groups) > 1:
            say(f"no ratio is below four fifths, of {len(one.comparisons)}", "green")
        if one.silent:
            say(f"of {len(one.silent)} groups with fewer than {smallest} customers nothing is said", "yellow")
        say(f"all intervals together hold with {one.level:.1%}; each with {one.each:.3%}")


def _interval(low: float, high: float) -> str:
    return f"{low:.2f} to {high:.2f}"
