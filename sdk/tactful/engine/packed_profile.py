"""Packed profile: a profile as a source gave it, as bytes while no decision needs it. It knows no policy.

What follows from a profile is kept with the customer, so most decisions never look at the profile itself; as objects,
forty values with all that is known of each take some ten times the room.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgpack

from ..profile import Observation, Snapshot
from ..schema import Source

#: A profile as a source gives it.
Profile = Snapshot | Mapping[str, object]
#: Of these, and of nothing that only resembles them, the same comes back as went in.
_EXACT: Final = frozenset({str, int, float, bool, list, tuple, dict, datetime, type(None)})
_SOURCES: Final = tuple(Source)
_CODES: Final[Mapping[Source, int]] = {source: code for code, source in enumerate(_SOURCES)}


def pack(profile: Profile) -> bytes | None:
    """Return a profile as bytes, or None if something of it would not come back as it is."""
    head: tuple[object, ...] | None = None
    values = profile
    if isinstance(profile, Snapshot):
        head = (profile.customer, profile.at_us, profile.epoch, tuple(profile.unreadable))
        values = profile.attributes
    seen: dict[str, tuple[object, ...]] = {}
    plain: dict[str, object] = {}
    for name, one in values.items():  # type: ignore[union-attr] # no snapshot by now
        if isinstance(one, Observation):
            if type(one.value) not in _EXACT:
                return None
            known = (one.value, _CODES[one.source], one.at_us)
            seen[name] = known if _is_usual(one) else (*known, one.confidence, one.first_party, one.gave_us)
        elif type(one) in _EXACT:
            plain[name] = one
        else:
            return None
    try:
        raw: bytes = msgpack.packb((head, seen, plain), datetime=True, unicode_errors="surrogatepass")
    except (TypeError, ValueError, OverflowError):  # a set in a list, a time without its offset, 65 bits
        return None
    return raw


def _is_usual(one: Observation) -> bool:
    """Return whether an observation has what one has of which nothing else was said: that is left out."""
    sure = type(one.confidence) is float and one.confidence == 1.0
    return sure and one.first_party is True and one.gave_us is None


def unpack(raw: bytes) -> Profile:
    """Return the profile that was packed; lists come back as tuples."""
    head, seen, plain = msgpack.unpackb(
        raw, use_list=False, strict_map_key=False, timestamp=3, unicode_errors="surrogatepass"
    )
    values: dict[str, Any] = {
        name: Observation(value, _SOURCES[code], *known) for name, (value, code, *known) in seen.items()
    }
    values.update(plain)
    if head is None:
        return values
    customer, at_us, epoch, unreadable = head
    return Snapshot(customer, at_us, values, epoch, frozenset(unreadable))
