"""Sets of small numbers as the bits of one integer: made and read in a time that does not grow as their square."""

from collections.abc import Iterable, Iterator
from typing import Final

from .pieces import in_pieces

#: A set of fewer is read bit by bit: that is quicker than writing its digits.
_FEW: Final = 100


def bits_of(indices: Iterable[int]) -> int:
    """
    Return the integer in which these bits are set, and no others.

    >>> bits_of([0, 2])
    5
    """
    known = list(indices)
    packed = bytearray((max(known, default=-1) >> 3) + 1)
    for index in in_pieces(known):
        packed[index >> 3] |= 1 << (index & 7)
    return int.from_bytes(packed, "little")


def indices_of(bits: int) -> Iterator[int]:
    """
    Yield which bits of an integer >= 0 are set, the lowest first.

    >>> list(indices_of(5))
    [0, 2]
    """
    if bits.bit_count() < _FEW:
        while bits:
            lowest = bits & -bits
            yield lowest.bit_length() - 1
            bits ^= lowest
        return
    digits = bin(bits)[:1:-1]
    at = digits.find("1")
    while at >= 0:
        yield at
        at = digits.find("1", at + 1)
