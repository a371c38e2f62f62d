"""msgpack with bounds: to read bytes costs no more memory than a small multiple of their size. It knows no noun."""

from typing import Final

import msgpack

from ..errors import BundleError
from ..pieces import in_pieces

#: A policy is a map, in which the offers are a list.
_LEVELS: Final = 2
#: The first bytes of maps and of arrays.
_MAP: Final = bytes([*range(0x80, 0x90), 0xDE, 0xDF])
_ARRAY: Final = bytes([*range(0x90, 0xA0), 0xDC, 0xDD])
#: What cannot be read raises one of these.
UNREADABLE: Final = (ValueError, TypeError, msgpack.UnpackException)


def pack(plain: object) -> bytes:
    """
    Return plain values as bytes.

    Raises:
        BundleError: If text in them is no text, as half of a surrogate pair.
    """
    try:
        packed: bytes = msgpack.packb(plain)
    except ValueError:  # its message would hold the text
        raise BundleError("a text holds what is no character; nothing was written", code="bundle-malformed") from None
    return packed


def unpack(raw: bytes, what: str) -> object:
    """
    Return the plain values of bytes.

    Args:
        raw: The bytes; all of them are one value.
        what: What they are, for the error.

    Raises:
        BundleError: If they are not.
    """
    unpacker = msgpack.Unpacker(max_buffer_size=max(len(raw), 1))
    unpacker.feed(raw)
    try:
        plain = _value(raw, unpacker, _LEVELS)
        if unpacker.tell() == len(raw):
            return plain
    except UNREADABLE:
        pass
    raise BundleError(f"{what} is not msgpack", code="bundle-malformed")


def _value(raw: bytes, unpacker: msgpack.Unpacker, levels: int) -> object:
    """Return the value that comes next: a large one piece by piece, as msgpack lets nobody run in between."""
    start = unpacker.tell()
    sort = _sort(raw, start)
    if levels and sort == "map":
        return {_key(raw, unpacker): _value(raw, unpacker, levels - 1) for _ in range(unpacker.read_map_header())}
    if levels and sort == "array":
        return [_value(raw, unpacker, levels - 1) for _ in in_pieces(range(unpacker.read_array_header()))]
    # First without building anything: a list of 4 billion items in 5 bytes is found out before it is made.
    unpacker.skip()
    return msgpack.unpackb(memoryview(raw)[start : unpacker.tell()])


def _key(raw: bytes, unpacker: msgpack.Unpacker) -> str | bytes:
    key = _value(raw, unpacker, 0)
    if not isinstance(key, str | bytes):  # as msgpack itself is strict
        raise TypeError
    return key


def _sort(raw: bytes, at: int) -> str:
    """Return what begins at a byte: a map, an array or anything else (msgpack's specification, "Overview")."""
    first = raw[at : at + 1]
    if not first:
        return ""
    return "map" if first in _MAP else "array" if first in _ARRAY else ""
