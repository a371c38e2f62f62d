"""`tactful disclosures`: what was passed on of a customer to partners, for the customer who asks. It holds no value."""

from typing import Annotated

import attrs
import typer

from ..clock import in_words, wall_clock
from ..disclosures import Disclosure
from ..errors import UsageError
from ..installed import store_of
from ..ports import Store
from .checking import Json
from .deciding import WhoOption, pairs
from .output import as_json, say, table, told
from .replaying import StoreUrl

_COLUMNS = ("when", "to", "for", "ground", "offer", "channel", "by", "decision")


def disclosures(
    store: StoreUrl,
    customer: Annotated[str | None, typer.Argument(help="The customer's id.", show_default=False)] = None,
    who: WhoOption = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    List what was passed on of a customer to partners: when, to whom, for what, by which attributes. No value is told.

    Example: `tactful disclosures 4711 --store sqlite:///edge.db`
    """
    with told(json_=json):
        kept = store_of(store, make=False)
        try:
            found = kept.disclosures(customer_of(kept, customer, who), wall_clock())
        finally:
            kept.close()
    if json:
        as_json([{**attrs.asdict(one), "id": one.id} for one in found])
    elif found:
        table(_COLUMNS, map(_row, found))
    else:
        say("nothing is on record that was passed on of this customer")


def customer_of(store: Store, customer: str | None, who: list[str] | None) -> str:
    """
    Return the id of whom the caller means.

    Raises:
        UsageError: If that is nobody, or was said twice.
    """
    if (customer is None) is (not who):
        raise UsageError("give the customer's id or --who, one of them")
    if customer is not None:
        return customer
    found = store.identify(pairs("--who", who))
    if found is None:
        raise UsageError("--who: the identifiers stand for nobody")
    return found.customer


def _row(one: Disclosure) -> tuple[str, ...]:
    passed = one.passed
    by = ", ".join(passed.attributes) or "nothing of the profile"
    where = (one.offer, one.channel, by, f"{one.decision}, slot {one.slot}")
    return in_words(one.at_us), passed.partner, passed.purpose, passed.legal_basis, *where
