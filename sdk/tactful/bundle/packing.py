"""msgpack with bounds: to read bytes costs no more memory than a small multiple of their size. It knows no noun."""

from typing import Final

import msgpack

from ..errors import BundleError

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
    # First without building anything: a list of 4 billion items in 5 bytes is found out before it is made.
    unpacker = msgpack.Unpacker(max_buffer_size=max(len(raw), 1))
    unpacker.feed(raw)
    try:
        unpacker.skip()
        if unpacker.tell() == len(raw):
            return msgpack.unpackb(raw)
    except UNREADABLE:
        pass
    raise BundleError(f"{what} is not msgpack", code="bundle-malformed")
