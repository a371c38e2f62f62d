"""`tactful why-not`: the customers that an offer loses, by rule and limit, on each channel. It prints counts alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import attrs
import typer

import tactful

from ..clock import wall_clock
from ..errors import UsageError
from ..funnel import Funnel, Tally
from ..plan.pages import taken_by
from ..ports import CustomerList
from .checking import Json
from .deciding import ContextOption, context_of, pairs
from .opened import KeyOption, Source, StoreOption, opened
from .output import as_json, out, progress, say, told

_AT_ONCE: Final = 500
_BAR_MAX: Final = 30
_Deciding = Callable[[tuple[str, ...]], tactful.Decision]
OfferArgument = Annotated[str, typer.Argument(help="The offer's id.", show_default=False)]


@attrs.frozen
class _Asked:
    """What is to be decided by, about which offer, and at which moment."""

    source: Path
    offer: str
    context: Mapping[str, str]
    key: str | None


def why_not(
    source: Source,
    offer: OfferArgument,
    store: StoreOption = None,
    context: ContextOption = None,
    key: KeyOption = None,
    smallest: Annotated[
        int, typer.Option("--smallest", min=1, help="Smaller counts of real customers are not told.")
    ] = 10,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Tell how many customers an offer loses to each rule and limit, on each channel.

    With a store it decides for all customers in it, else for the folder's personas. It leaves no trace.

    Example: `tactful why-not policy olives --store sqlite:///edge.db`
    """
    with told(json_=json):
        asked = _Asked(source, offer, pairs("--context", context), key)
        found = _of_personas(asked) if store is None else _of_store(asked, store, quiet=json)
    least = 1 if store is None else smallest
    if json:
        as_json([_rounded(one, least) for one in found])
        return
    for number, one in enumerate(found):
        if number:
            say()
        _show(one, least)


def _of_personas(asked: _Asked) -> list[Funnel]:
    from ..authoring import decide_for, load_suite  # noqa: PLC0415 - slow to import

    if not asked.source.is_dir():
        raise UsageError("a bundle has no personas; name a store with --store, or the policy's folder")
    if asked.key is not None:
        raise UsageError("a folder has no signature that --key could verify; leave it out")
    suite = load_suite(asked.source)
    if not suite.personas:
        raise UsageError("the policy has no personas; name a store with --store")
    now_us = wall_clock()
    with opened(suite.policy, None, None, lambda: now_us) as (edge, _):
        moment = context_of(asked.context, edge)

        def people() -> Iterator[_Deciding]:
            for persona in suite.personas.values():
                yield partial(decide_for, edge, persona=persona, context=moment, now_us=now_us)

        return _counted(edge, asked.offer, people())


def _of_store(asked: _Asked, store: str, *, quiet: bool) -> list[Funnel]:
    now_us = wall_clock()
    with opened(asked.source, asked.key, store, lambda: now_us) as (edge, kept), progress(quiet) as bars:
        if not isinstance(kept, CustomerList):
            raise UsageError("this store cannot list whom it knows")
        moment = context_of(asked.context, edge)
        task = bars.add_task("customers", total=None)

        def people() -> Iterator[_Deciding]:
            last = ""
            while ids := kept.customers(last, _AT_ONCE):
                for id_ in ids:
                    edge.warm(id_)
                    yield partial(edge.decide, who=id_, context=moment, preview=True)
                    bars.advance(task)
                last = ids[-1]

        return _counted(edge, asked.offer, people())


def _counted(edge: tactful.Edge, offer: str, people: Iterator[_Deciding]) -> list[Funnel]:
    pages = _pages(edge, offer)
    tallies = {channel: Tally(channel) for channel in pages}
    for decide in people:
        for channel, places in pages.items():
            explanation = decide(places).explain()
            shown = any(id_ == offer for id_, *_ in explanation.shown)
            losses = explanation.of(offer)
            tallies[channel].add([[(r.id, r.text) for r in loss.reasons] for loss in losses], shown=shown)
    return [tally.funnel() for tally in tallies.values()]


def _pages(edge: tactful.Edge, offer: str) -> Mapping[str, tuple[str, ...]]:
    """Return the placements that take the offer, by channel."""
    catalog = edge.plan.catalog
    scope = catalog.by_offer().get(offer)
    if scope is None:
        from ..names import hint_for  # noqa: PLC0415 - beside its only use

        hint = hint_for(offer, catalog.by_offer())
        raise UsageError(f"there is no offer {offer!r}{f'; {hint}' if hint else ''}")
    pages: dict[str, tuple[str, ...]] = {}
    for placement in catalog.policy.placements:
        if taken_by(catalog, placement) & scope.bits:
            pages[placement.channel] = (*pages.get(placement.channel, ()), placement.name)
    if not pages:
        raise UsageError(f"no placement takes the offer {offer!r}; `tactful check` says more")
    return pages


def _rounded(one: Funnel, least: int) -> Mapping[str, object]:
    """Return a funnel without small counts: None stands for one to `least` less one."""
    told_of = attrs.asdict(one)
    for part in (told_of, *told_of["lost"]):
        part |= {name: None for name, count in part.items() if isinstance(count, int) and 0 < count < least}
    return told_of


def _show(one: Funnel, least: int) -> None:
    say(f"{one.channel}: {_count(one.customers, least)} customers", "bold")
    rows: Sequence[tuple[str, int, str]] = [
        *((lost.id, lost.at_all, f", {_count(lost.alone, least)} to it alone: {lost.text}") for lost in one.lost),
        ("may get it", one.allowed, f", shown to {_count(one.shown, least)} of them"),
    ]
    for name, count, more in rows:
        say(f"{name}  {_count(count, least)}{more}")
        say("  " + _bar(count if count >= least else 0, one.customers), "green" if name == "may get it" else "yellow")


def _bar(count: int, customers: int) -> str:
    width = max(1, min(_BAR_MAX, out.width - 4))
    filled = round(width * count / customers) if customers else 0
    full, empty = ("█", "·") if "utf" in (out.encoding or "").lower() else ("#", ".")
    return full * filled + empty * (width - filled)


def _count(count: int, least: int) -> str:
    return f"{count:,}" if count == 0 or count >= least else f"fewer than {least}"
