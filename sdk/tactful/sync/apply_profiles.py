"""Changes of profiles, and of who is who, into a store, in their order; the same ones a second time change nothing."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Protocol

import attrs

from ..changes import Change, Split, Unlinked
from ..errors import StoreError
from ..identity import IdentityRules, Link
from ..merging import Merge
from ..ports import IdentityGraph, IdentityLinks
from ..profile import Snapshot
from .apply_consents import ConsentsKept, erase


class ProfilesKept(ConsentsKept, IdentityGraph, IdentityLinks, Protocol):
    """What is asked of a store so that it can follow profiles, and who is who."""


def apply_profiles(store: ProfilesKept, changes: Sequence[Change]) -> Counter[str]:
    """
    Keep what a centre tells of profiles and identifiers.

    Returns:
        How many changes the store does not take while it takes others, by the code of its error; they are passed over.

    Raises:
        Exception: What the store raises if it takes none; then all is to be applied again.
    """
    refused: list[StoreError] = []
    taken = 0
    for alike, some in groupby(changes, key=lambda change: isinstance(change.told, Snapshot)):
        if alike:
            taken += _put(store, [_of_epoch(change) for change in some], refused)
        else:
            taken += sum(_apply(store, change, refused) for change in some)
    if refused and not taken:
        raise refused[0]
    return Counter(error.code for error in refused)


def tells_who_is_who(change: Change) -> bool:
    """Return whether a change says for whom identifiers stand, or which ids are one customer."""
    return not isinstance(change.told, Snapshot)


def _put(store: ProfilesKept, snapshots: Sequence[Snapshot], refused: list[StoreError]) -> int:
    """Keep snapshots, together if they can be, and otherwise one by one; return how many were taken."""
    try:
        store.put_many(snapshots)
    except StoreError as error:
        if len(snapshots) > 1:
            return sum(_put(store, [one], refused) for one in snapshots)
        refused.append(error)
        return 0
    return len(snapshots)


def _apply(store: ProfilesKept, change: Change, refused: list[StoreError]) -> bool:
    """Keep one change of who is who; return whether it was taken."""
    customer, told = change.customer, change.told
    try:
        if isinstance(told, Link):
            _link(store, told)
        elif isinstance(told, Unlinked):
            store.unlink({told.name: told.value})
        elif isinstance(told, Merge):
            _merge(store, told)
        elif isinstance(told, Split):
            store.split(customer)
        else:
            erase(store, change)
    except StoreError as error:
        refused.append(error)
        return False
    return True


def _link(store: ProfilesKept, link: Link) -> None:
    identifiers = {link.name: link.value}
    try:
        store.link(identifiers, customer=link.customer, kind=link.kind, confidence=link.confidence)
    except StoreError:  # it stands for someone else here, and the centre knows better
        store.unlink(identifiers)
        store.link(identifiers, customer=link.customer, kind=link.kind, confidence=link.confidence)


def _merge(store: ProfilesKept, merge: Merge) -> None:
    """Merge two ids unless they are one customer already: a later merge would make more of a no than was said."""
    one, other = (store.identify({IdentityRules.customer: id_}) for id_ in (merge.customer, merge.other))
    if one is None or other is None or one.customer != other.customer:
        store.merge(merge.customer, merge.other)


def _of_epoch(change: Change) -> Snapshot:
    if not isinstance(change.told, Snapshot):
        raise TypeError(f"this is no profile: {change}")
    return attrs.evolve(change.told, epoch=change.epoch)
