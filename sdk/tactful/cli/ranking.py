"""`tactful matrix`: which offer promises most for which segment, what is missing, and what holdouts show."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import attrs
import typer

from ..installed import store_of
from ..policy import Policy
from .checking import Json
from .files import write_file
from .opened import Source, StoreOption, policy_of
from .output import as_json, markdown, say, told

if TYPE_CHECKING:
    from ..governance import Comparison, Matrix, Opportunity

Outcome = Annotated[str, typer.Option(help="What customers do if an offer does them good, as the ledger calls it.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write it as one HTML page.")]
_SHOWN_MAX = 20


def matrix(
    source: Source,
    store: StoreOption = None,
    outcome: Outcome = "purchase",
    html: Html = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Rank what offers promise for segments, and mark the gaps; with a store, say what holdouts show.

    Example: `tactful matrix policy --html matrix.html`
    """
    from ..governance import matrix_of  # noqa: PLC0415 - slow to import

    with told(json_=json):
        policy, _ = policy_of(source)
        found, compared = matrix_of(policy), _measured(policy, store, outcome)
        if html is not None:
            from .page import as_html  # noqa: PLC0415 - slow to import

            write_file(html, as_html(_text(policy.name, found, compared, wide=True)).encode())
    if json:
        as_json({**attrs.asdict(found), "holdouts": [attrs.asdict(one) for one in compared]})
    elif html is not None:
        say(f"{html}: open it in a browser, or print it", "green")
    else:
        markdown(_text(policy.name, found, compared))


def _measured(policy: Policy, store: str | None, outcome: str) -> "Sequence[Comparison]":
    from ..governance import measured  # noqa: PLC0415 - slow to import

    if store is None:
        return ()
    kept = store_of(store, make=False)
    try:
        return measured(policy, kept, outcome)
    finally:
        kept.close()


def _text(name: str, found: "Matrix", compared: "Sequence[Comparison]", *, wide: bool = False) -> str:
    """Return all of it as Markdown; what is ranked as a table where there is room for one."""
    from ..authoring.as_markdown import plain  # noqa: PLC0415 - slow to import

    ranked = [one for one in found.opportunities if one.promise is not None]
    shown = ranked[:_SHOWN_MAX]
    best = "\n".join(_table(shown)) if wide and shown else _list(map(_opportunity, shown))
    parts = [f"# {plain(name)}: the value matrix", "## Opportunities"]
    parts += [best or "Nothing is expected of any offer yet: fill `matrix:`."]
    parts += [f"And {len(ranked) - _SHOWN_MAX:,} more; `--json` has all."] if len(ranked) > _SHOWN_MAX else []
    parts += ["## Segments", _list(_segments(found)) or "There are none."]
    parts += ["## Gaps", _list(_gaps(found)) or "There are none."]
    if compared:
        parts += ["## What holdouts show", _list(map(_comparison, compared))]
    return "\n\n".join(parts) + "\n"


def _list(lines: Iterable[str]) -> str:
    from ..authoring.as_markdown import plain  # noqa: PLC0415 - slow to import

    return "\n".join(f"- {plain(line)}" for line in lines)


def _table(found: "Sequence[Opportunity]") -> Iterator[str]:
    from ..authoring.as_markdown import plain  # noqa: PLC0415 - slow to import

    yield "| offer | segment | customers in it | glad | stay | channels | promise |"
    yield "|" + " --- |" * 7
    for one in found:
        cells = (one.offer, one.segment, f"{one.size:,}", *_shares(one), f"{one.reach:.0%}", f"{one.promise:,.0f}")
        yield f"| {' | '.join(map(plain, cells))} |"


def _opportunity(one: "Opportunity") -> str:
    glad, stay = _shares(one)
    group = f"{one.size:,} in it, {glad} glad, {stay} stay, {one.reach:.0%} of channels"
    return f"{one.offer} for {one.segment}: {one.promise:,.0f} customers ({group})"


def _shares(one: "Opportunity") -> tuple[str, str]:
    glad, stay = (("none" if it is None else f"{it:.0%}") for it in (one.satisfaction, one.retention))
    return glad, stay


def _segments(found: "Matrix") -> Iterator[str]:
    for row in found.rows:
        size = "not counted" if row.size is None else f"{row.size:,}"
        yield f"{row.segment}: {size}" + (f", within {', '.join(row.within)}" if row.within else "")


def _gaps(found: "Matrix") -> Iterator[str]:
    yield from (f"nothing speaks to {name}" for name in found.unaddressed)
    yield from (f"nobody counted {name}" for name in found.uncounted)
    yield from (f"nothing is expected of {offer} for {segment}" for segment, offer in found.unexpected)


def _comparison(one: "Comparison") -> str:
    points = [f"{100 * it:+.1f}" for it in (one.difference, one.low, one.high)]
    verdict = "it helps" if one.low > 0 else "it does harm" if one.high < 0 else "it may be chance"
    treated = f"{one.outcome} by {one.treated_rate.share:.1%} of {one.treated:,} customers"
    held = f"by {one.held_rate.share:.1%} of {one.held:,} held out"
    return f"{one.holdout}: {treated}, and {held}: {points[0]} points ({points[1]} to {points[2]}), {verdict}"
