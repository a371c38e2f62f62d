"""Changes of consents into a store, in their order; the same ones a second time change nothing."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Protocol

import attrs

from ..changes import Change, Erased
from ..consent import Consents
from ..ports import ConsentSink, ConsentSource, Erasure, ProfileSink, ProfileSource
from ..profile import Snapshot


class ConsentsKept(ConsentSource, ConsentSink, ProfileSource, ProfileSink, Erasure, Protocol):
    """What is asked of a store so that it can follow consents."""

    def put_many(self, profiles: Sequence[Snapshot] = (), consents: Mapping[str, Consents] | None = None) -> int:
        """Keep much of what the centre knows at once, all or none; return how much was new."""
        ...


def apply_consents(store: ConsentsKept, changes: Sequence[Change]) -> None:
    """
    Keep what a centre tells of consents; what it never heard of a no that was said here stays.

    Raises:
        Exception: What the store raises; then what came before may be kept, and all is to be applied again.
    """
    for erased, some in groupby(changes, key=lambda change: isinstance(change.told, Erased)):
        if erased:
            for change in some:
                erase(store, change)
        else:
            store.put_many((), {change.customer: _of_epoch(change) for change in some})


def erase(store: ConsentsKept, change: Change) -> None:
    """Forget a customer as the centre has; what was said or known since stays."""
    told, customer = change.told, change.customer
    if not isinstance(told, Erased):
        raise TypeError(f"this is no erasure: {change}")
    consents, profile = store.consents(customer), store.profile(customer)
    store.erase(customer)
    if profile is not None and profile.at_us > told.at_us:
        store.put_profile(attrs.evolve(profile, customer=customer))
    later = () if consents is None else tuple(one for one in consents.records if one.at_us > told.at_us)
    if consents is not None and later:
        store.put_consents(customer, attrs.evolve(consents, records=later))


def _of_epoch(change: Change) -> Consents:
    if not isinstance(change.told, Consents):
        raise TypeError(f"these are no consents: {change}")
    return attrs.evolve(change.told, epoch=change.epoch)
