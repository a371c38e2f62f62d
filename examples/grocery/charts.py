"""The charts of the report, as inline SVG that takes its colours from the page. They show figures and compute none."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
from markupsafe import Markup

Figures = Mapping[str, Any]
Rows = Sequence[Mapping[str, Any]]
_WIDTH = 360
#: The ladder, from the least to the most familiar: paler to deeper.
_LADDER = {name: f"var(--tone-{step})" for step, name in enumerate(("GENERIC", "CONTEXT", "SEGMENT", "PERSONAL"))}
_INK, _MUTED, _LINE = "var(--ink)", "var(--muted)", "var(--line)"


def tones(channels: Figures) -> Markup:
    """Return how familiar what is shown on each channel is, as shares."""
    rows = [
        {"channel": name, "tone": tone, "step": step, "shown": found["tones"][tone]}
        for name, found in channels.items()
        for step, tone in enumerate(_LADDER)
    ]
    return _svg(
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(size=30)
        .encode(
            x=alt.X("shown:Q", stack="normalize", title=None, axis=alt.Axis(format="%", tickCount=4)),
            y=alt.Y("channel:N", sort=list(channels), title=None),
            color=_colour("tone", _LADDER),
            order="step:Q",
        )
        .properties(width=_WIDTH, height=alt.Step(46)),
        "Share of tones on each channel",
    )


def boundaries(guardrails: Figures) -> Markup:
    """Return on how many decisions each guardrail changed what was shown, by channel."""
    order = sorted(guardrails, key=lambda name: -guardrails[name]["changed"])
    channels = list(next(iter(guardrails.values()))["on"])
    rows = [
        {
            "guardrail": name.replace("_", " "),
            "channel": channel,
            "place": place,
            "changed": guardrails[name]["on"][channel],
        }
        for name in order
        for place, channel in enumerate(channels)
    ]
    colours = {channel: f"var(--channel-{place})" for place, channel in enumerate(channels)}
    return _svg(
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(size=22)
        .encode(
            x=alt.X("changed:Q", title=None, axis=alt.Axis(tickCount=4, format=",d")),
            y=alt.Y("guardrail:N", sort=[name.replace("_", " ") for name in order], title=None),
            color=_colour("channel", colours),
            order="place:Q",
        )
        .properties(width=_WIDTH - 60, height=alt.Step(34)),
        "Decisions that each guardrail changed",
    )


def relevance(found: Figures) -> Markup:
    """Return how often each way of ordering has the redeemed coupon among its first 1, 6 and 20: a column for each."""
    columns = {"first1": "the first", "first6": "the first 6", "first20": "the first 20"}
    rows = [
        {"way": row["name"], "share": row[first], "start": place, "end": place + row[first]}
        for row in found["rows"]
        for place, first in enumerate(columns)
    ]
    order = [row["name"] for row in found["rows"]]
    blank = alt.Axis(labels=False, grid=False, title=None)
    x = alt.X("start:Q", axis=blank, scale=alt.Scale(domain=[0, len(columns)]))
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=alt.Y("way:N", sort=order, axis=None))
    ours = alt.condition("test(/^tactful/, datum.way)", alt.value("var(--accent)"), alt.value("var(--bar)"))
    bars = base.mark_bar(size=8, yOffset=7).encode(x=x, x2="end:Q", color=ours)
    shares = base.mark_text(align="left", dx=4, dy=7, fontSize=12, color=_INK).encode(
        x=alt.X("end:Q", axis=blank), text=alt.Text("share:Q", format=".2f")
    )
    names = base.mark_text(align="left", dy=-8, fontSize=13, color=_MUTED).encode(x=alt.value(0), text="way:N")
    heads = (
        alt.Chart(
            alt.InlineData(values=[{"start": place, "text": text} for place, text in enumerate(columns.values())])
        )
        .mark_text(align="left", fontSize=13, fontWeight="bold", color=_INK)
        .encode(x=x, y=alt.value(-14), text="text:N")
    )
    layers = alt.layer(bars, shares, names.transform_filter("datum.start == 0"), heads)
    return _svg(
        layers.properties(width=_WIDTH, height=alt.Step(40)), "How often the redeemed coupon is among the first"
    )


def times(decide_us: Figures) -> Markup:
    """Return how long decisions took, on a logarithmic scale."""
    words = {"again": "again, a minute later", "first": "first on a channel"}
    rows = [
        {"round": words[name], "from": bin_["from"], "to": bin_["to"], "decisions": bin_["decisions"]}
        for name in words
        for bin_ in decide_us[name]["histogram"]
        if bin_["decisions"]
    ]
    scale = alt.Scale(type="log", domain=[rows[0]["from"], 2000], clamp=True, nice=False)
    x = alt.X(
        "from:Q", scale=scale, axis=alt.Axis(values=[20, 50, 100, 200, 500, 1000], format="d", title="microseconds")
    )
    bars = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(opacity=0.75, orient="vertical")
        .encode(
            x=x,
            x2="to:Q",
            y=alt.Y("decisions:Q", stack=None, title=None, axis=alt.Axis(tickCount=4, format=",d")),
            y2=alt.datum(0),
            color=_colour("round", {words["again"]: "var(--accent)", words["first"]: "var(--bar)"}),
        )
    )
    medians = [_median(decide_us[name]["median"], 18 * place, x) for place, name in enumerate(words)]
    return _svg(alt.layer(bars, *medians).properties(width=_WIDTH, height=190), "Time of a decision")


def _median(at_us: float, below: int, x: alt.X) -> alt.LayerChart | alt.FacetChart:
    """Return a line at a median with its words, so far below the top [px]."""
    base = alt.Chart(alt.InlineData(values=[{"from": at_us}])).encode(x=x)
    text = base.mark_text(align="left", baseline="top", dx=5, fontSize=13, fontWeight="bold", color=_INK)
    rule = base.mark_rule(color=_INK, strokeDash=[3, 3])
    return alt.layer(rule, text.encode(y=alt.value(below), text=alt.value(f"{at_us:.0f} µs")))


def leases(months: Rows) -> Markup:
    """Return of how many households something that they told is used in each month, and of how many no more."""
    words = {"ended": "not used any more", "valued": "something was given for it", "fresh": "nothing is due yet"}
    colours = dict(zip(words.values(), ("var(--bar)", "var(--accent)", "var(--tone-1)"), strict=True))
    rows = [
        {"month": month["day"][5:7], "what": words[name], "place": place, "households": month[name]}
        for month in months
        for place, name in enumerate(words)
    ]
    return _svg(
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(size=18)
        .encode(
            x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("households:Q", title=None, axis=alt.Axis(tickCount=4, format=",d")),
            color=_colour("what", colours),
            order="place:Q",
        )
        .properties(width=_WIDTH, height=190),
        "Use of what households told, by month",
    )


def consents(said: Mapping[str, int], agreed: Sequence[str]) -> Markup:
    """Return how many households said what."""
    rows = [
        {"said": words, "households": count, "yes": words in agreed, "text": f"{count:,}  {words}"}
        for words, count in said.items()
    ]
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=alt.Y("said:N", sort=list(said), axis=None))
    yes = alt.condition("datum.yes", alt.value("var(--accent)"), alt.value("var(--bar)"))
    bars = base.mark_bar(size=8, yOffset=7).encode(x=alt.X("households:Q", title=None, axis=None), color=yes)
    words = base.mark_text(align="left", dy=-7, fontSize=13, color=_MUTED).encode(x=alt.value(0), text="text:N")
    return _svg(alt.layer(bars, words).properties(width=_WIDTH, height=alt.Step(34)), "What households said")


def _colour(field: str, colours: Mapping[str, str]) -> alt.Color:
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color(f"{field}:N", scale=scale, legend=alt.Legend(title=None, orient="top", symbolType="square"))


def _svg(chart: alt.TopLevelMixin, label: str) -> Markup:
    """Return a chart that is as wide as its place, read out by its label."""
    styled = (
        chart.configure(background="transparent", font="system-ui, sans-serif", padding=2)
        .configure_view(stroke=None)
        .configure_axis(
            domain=False,
            gridColor=_LINE,
            labelColor=_MUTED,
            labelFontSize=13,
            labelPadding=6,
            ticks=False,
            titleColor=_MUTED,
            titleFontSize=13,
            titleFontWeight="normal",
        )
        .configure_legend(labelColor=_INK, labelFontSize=13, symbolSize=90, columnPadding=26, labelLimit=400)
        .configure_header(labelColor=_INK, labelFontSize=13, labelAnchor="start", labelFontWeight="bold")
    )
    out = io.StringIO()
    styled.save(out, format="svg")
    head = f'<svg role="img" aria-label="{label}" style="max-width:\\1px" viewBox='
    return Markup(re.sub(r'<svg [^>]*?width="(\d+)"[^>]*?viewBox=', head, out.getvalue(), count=1))  # noqa: S704 - ours, and escaped by the library
