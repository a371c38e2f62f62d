"""The demo's figures for people at a terminal, 80 columns wide or more. It computes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from .leases import looked_at
from .stories import together

Figures = Mapping[str, Any]
_LADDER = ("GENERIC", "CONTEXT", "SEGMENT", "PERSONAL")
_FIRST = {"first1": "1", "first6": "6", "first20": "20"}
_QUIET, _STRONG, _SHOWN, _HELD = "dim", "bold", "green", "yellow"


def show(result: Figures, console: Console) -> None:
    """Print the figures, and the three stories."""
    console.print(figures(result))
    for told in result["stories"]:
        console.print(story(told))


def figures(result: Figures) -> RenderableType:
    """Return what was decided, how fast, how familiar, what boundaries changed, what the rest of the policy is for."""
    return Group(
        head(result),
        Text(),
        _tones(result),
        Text(),
        _boundaries(result),
        *_test(result["pregnancy_test"]),
        Text(),
        *_relevance(result["relevance"]),
        *_leases(result["leases"]),
        Text(),
        *_settings(result),
    )


def head(result: Figures) -> RenderableType:
    """Return how much was decided, by what, how fast, and what is made up."""
    policy, times = result["policy"], result["decide_us"]
    again, first = times["again"], times["first"]
    return Group(
        Text.assemble(
            (f"{result['decisions']:,} decisions", _STRONG),
            f" for {result['households']:,} households, each on {len(result['channels'])} channels, ",
            f"on {result['as_of']}",
        ),
        Text(
            f"by {policy['offers']} offers ({policy['coupons']} of them coupons), {policy['segments']} segments and "
            f"{policy['guardrails']} guardrails"
        ),
        Text.assemble(
            "one decision: median ",
            (f"{again['median']:.0f} µs", _STRONG),
            f", 99th percentile {again['p99']:,.0f} µs",
        ),
        Text(f"(a household's first on a channel: {first['median']:.0f} µs and {first['p99']:,.0f} µs)", _QUIET),
        *(Text(f"{count:,} decisions showed less: {why}", _HELD) for why, count in result["careful"].items()),
        Text(),
        Text(result["note"], _QUIET),
    )


def story(told: Figures) -> RenderableType:
    """Return what one household sees, why, and what was held back."""
    return Group(
        Text(),
        Rule(Text(told["title"], _STRONG), align="left", style=_QUIET),
        Text(told["about"]),
        *(_channel(channel) for channel in told["channels"]),
    )


def _tones(result: Figures) -> Table:
    rows = [
        (
            name,
            *(_share(found["tones"][tone], sum(found["tones"].values())) for tone in _LADDER),
            f"{found['silent']:,}",
        )
        for name, found in result["channels"].items()
    ]
    return _table(("how familiar what is shown is", *_LADDER, "silent"), rows)


def _boundaries(result: Figures) -> Table:
    found = sorted(result["guardrails"].items(), key=lambda item: -item[1]["changed"])
    rows = [
        (
            name,
            f"{one['changed']:,}",
            *(_share(one["on"][channel], of["decisions"]) for channel, of in result["channels"].items()),
        )
        for name, one in found
    ]
    return _table(("decisions that a boundary changed", "all", *result["channels"]), rows)


def _test(test: Figures) -> Iterator[RenderableType]:
    if not test["households"]:
        return
    seen, loose = (sum(test[by][name] for name in ("web", "kiosk")) for by in ("differ", "differ_without_boudoir"))
    yield Text()
    yield Text.assemble(
        f"{test['households']} households bought a pregnancy test lately. Of their {2 * test['households']} screens on "
        "the web and at the kiosk ",
        (f"{seen} show something else because of it", _STRONG),
        f"; without the guardrail boudoir {loose} would.",
    )


def _relevance(found: Figures) -> Iterator[RenderableType]:
    if not found["rows"]:
        yield Text("none of these households redeemed a coupon", _QUIET)
        return
    rows = [(row["name"], *(f"{row[first]:.2f}" for first in _FIRST)) for row in found["rows"]]
    yield _table((f"{found['redemptions']:,} redeemed coupons are among the first", *_FIRST.values()), rows)
    lost = ", ".join(f"{found['lost_to_guardrails'][first]:.1%}" for first in _FIRST)
    yield Text(
        f"of {found['candidates_median']:.0f} candidates in the median; the guardrails cost {lost} of it", _QUIET
    )


def _leases(months: Sequence[Figures]) -> Iterator[RenderableType]:
    if not any(map(looked_at, months)):
        return
    rows = [
        (month["day"], *(f"{month[name]:,}" for name in ("fresh", "valued", "ended", "changed")))
        for month in months[:: -len(months) // 4][::-1]
    ]
    yield Text()
    yield _table(("of children it is told, by month", "used", "value given", "ended", "changed"), rows)
    yield Text("use of it ends after half a year, unless they got something for it: a coupon", _QUIET)


def _settings(result: Figures) -> Iterator[RenderableType]:
    rows = [(one["name"], str(one["tests"] or "-"), _acted(one["acted"])) for one in result["settings"]]
    yield _table(("what the policy sets", "tests that notice", "acted today"), rows)
    yield Text(
        f"so many of its {result['tests']} tests show something else without it; a limit acted on so many of the day's "
        "decisions, of both rounds",
        _QUIET,
    )
    for one in result["sources"]:
        told = "{attribute}: right of {right} of {of} families, a guess of {guess}: {verdict}".format(**one)
        yield Text(told, _QUIET)
    signed = result["signatures"]
    by = " and ".join(signed["by"])
    yield Text(f"signed by {by}; with one signature alone: {signed['refused_with_one']}", _QUIET)


def _acted(count: int | None) -> str:
    return f"{count:,}" if count else "-"


def _channel(found: Figures) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=6, style=_STRONG)
    grid.add_column(width=9, style=_QUIET)
    grid.add_column(ratio=1)
    name, before = found["channel"], ""
    for label, text in _lines(found):
        grid.add_row(name, "" if label == before else label, text)
        name, before = "", label
    return grid


def _lines(found: Figures) -> Iterator[tuple[str, Text]]:
    """Yield what is shown, why in the customer's words, and what was held back."""
    for why, some in together(found["shown"], lambda one: one["why"].partition(". ")[0]).items():
        for one in some:
            yield "shown", Text.assemble((one["title"], _SHOWN), (f"  {one['tone']}", _QUIET))
        yield "why", Text(why, _QUIET)
    if not found["shown"]:
        yield "shown", Text("; ".join(content["title"] for content in found["fallback"]) or "nothing is sent", _QUIET)
    for reason, some in together(found["held_back"], _last_reason).items():
        yield "held back", Text("; ".join(one["title"] for one in some), _HELD)
        yield "by", Text(reason, _QUIET)


def _last_reason(one: Figures) -> str:
    """Return one reason of several; what keeps a thing away comes after what hides the facts that it needs."""
    reason = one["reasons"][-1]
    return f"{reason['id']}: {reason['words']}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style=_STRONG, padding=(0, 2, 0, 0))
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if part else "-"
