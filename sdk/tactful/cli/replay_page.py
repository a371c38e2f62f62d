"""The report of a replay as one HTML page with charts, for a browser without a network. It shows figures alone."""

import html
import importlib
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..authoring.as_markdown import plain
from ..errors import ExtraMissing
from ..replay_figures import BINS, Figures, bin_name
from .page import as_html
from .replay_words import sentences

_WIDTH: Final = 460
_BEFORE, _AFTER = "before", "after"
_COLOURS: Final = {_BEFORE: "var(--soft)", _AFTER: "var(--accent)"}
_ROWS_MAX: Final = 15
_HOW: Final = (
    "Each decision was made again of its evidence, at the moment of then. What this policy shows takes the place, in "
    "all later decisions, of what was shown; caps for everyone together stand as they stood."
)


def as_page(policy: str, figures: Figures, least: int) -> str:
    """
    Return the report.

    Args:
        policy: The name of the policy that was decided by.
        figures: What the replay came to.
        least: Of segments with fewer customers nothing is told.

    Raises:
        ExtraMissing: If the libraries of charts are absent.
    """
    charts: dict[str, str] = {}
    parts = [f"# What {plain(policy)} would have shown", *map(plain, sentences(figures))]
    if figures.again.decisions:
        parts += [
            *_boundaries(figures, charts),
            *_channels(figures, charts),
            *_segments(figures, least),
            *_offers(figures),
            *_reached(figures, charts),
            "## How it was decided",
            _HOW,
        ]
    page = as_html("\n\n".join(parts) + "\n")
    for name, svg in charts.items():
        page = page.replace(f"<p>{name}</p>", f"<figure>{svg}</figure>")
    return page


def _boundaries(figures: Figures, charts: dict[str, str]) -> list[str]:
    counts = figures.boundaries.most_common(_ROWS_MAX)
    if not counts:
        return []
    rows = [{"what": name.replace("_", " "), "changed": count} for name, count in counts]
    charts["chart-boundaries"] = _svg(_bars(rows, "changed", ",d"), "Changed decisions by boundary")
    text = "In how many of the changed decisions each boundary keeps something else away than it did."
    return ["## By boundary", text, "chart-boundaries"]


def _channels(figures: Figures, charts: dict[str, str]) -> list[str]:
    rows = [{"what": name, "share": turn.changed / turn.decisions} for name, turn in figures.channels.items()]
    charts["chart-channels"] = _svg(_bars(rows, "share", ".0%"), "Share of decisions that change, by channel")
    table = [(name, turn.changed, turn.decisions) for name, turn in figures.channels.items()]
    return ["## By channel", "chart-channels", _table(("channel", "changed", "decisions"), table)]


def _segments(figures: Figures, least: int) -> list[str]:
    found = sorted(figures.large_segments(least).items(), key=lambda pair: -pair[1].changed)
    rows = [(name, turn.changed, turn.decisions) for name, turn in found]
    small = f"Segments with fewer than {least} customers are left out: a figure would tell of their members."
    return ["## By segment", small, *([_table(("segment", "changed", "decisions"), rows)] if rows else [])]


def _offers(figures: Figures) -> list[str]:
    moved = sorted(figures.offers.items(), key=lambda pair: -abs(pair[1][1] - pair[1][0]))[:_ROWS_MAX]
    rows = [(name, *pair) for name, pair in moved if pair[0] != pair[1]]
    return ["## Offers that move most", _table(("offer", "slots before", "slots after"), rows)] if rows else []


def _reached(figures: Figures, charts: dict[str, str]) -> list[str]:
    parts = ["## How often customers are reached", "In how many decisions something was chosen for a customer."]
    for number, channel in enumerate(figures.reached):
        before, after = figures.frequencies(channel)
        names = [bin_name(*ends) for ends in BINS]
        rows = [
            {"times": name, "when": when, "customers": count}
            for when, counts in ((_BEFORE, before), (_AFTER, after))
            for name, count in zip(names, counts, strict=True)
        ]
        chart = f"chart-reached-{number}"
        charts[chart] = _svg(_pairs(rows, names), f"How often customers are reached: {channel}")
        means = f"On average {figures.mean(channel, 0):.2f} times before, and {figures.mean(channel, 1):.2f} after."
        table = [(name, one, other) for name, one, other in zip(names, before, after, strict=True) if one or other]
        parts += [f"### {channel}", means, chart, _table(("times", "customers before", "customers after"), table)]
    return parts


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [columns, *rows]
    head, *body = ["| " + " | ".join(map(_cell, line)) + " |" for line in lines]
    return "\n".join((head, "|" + " --- |" * len(columns), *body))


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else plain(str(value))


def _altair() -> Any:
    try:
        importlib.import_module("vl_convert")
        return importlib.import_module("altair")
    except ImportError:
        raise ExtraMissing("a report with charts", "demo") from None


def _bars(rows: Sequence[Mapping[str, object]], field: str, format_: str) -> Any:
    alt = _altair()
    axis = alt.Axis(tickCount=4, format=format_)
    return (
        alt.Chart(alt.InlineData(values=list(rows)))
        .mark_bar(size=20, color="var(--accent)")
        .encode(
            x=alt.X(f"{field}:Q", title=None, axis=axis),
            y=alt.Y("what:N", sort=[row["what"] for row in rows], title=None, axis=alt.Axis(labelLimit=220)),
        )
        .properties(width=_WIDTH, height=alt.Step(32))
    )


def _pairs(rows: Sequence[Mapping[str, object]], names: Sequence[str]) -> Any:
    alt = _altair()
    scale = alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values()))
    return (
        alt.Chart(alt.InlineData(values=list(rows)))
        .mark_bar()
        .encode(
            x=alt.X("times:N", sort=list(names), title=None, axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("when:N", sort=list(_COLOURS)),
            y=alt.Y("customers:Q", title=None, axis=alt.Axis(tickCount=4, format=",d")),
            color=alt.Color("when:N", scale=scale, legend=alt.Legend(title=None, orient="top")),
        )
        .properties(width=_WIDTH + 140, height=190)
    )


def _svg(chart: Any, label: str) -> str:
    """Return a chart that is as wide as its place and takes its colours from the page, read out by its label."""
    styled = (
        chart.configure(background="transparent", font="system-ui, sans-serif", padding=2)
        .configure_view(stroke=None)
        .configure_axis(
            domain=False,
            gridColor="var(--line)",
            labelColor="var(--soft)",
            labelFontSize=13,
            labelPadding=6,
            ticks=False,
        )
        .configure_legend(labelColor="var(--ink)", labelFontSize=13)
    )
    out = io.StringIO()
    styled.save(out, format="svg")
    style = r"max-width:\1px;width:100%;height:auto;overflow:visible"
    head = f'<svg role="img" aria-label="{html.escape(label)}" style="{style}" viewBox='
    return re.sub(r'<svg [^>]*?width="(\d+)"[^>]*?viewBox=', head, out.getvalue(), count=1)
