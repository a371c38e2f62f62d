"""What was found, as rows: for a terminal, for the README, for programs. It measures nothing."""

import platform
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import attrs

from tactful.bench.timing import Timed

from .contest import FLOOR, Contest
from .own import WAYS
from .peer import PACKAGES

CLOCK: Final = "Processor time of the thread that asks, less what reading the clock takes."
#: What a row is called that is not a peer.
NAMES: Final[Mapping[str, str]] = {
    "decide": "tactful: a whole decision",
    "first": "tactful: the first for a customer",
    "brought": "tactful: the customer handed over",
    FLOOR: "bare Python predicates",
}
COLUMNS: Final = ("", "median us", "p99 us", "times tactful's")
_FEW: Final = 10  # below it, a digit after the point tells something


@attrs.frozen
class Row:
    """
    One line of a table.

    Attributes:
        name: Who.
        own: Whether it is tactful.
        median_us: The median [us].
        p99_us: The 99th percentile [us].
        ratio: The median, as a multiple of that of tactful's whole decision in the same run.
    """

    name: str
    own: bool
    median_us: float
    p99_us: float
    ratio: float

    def cells(self) -> tuple[str, str, str, str]:
        """Return it as text."""
        return self.name, _number(self.median_us), _number(self.p99_us), _number(self.ratio)


def rows(found: Mapping[str, Timed]) -> list[Row]:
    """Return a table, the fastest first."""
    ours = found["decide"].median_us
    made = [
        Row(NAMES.get(name, name), name in WAYS, one.median_us, one.p99_us, one.median_us / ours)
        for name, one in found.items()
    ]
    return sorted(made, key=lambda row: row.median_us)


def heads(flags: int) -> tuple[str, str]:
    """Return what stands above the two tables."""
    return f"All {flags} flags for one customer", "One flag; tactful with one offer"


def versions() -> Mapping[str, str]:
    """Return the versions of everything that is here, by package."""
    found = {"python": platform.python_version()}
    for package in ("tactful", *PACKAGES.values()):
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def figures(contest: Contest, flags: int, rounds: int) -> Mapping[str, Any]:
    """Return everything for programs."""
    return {
        "versions": versions(),
        "flags": flags,
        "rounds": rounds,
        "guardrails": contest.guardrails,
        "absent": contest.absent,
        "every": [attrs.asdict(row) for row in rows(contest.every)],
        "one": [attrs.asdict(row) for row in rows(contest.one)],
    }


def markdown(contest: Contest, flags: int) -> str:
    """Return the table for the README."""
    one = {row.name: row for row in rows(contest.one)}
    ours = "times tactful's | median µs"
    lines = [f"| | {flags} flags: {ours} | p99 µs | one flag: {ours} |", "|---|---:|---:|---:|---:|---:|"]
    for row in rows(contest.every):
        name, median, p99, ratio = row.cells()
        _, single, _, times = one[row.name].cells() if row.name in one else ("", "", "", "")
        lines.append(f"| {f'**{name}**' if row.own else name} | {ratio} | {median} | {p99} | {times} | {single} |")
    lines += [f"\n{package} is not here: {reason}" for package, reason in contest.absent.items()]
    return "\n".join([*lines, "", f"CPython {platform.python_version()}, tactful {version('tactful')}. {CLOCK}"])


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < _FEW else f"{value:,.0f}"
