"""`tactful replay`: the past decided again of its evidence, by the policy of then or by another one."""

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

import tactful

from ..errors import UsageError
from ..installed import store_of
from ..log_ports import DecisionLog, EvidenceRows
from ..plan.plan import Plan
from ..pseudonyms import log_key
from ..replay_figures import BINS, Figures, Turn, bin_name
from ..replaying import Replay
from ..sealing import EvidenceReader, EvidenceSeal, evidence_key
from .checking import Json
from .files import write_file
from .opened import Source, plan_of
from .output import FOUND, as_json, bullets, progress, say, table, told
from .replay_words import as_plain, sentences

StoreUrl = Annotated[str, typer.Option("--store", help="The store's URL, as sqlite:///edge.db.", show_default=False)]
KeyFile = Annotated[
    Path, typer.Option("--evidence-key", help="The file of the key that sealed the evidence.", show_default=False)
]
Reason = Annotated[
    str, typer.Option("--reason", help="Why the evidence is read; it stays on record.", show_default=False)
]
Reader = Annotated[str | None, typer.Option("--reader", help="Who reads it; else the name of this account.")]
Since = Annotated[str | None, typer.Option("--since", help="From this day or moment on (UTC).")]
Until = Annotated[str | None, typer.Option("--until", help="Before this day or moment (UTC).")]
_EVER_US: Final = 2**62
_TOLD_MAX: Final = 12


def replay(  # noqa: PLR0913, PLR0917 - options
    source: Source,
    store: StoreUrl,
    key: KeyFile,
    reason: Reason,
    reader: Reader = None,
    since: Since = None,
    until: Until = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a report with charts, one HTML page.")] = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Decide the past again: by the policy of then, to see that it comes out the same; by another, to see what changes.

    Exit code 1 if a decision by the policy of then comes out differently.

    Example: `tactful replay policy --store sqlite:///edge.db --evidence-key evidence.key --reason "plan for May"`
    """
    with told(json_=json):
        plan = plan_of(source)
        policy = plan.policy
        figures = _figures(plan, store, key, (reader or getpass.getuser(), reason), (since, until), quiet=json)
        if html is not None:
            from .replay_page import as_page  # noqa: PLC0415 - slow to import

            write_file(html, as_page(policy.name, figures, policy.values.min_segment).encode())
    if json:
        as_json(as_plain(figures, policy.values.min_segment))
    else:
        _show(figures, policy.values.min_segment)
        if html is not None:
            say(f"\nthe report, with charts: {html}", "green")
    raise typer.Exit(FOUND if figures.different else 0)


def _figures(
    plan: Plan, url: str, key: Path, who: tuple[str, str], moments: tuple[str | None, str | None], *, quiet: bool
) -> Figures:
    since_us, until_us = (_moment_us(*one) for one in zip(("--since", "--until"), moments, (0, _EVER_US), strict=True))
    seal = EvidenceSeal(evidence_key(key))
    kept = store_of(url, make=False)
    try:
        if not (isinstance(kept, DecisionLog) and isinstance(kept, EvidenceRows)):
            raise UsageError(f"{type(kept).__name__} keeps no decision log")
        count = sum(1 for _ in kept.logged(since_us, until_us))
        if not count:
            raise UsageError("no decision is logged for that time; an edge logs with tactful.open(…, log=True)")
        reading = EvidenceReader(kept, seal, reader=who[0], reason=who[1], clock=tactful.wall_clock)
        replaying, figures = Replay(plan, log_key(kept), kept), Figures()
        with progress(quiet=quiet) as bars:
            found = replaying.of(kept.logged(since_us, until_us), reading.between(since_us, until_us))
            for one in bars.track(found, total=count, description="deciding again"):
                figures.count(one)
    finally:
        kept.close()
    return figures


def _moment_us(option: str, text: str | None, otherwise_us: int) -> int:
    from ..authoring.periods import MomentError, moment, zone_of  # noqa: PLC0415 - slow to import

    if text is None:
        return otherwise_us
    zone = zone_of("UTC")
    if zone is None:
        raise UsageError("there are no time zones here; pip install tzdata")
    try:
        return moment(text, zone)
    except MomentError as error:
        raise UsageError(f"{option}: {error}; {error.hint}") from None


def _show(figures: Figures, least: int) -> None:
    bullets(sentences(figures))
    if not figures.again.decisions:
        return
    _turns("channel", list(figures.channels.items()))
    counts = figures.boundaries.most_common(_TOLD_MAX)
    if counts:
        say("\nBy boundary", "bold")
        table(("boundary", "changed decisions"), [(name, f"{count:,}") for name, count in counts])
    _turns("segment", sorted(figures.large_segments(least).items(), key=lambda pair: -pair[1].changed)[:_TOLD_MAX])
    moved = sorted(figures.offers.items(), key=lambda pair: -abs(pair[1][1] - pair[1][0]))[:_TOLD_MAX]
    rows = [(name, f"{pair[0]:,}", f"{pair[1]:,}") for name, pair in moved if pair[0] != pair[1]]
    if rows:
        say("\nOffers that move most (filled slots)", "bold")
        table(("offer", "before", "after"), rows)
    for name in figures.reached:
        before, after = figures.frequencies(name)
        means = f"{figures.mean(name, 0):.2f} times each before, {figures.mean(name, 1):.2f} after"
        say(f"\nHow often customers are reached: {name} ({means})", "bold")
        rows = [(bin_name(*ends), f"{b:,}", f"{a:,}") for ends, b, a in zip(BINS, before, after, strict=True) if b or a]
        table(("times", "customers before", "customers after"), rows)


def _turns(what: str, turns: Sequence[tuple[str, Turn]]) -> None:
    if turns:
        say(f"\nBy {what}", "bold")
        rows = [(name, f"{t.changed:,}", f"{t.decisions:,}", f"{t.changed / t.decisions:.1%}") for name, t in turns]
        table((what, "changed", "decisions", "share"), rows)
