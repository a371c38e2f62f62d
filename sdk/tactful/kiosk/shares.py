"""Shares of strict caps: devices that cannot ask one another divide each cap once, and keep within it together.

A cap of n is n units. Each unit belongs to one of the parts into which caps are divided, in turn; where the turn begins
depends on the cap and on whom it counts for, so that the units of small caps are spread over the devices. The shares of
all parts together are n exactly: no device, whatever its clock says, can use what is another's.
"""

import hashlib
from collections.abc import Iterable, Sequence

import attrs

from ..errors import UsageError
from ..ports import StrictCaps
from ..strict import Ask


@attrs.frozen
class Share:
    """
    Some of the parts into which each strict cap is divided.

    Attributes:
        first: The first of the parts, from 0.
        count: So many parts, from the first on; 0 is no room at all.
        of: Into so many parts caps are divided, >= 1.

    Raises:
        UsageError: If these are no parts.

    >>> Share(0, 1, of=10).units(100, "a cap"), Share(3, 7, of=10).units(100, "a cap")
    (10, 70)
    >>> sum(Share(part, 1, of=10).units(3, "another") for part in range(10))
    3
    """

    first: int
    count: int
    of: int

    def __attrs_post_init__(self) -> None:
        if self.of < 1 or self.first < 0 or not 0 <= self.count <= self.of - self.first:
            raise UsageError(f"a share is some of {self.of} parts, not {self.count} from {self.first} on")

    def units(self, count: int, what: str) -> int:
        """Return how many of a cap's units are in the share; `what` is the cap and for whom it counts."""
        whole, rest = divmod(count, self.of)
        begin = int.from_bytes(hashlib.blake2b(what.encode("utf-8", "surrogatepass"), digest_size=8).digest()) % self.of
        more = sum((part - begin) % self.of < rest for part in range(self.first, self.first + self.count))
        return whole * self.count + more


class SharedCaps:
    """A `StrictCaps` that gives no more than a share of each cap; for a centre, what is not the kiosks'."""

    def __init__(self, caps: StrictCaps, share: Share) -> None:
        """
        Take a share.

        Args:
            caps: What counts.
            share: The parts that are ours.
        """
        self._caps = caps
        self._share = share

    def reserve(self, asks: Sequence[Ask]) -> Sequence[Sequence[str]]:
        """Reserve room within the share; return the units that were given, for each question."""
        return self._caps.reserve([self._ours(ask) for ask in asks])

    def confirm(self, units: Iterable[str]) -> int:
        """Keep that room was used; return how many of these units were known."""
        return self._caps.confirm(units)

    def release(self, units: Iterable[str]) -> int:
        """Give back room that was not used; return how much was."""
        return self._caps.release(units)

    def _ours(self, ask: Ask) -> Ask:
        what = f"{ask.cap}\n{ask.value}\n{ask.per}\n{ask.subject}"
        return attrs.evolve(ask, count=self._share.units(ask.count, what))
