"""How a text becomes one that PostgreSQL can hold, and comes back. It keeps the order of texts.

PostgreSQL's texts cannot hold the character NUL. So NUL is written as the bytes 1 1, and the character 1 as 1 2; all
else stays as it is, and what is compared byte by byte keeps its order.
"""


def escaped(text: str) -> bytes:
    r"""
    Return a text in UTF-8 without NUL.

    >>> escaped("ada"), escaped("a\0b"), escaped("a\1b")
    (b'ada', b'a\x01\x01b', b'a\x01\x02b')
    """
    raw = text.encode()
    if b"\0" not in raw and b"\1" not in raw:
        return raw
    return raw.replace(b"\1", b"\1\2").replace(b"\0", b"\1\1")


def unescaped(raw: bytes) -> str:
    r"""
    Return the text that was escaped.

    >>> [unescaped(escaped(text)) for text in ("ada", "a\0b", "\1\2\1\0")]
    ['ada', 'a\x00b', '\x01\x02\x01\x00']
    """
    if b"\1" in raw:
        raw = raw.replace(b"\1\1", b"\0").replace(b"\1\2", b"\1")
    return raw.decode()
