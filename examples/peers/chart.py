"""The chart: medians on a logarithmic scale, from the fastest down. It shows figures and computes none."""

import io
from collections.abc import Sequence
from typing import Final

import altair as alt

from .told import Row

_OWN, _OTHER, _INK, _MUTED, _LINE = "#0b7a75", "#a9b4c0", "#1f2933", "#52606d", "#e4e7eb"
_STEP: Final = 26
#: A reader's font can be wider than the one by which room for the names is measured, at the left.
_PADDING: Final = {"left": 54, "top": 14, "right": 14, "bottom": 14}


def draw(shown: Sequence[Row], title: str) -> str:
    """Return a table as SVG."""
    order = [row.name for row in shown]
    lowest = min(row.median_us for row in shown) / 2
    values = [
        {"name": row.name, "own": row.own, "us": row.median_us, "from": lowest, "text": _text(row)} for row in shown
    ]
    x = alt.X(
        "us:Q",
        scale=alt.Scale(type="log", domain=[lowest, max(row.median_us for row in shown) * 6], nice=False),
        axis=alt.Axis(values=[1, 10, 100, 1000, 10_000], format=",d", title="median, microseconds (logarithmic)"),
    )
    base = alt.Chart(alt.InlineData(values=values)).encode(y=alt.Y("name:N", sort=order, title=None))
    colour = alt.condition("datum.own", alt.value(_OWN), alt.value(_OTHER))
    lines = base.mark_bar(size=2).encode(x=x, x2="from:Q", color=colour)  # a scale without a zero has no bars
    dots = base.mark_circle(size=130, opacity=1).encode(x=x, color=colour)
    texts = base.mark_text(align="left", dx=10, fontSize=12, color=_INK).encode(x=x, text="text:N")
    return _svg(alt.layer(lines, dots, texts).properties(width=420, height=alt.Step(_STEP), title=title))


def _text(row: Row) -> str:
    _, median, _, ratio = row.cells()
    return f"{median} µs, {ratio} times"


def _svg(chart: alt.LayerChart | alt.FacetChart) -> str:
    styled = (
        chart.configure(background="white", font="system-ui, sans-serif", padding=_PADDING)
        .configure_view(stroke=None)
        .configure_axis(
            domain=False,
            ticks=False,
            gridColor=_LINE,
            labelColor=_INK,
            labelFontSize=12,
            labelLimit=320,
            labelPadding=6,
            titleColor=_MUTED,
            titleFontSize=12,
            titleFontWeight="normal",
            titlePadding=10,
        )
        .configure_title(anchor="start", color=_INK, fontSize=14, offset=12)
    )
    out = io.StringIO()
    styled.save(out, format="svg")
    return out.getvalue()
