"""How snapshots, consents, contacts and disclosures become bytes, and come back. The forms are only ever added to."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import attrs
import msgpack

from tactful import (
    Consent,
    Consents,
    ConsentState,
    Contact,
    Disclosure,
    How,
    Observation,
    Passed,
    Snapshot,
    Source,
    StoreError,
)

_P = ParamSpec("_P")
_T = TypeVar("_T")

# The place of a source is what is kept: new ones go to the end.
_SOURCES: Final = (Source.STATED, Source.OBSERVED, Source.DERIVED, Source.MODELLED, Source.THIRD_PARTY)


def _read(unpack: Callable[_P, _T]) -> Callable[_P, _T]:
    """Make what reads a row say so if the row is not as it was written."""

    @wraps(unpack)
    def reading(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return unpack(*args, **kwargs)
        except (ValueError, TypeError, LookupError, AttributeError, msgpack.UnpackException):
            raise StoreError("a row cannot be read: it is damaged, or not tactful's; restore a copy") from None

    return reading


def pack_attributes(snapshot: Snapshot) -> bytes:
    """Return a snapshot's observations; what is as usual is left out."""
    return _pack({name: _observed(observation) for name, observation in snapshot.attributes.items()})


@_read
def unpack_snapshot(customer: str, epoch: int, at_us: int, body: bytes) -> Snapshot:
    """Return the snapshot of a row."""
    attributes = {
        name: Observation(value, _SOURCES[source], *rest) for name, (value, source, *rest) in _unpack(body).items()
    }
    return Snapshot(customer, at_us, attributes, epoch)


def pack_consents(consents: Consents) -> bytes:
    """Return consent records."""
    return _pack([(r.purpose, r.state.value, r.how.value, *attrs.astuple(r)[3:]) for r in consents.records])


def unpack_said(heard: bool, at_us: int, epoch: int, body: bytes) -> Consents:  # noqa: FBT001 - a row's column
    """Return the consents of a row that says whether anybody told of them; else they are first-hand."""
    found = unpack_consents(at_us, epoch, body)
    return found if heard else Consents.first_hand(found.records, at_us)


@_read
def unpack_consents(at_us: int, epoch: int, body: bytes) -> Consents:
    """Return the consents of a row."""
    records = (Consent(purpose, ConsentState(state), How(how), *rest) for purpose, state, how, *rest in _unpack(body))
    return Consents(tuple(records), at_us, epoch)


def pack_contact(contact: Contact) -> bytes:
    """Return a contact, all of it."""
    return _pack(attrs.astuple(contact))


@_read
def unpack_contact(body: bytes) -> Contact:
    """Return the contact of a row."""
    return Contact(*_unpack(body))


def pack_passed(disclosure: Disclosure) -> bytes:
    """Return what a disclosure's row has beside its columns."""
    return _pack((disclosure.channel, attrs.astuple(disclosure.passed)))


@_read
def unpack_passed(
    decision: str, slot: int, offer: str, customer: str | None, at_us: int, until_us: int, body: bytes
) -> Disclosure:
    """Return the disclosure of a row."""
    channel, passed = _unpack(body)
    return Disclosure(decision, slot, customer, at_us, until_us, offer, channel, Passed(*passed))


def pack_waiting(one: Contact | Disclosure) -> bytes:
    """Return what waits in the outbox, all of it."""
    return pack_contact(one) if isinstance(one, Contact) else _pack(attrs.astuple(one))


@_read
def unpack_disclosure(body: bytes) -> Disclosure:
    """Return the disclosure that waits in a row of the outbox."""
    decision, slot, customer, at_us, until_us, offer, channel, passed = _unpack(body)
    return Disclosure(decision, slot, customer, at_us, until_us, offer, channel, Passed(*passed))


def _observed(observation: Observation) -> tuple[object, ...]:
    known = (observation.value, _SOURCES.index(observation.source), observation.at_us)
    if observation.gave_us is not None:
        return (*known, observation.confidence, observation.first_party, observation.gave_us)
    if not observation.first_party:
        return (*known, observation.confidence, False)
    return known if observation.confidence == 1.0 else (*known, observation.confidence)


def _pack(value: object) -> bytes:
    try:
        packed: bytes = msgpack.packb(value)
    except (TypeError, ValueError, OverflowError) as error:
        said = f"a value cannot be kept: {type(error).__name__}; nothing of this call was kept"
        raise StoreError(said, code="store-value") from None
    return packed


def _unpack(body: bytes) -> Any:
    return msgpack.unpackb(body, use_list=False)
