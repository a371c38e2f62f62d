"""`tactful erase`: a customer is forgotten in a store, for who asks for it; with a receipt. It prints no value."""

from contextlib import closing
from typing import Annotated

import attrs
import typer

from ..clock import in_words, wall_clock
from ..engine.attached import Attached, both
from ..erasing import WHY_KEPT, ErasureReceipt, edges_of, epochs_of, followers, owing_edges, receipt_of
from ..errors import UsageError
from ..held import Held
from ..installed import store_of
from ..ports import Erasure
from ..rights_ports import SubjectAccess
from .checking import Json
from .deciding import WhoOption
from .disclosing import customer_of
from .edges import erased_there
from .journals import Journals, attached_to
from .opened import StoreOption
from .output import as_json, bullets, say, table, told

_PROCESSES = "processes of this store fetch the customer anew at a decision after their refresh_s, 300 s as usual"


def erase(
    store: StoreOption = None,
    customer: Annotated[str | None, typer.Argument(help="The customer's id.", show_default=False)] = None,
    who: WhoOption = None,
    journal: Journals = None,
    centre: Annotated[
        str | None, typer.Option("--centre", help="The URL of the centre, to forget the customer too, first.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase; without it, only tell what would be erased.")] = False,  # noqa: FBT002 - a flag
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Forget a customer and all merged ids in a store, with a receipt; without --yes tell what would go.

    With --centre the centre forgets it first, and every edge that follows it is told.

    With --journal it is forgotten there too, and counted. A journal that fails is named; the store remembers what it
    owes.

    Example: `tactful erase 4711 --store sqlite:///edge.db --yes`
    """
    with told(json_=json):
        if store is None and centre is None:
            raise UsageError("give --store, or --centre, or both")
        kept = store_of(store, make=False)
        try:
            if not (isinstance(kept, SubjectAccess) and isinstance(kept, Erasure)):
                raise UsageError(f"{type(kept).__name__} cannot tell what it holds of a customer: erase at its source")
            id_ = customer_of(kept, customer, who)
            held = kept.held(id_)
            with closing(attached_to(None if store is None else kept, journal or ())) as beside:
                receipt = _erased(kept, id_, held, beside, centre) if yes else None
        finally:
            kept.close()
    if receipt is None:
        _tell(held, centre, json=json)
    elif json:
        as_json({"erased": True, "at_centre": centre is not None, **attrs.asdict(receipt)})
    else:
        _print(receipt, centre)


def _erased(store: Erasure, id_: str, held: Held, beside: Attached, centre: str | None) -> ErasureReceipt:
    at_centre = None if centre is None else erased_there(centre, held.ids)
    before = beside.forget(held.ids)  # while the store knows all ids: if we die, asking again finds the rest
    gone = store.erase(id_)
    after = beside.forget(held.ids)  # what was kept until the rows were gone
    epochs = epochs_of(store)
    edges = edges_of(store, epochs)
    if at_centre is not None:
        epochs, edges = at_centre
    pending = (*after.in_words(), _PROCESSES, followers(epochs), *owing_edges(edges))
    counted = both(before, after)
    return receipt_of(gone, held, wall_clock(), pending, beside=counted, epochs=epochs, edges=edges)


def _tell(held: Held, centre: str | None, *, json: bool) -> None:
    """Tell what an erasure would take."""
    if json:
        as_json({"erased": False, "would_go": dict(held.counts), "would_stay": {"withdrawals": len(held.notices)}})
        return
    table(("what", "would go"), [(sort, count) for sort, count in held.counts.items() if count])
    if any(held.counts.values()) or centre is not None:
        there = "" if centre is None else ", at the centre too, where none is counted"
        say(f"nothing was erased; with --yes it is{there}")
    else:
        say("nothing is held of this customer")


def _print(receipt: ErasureReceipt, centre: str | None) -> None:
    say(f"erased {in_words(receipt.at_us)}")
    rows = [(sort, count) for sort, count in receipt.gone.items() if count]
    if rows:
        table(("what", "went"), rows)
    elif centre is None:
        say("nothing was held of this customer")
    if centre is not None:
        say("the centre has forgotten the customer; what went there is not counted")
    if receipt.beside:
        table(("beside the store", "went"), list(receipt.beside.items()))
    if receipt.kept:
        say("What stays:")
        bullets(f"{count} {sort}: {WHY_KEPT[sort]}" for sort, count in receipt.kept.items())
    say("Who has still to forget:")
    bullets(receipt.pending)
