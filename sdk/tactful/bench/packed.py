"""A customer's profile as a source may keep it: some 2 KB of MessagePack. It times nothing."""

from typing import Final

import msgpack

from ..profile import Observation, Snapshot
from ..schema import Source

_SOURCE_OF: Final = {one.value: one for one in Source}


def packed(one: Snapshot) -> bytes:
    """Return a profile packed: for each attribute its value, and all that is known about the value."""
    seen = {
        name: (o.value, o.source.value, o.at_us, o.confidence, o.first_party, o.gave_us)
        for name, o in one.attributes.items()
    }
    raw: bytes = msgpack.packb((one.customer, one.at_us, seen))
    return raw


def unpacked(raw: bytes) -> Snapshot:
    """Return what was packed."""
    customer, made_us, seen = msgpack.unpackb(raw)
    attributes = {
        name: Observation(value, _SOURCE_OF[source], at_us, confidence, first_party, gave_us)
        for name, (value, source, at_us, confidence, first_party, gave_us) in seen.items()
    }
    return Snapshot(customer, made_us, attributes)
