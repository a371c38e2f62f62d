"""How what is told, and events, become keys and messages of NATS, and come back. It sends nothing.

A key tells nothing of a customer: names of subjects are seen by whoever looks after the server, so ids and
identifiers stand there as digests alone. The message says whom it is about, and is believed under its own key only.
"""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Final

import msgpack

from tactful import (
    Change,
    Consents,
    Contact,
    Disclosure,
    Erased,
    Line,
    Link,
    Merge,
    Snapshot,
    Split,
    StoreError,
    TactfulError,
    Unlinked,
)

from .rows import pack_attributes, pack_consents, pack_waiting, unpack_consents, unpack_snapshot

Told = Consents | Snapshot | Link | Unlinked | Merge | Split | Erased

#: What stands under a key whose truth was erased: it is passed over by who follows.
GONE: Final[bytes] = msgpack.packb(("gone",))
_INT_MAX: Final = 2**63 - 1
_LINES: Final[Mapping[Line, frozenset[str]]] = {
    "consents": frozenset({"consents", "erased"}),
    "profiles": frozenset({"profile", "link", "unlinked", "merge", "split", "erased"}),
}


def digest(*texts: str) -> str:
    """
    Return what stands for texts in a key: 32 digits that differ for any others.

    >>> digest("a", "bc") != digest("ab", "c"), len(digest("ada"))
    (True, 32)
    """
    parts = (text.encode("utf-8", "surrogatepass") for text in texts)
    return blake2b(b"".join(b"%d:%s" % (len(part), part) for part in parts), digest_size=16).hexdigest()


def key_of(customer: str, told: Told) -> str:
    """Return the key under which something told is the whole truth of its kind."""
    match told:
        case Consents():
            return f"c.{digest(customer)}"
        case Snapshot():
            return f"p.{digest(customer)}"
        case Link():
            return link_key(told.name, told.value, digest(customer))
        case Unlinked():
            return f"u.{digest(told.name, told.value)}"
        case Merge():
            return f"m.{digest(customer)}.{digest(told.other)}"
        case Split():
            return f"s.{digest(customer)}"
        case _:
            return f"e.{digest(customer)}"


def link_key(name: str, value: str, of: str) -> str:
    """Return the key of the link of an identifier to a customer, by its digest; "*" is any."""
    return f"l.{digest(name, value)}.{of}"


def packed(customer: str, told: Told) -> bytes:
    """
    Return the message of what is told.

    Raises:
        StoreError: If it holds a value that cannot be kept.
    """
    match told:
        case Consents():
            body: tuple[object, ...] = ("consents", customer, told.at_us, told.epoch, pack_consents(told))
        case Snapshot():
            body = ("profile", customer, told.at_us, told.epoch, pack_attributes(told))
        case Link():
            body = ("link", customer, told.name, told.value, told.kind, float(told.confidence), told.at_us)
        case Unlinked():
            body = ("unlinked", customer, told.name, told.value)
        case Merge():
            body = ("merge", customer, told.other, told.at_us)
        case Split():
            body = ("split", customer)
        case _:
            body = ("erased", customer, told.at_us)
    return _pack(body)


def change(line: Line, key: str, epoch: int, message: bytes) -> Change | None:
    """
    Return the change of a message; None if it stands where something was erased.

    Raises:
        ValueError: If it is damaged, stands under another key than its own, or is none of this line's.
    """
    if message == GONE:
        return None
    try:
        what, customer, *rest = msgpack.unpackb(message, use_list=False)
        if what not in _LINES[line] or not isinstance(customer, str):
            raise ValueError  # noqa: TRY301 - one place tells of all
        told = _READ[what](customer, *rest)
        if key_of(customer, told) != key:
            raise ValueError  # noqa: TRY301 - the same
    except (ValueError, TypeError, LookupError, AttributeError, msgpack.UnpackException, TactfulError):
        raise ValueError(f"a message of {line} is damaged, or not tactful's") from None
    return Change(epoch, customer, told)


def event_key(event: Contact | Disclosure) -> str:
    """Return the key of an event: its customer's and its own."""
    return f"{digest(event.customer or '')}.{digest(event.id)}"


def packed_event(event: Contact | Disclosure) -> bytes:
    """
    Return the message of an event.

    Raises:
        StoreError: If it holds a value that cannot be kept.
    """
    until_us = event.until_us or 0
    if not (0 <= event.at_us <= _INT_MAX and 0 <= until_us <= _INT_MAX):
        raise StoreError("a moment of an event is out of range; nothing of it was kept", code="store-value")
    return _pack(("contact" if isinstance(event, Contact) else "disclosure", pack_waiting(event)))


def _pack(body: tuple[object, ...]) -> bytes:
    try:
        message: bytes = msgpack.packb(body)
    except (TypeError, ValueError, OverflowError) as error:
        said = f"a value cannot be kept: {type(error).__name__}; nothing of it was kept"
        raise StoreError(said, code="store-value") from None
    return message


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _INT_MAX:
        raise TypeError
    return value


def _link(customer: str, name: Any, value: Any, kind: Any, confidence: Any, at_us: Any) -> Link:
    if not isinstance(confidence, float):
        raise TypeError
    return Link(_text(name), _text(value), customer, _text(kind), confidence, _whole(at_us))


_READ: Final[Mapping[str, Callable[..., Told]]] = {
    "consents": lambda _, at_us, epoch, body: unpack_consents(_whole(at_us), _whole(epoch), body),
    "profile": lambda customer, at_us, epoch, body: unpack_snapshot(customer, _whole(epoch), _whole(at_us), body),
    "link": _link,
    "unlinked": lambda _, name, value: Unlinked(_text(name), _text(value)),
    "merge": lambda customer, other, at_us: Merge(customer, _text(other), _whole(at_us)),
    "split": lambda _: Split(),
    "erased": lambda _, at_us: Erased(_whole(at_us)),
}
