"""`tactful maturity` and `offence`: how far a policy has come, and what offends. They count, and change nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import attrs
import typer

from ..installed import store_of
from ..registry import Registry
from .checking import Json
from .opened import Source, StoreOption, policy_of
from .output import as_json, bullets, say, table, told

if TYPE_CHECKING:
    from ..governance import Assessment, Figures, OfferOffence

Log = Annotated[str, typer.Option("--store", help="The store that has the ledger, as sqlite:///edge.db.")]
Smallest = Annotated[int, typer.Option(min=1, help="What was shown less often is not told alone.")]
_STYLES = {"EMERGING": "yellow", "PRACTICING": "cyan", "LEADING": "green"}
_MARKS = {True: "met:", False: "not met:", None: "not known:"}
_SHORT = ("dismissed", "too personal", "complaint", "unsubscribe")


def maturity(
    source: Source,
    store: StoreOption = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Assess the policy in four respects, from what it says and what its logs show.

    Without a store, it tells what the logs would have to show.

    Example: `tactful maturity shop.bundle --store sqlite:///edge.db`
    """
    from ..governance import assess  # noqa: PLC0415 - slow to import

    with told(json_=json), counted(store) as figures:
        found = assess(policy_of(source)[0], Registry.installed(), figures)
    if json:
        as_json([_assessment_json(one) for one in found])
        return
    for number, one in enumerate(found):
        if number:
            say()
        name = one.level.name
        say(f"{one.column.capitalize()}: {name.capitalize()}", f"bold {_STYLES[name]}")
        bullets(f"{_MARKS[it.found.met]} {it.criterion.what} ({it.found.evidence})" for it in one.judged)
        if one.next_step:
            say(f"Next: {one.next_step}.")


def offence(
    source: Source,
    store: Log,
    smallest: Smallest = 50,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Tell each department how often its offers offend, the worst first. It names no customer.

    Example: `tactful offence shop.bundle --store sqlite:///edge.db`
    """
    from ..governance import offences  # noqa: PLC0415 - slow to import

    with told(json_=json), counted(store) as figures:
        found = offences(policy_of(source)[0], figures, smallest)
    if json:
        as_json([attrs.asdict(one) for one in found])
        return
    for number, owner in enumerate(dict.fromkeys(one.owner for one in found)):
        if number:
            say()
        say(owner or "nobody answers for these", "bold")
        table(("treatment", "shown", "offended", *_SHORT), _rows([one for one in found if one.owner == owner]))
    if not found:
        say(f"no treatment was shown {smallest} times")


@contextmanager
def counted(store: str | None) -> Iterator["Figures"]:
    """Give what a store has counted; nothing without a store."""
    from ..governance import Figures, figures_of  # noqa: PLC0415 - slow to import

    if store is None:
        yield Figures()
        return
    kept = store_of(store, make=False)
    try:
        yield figures_of(kept)
    finally:
        kept.close()


def _rows(found: Sequence["OfferOffence"]) -> Iterator[Sequence[object]]:
    for one in found:
        name = f"{one.offer}/{one.treatment}" if one.offer else "all that were shown seldom"
        yield name, f"{one.shown:,}", one.rate, *one.events.values()


def _assessment_json(one: "Assessment") -> dict[str, object]:
    criteria = [
        {"what": it.criterion.what, "leading": it.criterion.leading, "met": it.found.met, "evidence": it.found.evidence}
        for it in one.judged
    ]
    said = {"level": one.level.name.lower(), "next_step": one.next_step, "lacking": one.lacking}
    return {"respect": one.column, **said, "criteria": criteria}
