"""How changes, events and answers to events become bytes, and come back. It signs nothing, and trusts nothing.

Reading is strict: what does not fit is refused, and the error names the place and never the value.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from ..bundle.codec import decode, encode
from ..bundle.forms import Misfit, checked, each, expected, keyed, scalar
from ..bundle.packing import pack, unpack
from ..changes import Change, Delivery, Erased, Split, Unlinked
from ..consent import Consents
from ..contacts import Contact
from ..disclosures import Disclosure
from ..errors import BundleError, TactfulError
from ..identity import Link
from ..merging import Merge
from ..profile import Observation, Snapshot
from ..schema import Source, Value

#: The media type of what goes over the wire.
MEDIA_TYPE: Final = "application/vnd.tactful.relay+msgpack"
_TOLD: Final[Mapping[str, Any]] = {
    "consents": Consents,
    "profile": Snapshot,
    "link": Link,
    "unlinked": Unlinked,
    "merge": Merge,
    "split": Split,
    "erased": Erased,
}
_TOLD_NAMES: Final = {cls: name for name, cls in _TOLD.items()}
_EVENTS: Final[Mapping[str, Any]] = {"contact": Contact, "disclosure": Disclosure}
_EVENT_NAMES: Final = {cls: name for name, cls in _EVENTS.items()}
_ITEMS: Final = (str, int, float, bool)
_number: Final = scalar(float).read


@attrs.frozen
class _Known:
    """What is known of a value, so that it is read by the types of its fields."""

    source: Source
    at_us: int
    confidence: float
    first_party: bool
    gave_us: int | None


@attrs.frozen
class Page:
    """
    Changes of a line as they go over the wire; the moment stands in the signature.

    Attributes:
        changes: In rising epochs.
        epoch: The newest epoch of the line.
        is_complete: Whether nothing newer was there.
    """

    changes: tuple[Change, ...]
    epoch: int
    is_complete: bool


def pack_page(page: Page) -> bytes:
    """
    Return changes as bytes; the same bytes for the same changes.

    Raises:
        BundleError: If a change holds what can be no such thing.
    """
    return pack([page.epoch, page.is_complete, [_plain_change(change) for change in page.changes]])


def unpack_page(raw: bytes) -> Page:
    """
    Return changes from bytes.

    Raises:
        BundleError: If they are none; the message names the place.
    """
    found: Page = _refusing(_page, unpack(raw, "the answer"))
    return found


def pack_events(events: Sequence[Contact | Disclosure]) -> bytes:
    """
    Return events as bytes.

    Raises:
        BundleError: If one holds what can be no such thing.
    """
    return pack([[_EVENT_NAMES[type(event)], encode(type(event), event)] for event in events])


@attrs.frozen(repr=False)
class Events:
    """
    Events as they came in.

    Attributes:
        events: Those that can be read, in their order.
        unreadable: The ids of those that cannot, so that they can be set aside and hold up no other.
    """

    events: tuple[Contact | Disclosure, ...]
    unreadable: frozenset[str]


def unpack_events(raw: bytes, count_max: int) -> Events:
    """
    Return events from bytes.

    Args:
        raw: The bytes.
        count_max: At most so many.

    Raises:
        BundleError: If they are none, or too many; or if one cannot be read and has no id by which it could be refused.
            The message names the place.
    """
    found: Events = _refusing(lambda plain: _events(plain, count_max), unpack(raw, "the body"))
    return found


def pack_delivery(delivery: Delivery) -> bytes:
    """Return an answer to events as bytes."""
    return pack([sorted(delivery.accepted), dict(sorted(delivery.refused.items()))])


def unpack_delivery(raw: bytes) -> Delivery:
    """
    Return an answer to events from bytes.

    Raises:
        BundleError: If it is none.
    """
    found: Delivery = _refusing(_delivery, unpack(raw, "the answer"))
    return found


def _refusing(read: Callable[[Any], Any], plain: object) -> Any:
    try:
        return read(plain)
    except Misfit as misfit:
        raise misfit.refusal() from None


def _page(plain: Any) -> Page:
    epoch, is_complete, changes = _parts(plain, 3, "an epoch, whether that is all, and changes")
    checked(epoch, int, "an epoch")
    checked(is_complete, bool, "true or false")
    told = each((n, _change, one) for n, one in enumerate(checked(changes, list, "a list")))
    return Page(tuple(told), epoch, is_complete)


def _plain_change(change: Change) -> list[object]:
    told: Any = change.told
    name = _TOLD_NAMES[type(told)]
    return [change.epoch, change.customer, name, _WRITES.get(name, _write)(told)]


def _change(plain: Any) -> Change:
    epoch, customer, name, told = _parts(plain, 4, "an epoch, a customer, what changed, and how it is now")
    checked(epoch, int, "an epoch")
    checked(customer, str, "text")
    if not (isinstance(name, str) and name in _TOLD):
        raise expected(f"one of {', '.join(_TOLD)}", name)
    read = _READS.get(name)
    return Change(epoch, customer, read(told) if read else _noun(_TOLD[name], told))


def _events(plain: Any, count_max: int) -> Events:
    if len(checked(plain, list, "a list of events")) > count_max:
        raise Misfit(f"at most {count_max} events go over at once, not {len(plain)}")
    read = each((n, _event, one) for n, one in enumerate(plain))
    return Events(
        tuple(one for one in read if not isinstance(one, str)),
        frozenset(one for one in read if isinstance(one, str)),
    )


def _event(plain: Any) -> Contact | Disclosure | str:
    """Return an event; or the id of one that cannot be read."""
    name, told = _parts(plain, 2, "what it is, and its fields")
    if not (isinstance(name, str) and name in _EVENTS):
        raise expected(f"one of {', '.join(_EVENTS)}", name)
    try:
        event: Contact | Disclosure = _noun(_EVENTS[name], told)
    except Misfit:
        id_ = told.get("id") if isinstance(told, dict) else None
        if not (isinstance(id_, str) and id_):
            raise
        return id_
    return event


def _delivery(plain: Any) -> Delivery:
    accepted, refused = _parts(plain, 2, "ids, and codes by id")
    ids = each((n, lambda one: checked(one, str, "text"), one) for n, one in enumerate(checked(accepted, list, "ids")))
    codes = {id_: checked(code, str, "text") for id_, code in keyed(refused).items()}
    return Delivery(frozenset(ids), codes)


def _parts(plain: Any, count: int, what: str) -> Any:
    if not isinstance(plain, list) or len(plain) != count:
        raise expected(f"a list of {what}", plain)
    return plain


def _noun(cls: Any, plain: Any) -> Any:
    """Return a noun of plain values; its constructor may have something against them too."""
    try:
        return decode(cls, plain)
    except BundleError as error:
        place, _, said = str(error).partition(": ")
        raise Misfit(said, *reversed(place.strip("/").split("/"))) from None
    except (TactfulError, ValueError):
        raise Misfit(f"these values can be no {cls.__name__}") from None


def _write(told: Any) -> object:
    return encode(type(told), told)


def _write_snapshot(one: Snapshot) -> object:
    seen = {name: _write_observation(value) for name, value in one.attributes.items()}
    return [one.at_us, one.epoch, sorted(one.unreadable), seen, one.customer]


def _write_observation(one: Observation) -> list[object]:
    return [_plain_value(one.value), one.source.value, one.at_us, one.confidence, one.first_party, one.gave_us]


def _plain_value(value: Value) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _snapshot(plain: Any) -> Snapshot:
    at_us, epoch, unreadable, seen, customer = _parts(plain, 5, "the parts of a profile")
    checked(at_us, int, "a moment")
    checked(epoch, int, "an epoch")
    checked(customer, str, "text")
    names = [checked(name, str, "text") for name in checked(unreadable, list, "a list")]
    attributes = dict(zip(keyed(seen), each((name, _observation, one) for name, one in seen.items()), strict=True))
    return Snapshot(customer, at_us, attributes, epoch, frozenset(names))


def _observation(plain: Any) -> Observation:
    value, source, *rest = _parts(plain, 6, "the parts of an observation")
    at_us, confidence, first_party, gave_us = rest
    told = {"source": source, "at_us": at_us, "confidence": confidence, "first_party": first_party, "gave_us": gave_us}
    known = _noun(_Known, told)
    try:
        return Observation(_value(value), *attrs.astuple(known, recurse=False))
    except ValueError:  # the validator's message would hold the number
        raise Misfit("a confidence is a number from 0 to 1", "confidence") from None


def _value(plain: Any) -> Value:
    if isinstance(plain, dict):
        return {name: _number(one) for name, one in keyed(plain).items()}
    if isinstance(plain, list):
        return tuple([_item(one) for one in plain])
    value: Value = _item(plain)
    return value


def _item(plain: Any) -> Any:
    if type(plain) not in _ITEMS:
        raise expected("text, a number, true or false", plain)
    return plain


_WRITES: Final[Mapping[str, Callable[[Any], object]]] = {"profile": _write_snapshot}
_READS: Final[Mapping[str, Callable[[Any], Any]]] = {"profile": _snapshot}
