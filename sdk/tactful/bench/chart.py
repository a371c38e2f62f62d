"""The chart of cost against the number of offers, both logarithmic. It shows figures and computes none."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import vl_convert as _  # noqa: F401 - altair looks for it when everything has been measured

from .measured import CURVES, Point

#: How each work is called, and the colour of its line.
_LINES: Final[Mapping[str, tuple[str, str]]] = {
    "predicates": ("bare Python predicates", "#a9b4c0"),
    "flat": ("tactful, every topic liked alike", "#7cc4bf"),
    "skewed": ("tactful, one topic far above", "#c97b1a"),
    "decide": ("tactful, random affinities", "#0b7a75"),
}
_INK, _MUTED, _GRID = "#1f2933", "#52606d", "#e4e7eb"
_TICKS: Final = [1, 10, 100, 1000, 10_000, 100_000]
_PADDING: Final = {"left": 14, "top": 14, "right": 14, "bottom": 14}


def draw(points: Sequence[Point]) -> str:
    """Return the chart as SVG."""
    values = [{"offers": one.offers, "us": one.median_us, "line": _LINES[one.work][0]} for one in points]
    names = [_LINES[work][0] for work in CURVES]
    colour = alt.Color(
        "line:N",
        scale=alt.Scale(domain=names, range=[_LINES[work][1] for work in CURVES]),
        legend=alt.Legend(title=None, orient="top-left", symbolType="stroke", symbolStrokeWidth=3),
    )
    base = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X("offers:Q", scale=alt.Scale(type="log", nice=False), axis=_axis("offers (logarithmic)")),
        y=alt.Y("us:Q", scale=alt.Scale(type="log"), axis=_axis("median, microseconds (logarithmic)")),
        color=colour,
    )
    lines = base.mark_line(strokeWidth=2)
    title = "One decision by the number of offers: all guardrails, three slots, room reserved"
    chart = alt.layer(lines, base.mark_circle(size=50, opacity=1)).properties(width=560, height=320, title=title)
    return _svg(chart)


def _axis(title: str) -> Any:
    return alt.Axis(values=_TICKS, format=",d", title=title)


def _svg(chart: alt.LayerChart | alt.FacetChart) -> str:
    styled = (
        chart.configure(background="white", font="system-ui, sans-serif", padding=_PADDING)
        .configure_view(stroke=None)
        .configure_axis(
            domain=False,
            ticks=False,
            gridColor=_GRID,
            labelColor=_INK,
            labelFontSize=12,
            labelPadding=6,
            titleColor=_MUTED,
            titleFontSize=12,
            titleFontWeight="normal",
            titlePadding=10,
        )
        .configure_legend(labelColor=_INK, labelFontSize=12, labelLimit=320)
        .configure_title(anchor="start", color=_INK, fontSize=14, offset=12)
    )
    out = io.StringIO()
    styled.save(out, format="svg")
    return out.getvalue()
