"""What the linter thinks about triggers: those that have nothing to say, and what they tell to nobody."""

from collections.abc import Collection, Iterator
from typing import Final

from ..catalog import Catalog, Entry
from ..expr import reads
from ..plan.pages import taken_by
from ..plan.slots import BUILT_IN_CONTEXT
from .findings import Finding

#: Attributes of the context that the library itself reads.
_OWN: Final = frozenset(f"context.{one.name}" for one in BUILT_IN_CONTEXT)


def triggers_found(catalog: Catalog, used: Collection[str]) -> Iterator[Finding]:
    """
    Yield what is odd about triggers.

    Args:
        catalog: The policy's treatments.
        used: The variables that its rules, texts and guardrails read.
    """
    policy = catalog.policy
    places = {one.name: one for one in policy.placements}
    for one in policy.triggers:
        about, place = f"trigger {one.name}", places[one.placement]
        mask = taken_by(catalog, place)
        if not any(mask >> entry.index & 1 and _may_use(entry, place.channel) for entry in catalog.entries):
            reason = f"no offer goes to {one.placement}, so it never says anything"
            yield Finding("trigger-empty", about, reason, "let an offer go there, or delete the trigger")
        asked = {*used, *reads(one.when), *_OWN}
        for field, attribute in one.properties:
            if f"context.{attribute}" not in asked:
                reason = f"it tells {attribute!r} from {field!r}, and nothing reads it"
                yield Finding("trigger-unread", about, reason, "leave the property out, or read the attribute")


def _may_use(entry: Entry, channel: str) -> bool:
    mine, offer = entry.treatment.channels, entry.offer.channels
    return (not mine or channel in mine) and (not offer or channel in offer)
