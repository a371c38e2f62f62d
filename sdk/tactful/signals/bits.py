"""Bits of a text in base64url, six for each character, as TCF and GPP write them. It knows no meaning."""

from typing import Final

from ..clock import SECOND_US
from ..errors import ValueRefused

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUES: Final = {character: number for number, character in enumerate(_ALPHABET)}
#: No string that a browser sends is longer.
CHARACTERS_MAX: Final = 20_000
_ID_BITS: Final = 16
_ENTRIES_BITS: Final = 12
_LETTER_BITS: Final = 6


class Bits:
    """
    Reads bits from the first one on.

    >>> Bits("CQ", "it").whole(6)
    2
    """

    __slots__ = ("_bits", "_left", "_what")

    def __init__(self, text: str, what: str) -> None:
        """
        Read a text.

        Args:
            text: The text.
            what: What it is, for errors; they never hold the text itself.

        Raises:
            ValueRefused: If it is empty, too long, or has a character that is none of base64url's.
        """
        if not 0 < len(text) <= CHARACTERS_MAX:
            raise ValueRefused(f"{what} has no characters, or more than {CHARACTERS_MAX:,}")
        try:
            bits = "".join(f"{_VALUES[character]:06b}" for character in text)
        except KeyError:
            raise ValueRefused(f"{what} has a character that is not of base64url") from None
        self._bits = int(bits, 2)
        self._left = len(bits)
        self._what = what

    @property
    def left(self) -> int:
        """How many bits are left."""
        return self._left

    def whole(self, width: int) -> int:
        """
        Return a whole number of so many bits.

        Raises:
            ValueRefused: If fewer are left.
        """
        if width > self._left:
            raise ValueRefused(f"{self._what} ends too early")
        self._left -= width
        return (self._bits >> self._left) & ((1 << width) - 1)

    def flag(self) -> bool:
        """Return one bit."""
        return self.whole(1) == 1

    def letters(self, count: int) -> str:
        """Return letters of six bits, A to Z."""
        numbers = [self.whole(_LETTER_BITS) for _ in range(count)]
        if any(number >= 26 for number in numbers):  # noqa: PLR2004 - letters
            raise ValueRefused(f"{self._what} has a letter that is none")
        return "".join(chr(ord("A") + number) for number in numbers)

    def moment_us(self) -> int:
        """Return a time, which is written in tenths of seconds [us since 1970]."""
        return self.whole(36) * (SECOND_US // 10)

    def field(self, width: int) -> frozenset[int]:
        """Return the numbers, from 1, whose bits are set among so many."""
        bits = self.whole(width)
        return frozenset(number for number in range(1, width + 1) if bits >> (width - number) & 1)

    def ids(self) -> frozenset[int]:
        """Return ids that are written as a field or as ranges, whichever was shorter."""
        highest = self.whole(_ID_BITS)
        found = self.ranges() if self.flag() else self.field(highest)
        if found and max(found) > highest:
            raise ValueRefused(f"{self._what} has an id above its highest")
        return found

    def ranges(self) -> frozenset[int]:
        """Return ids that are written as ranges."""
        found: set[int] = set()
        for _ in range(self.whole(_ENTRIES_BITS)):
            is_range = self.flag()
            first = self.whole(_ID_BITS)
            last = self.whole(_ID_BITS) if is_range else first
            if not 0 < first <= last:
                raise ValueRefused(f"{self._what} has a range that is none")
            found.update(range(first, last + 1))
        return frozenset(found)

    def fibonacci(self) -> int:
        """
        Return a number in Fibonacci's code: the sum of the Fibonacci numbers whose bits are set, up to two set bits.

        Raises:
            ValueRefused: If no two set bits come, or the number would be above 65,535.
        """
        one, two, total, before = 1, 2, 0, False
        while total < 1 << _ID_BITS:
            bit = self.flag()
            if bit and before:
                return total
            total += one * bit
            one, two, before = two, one + two, bit
        raise ValueRefused(f"{self._what} has a number that is too large")
