"""How far edges are that ask a centre itself: what they say of it, and the port of a centre that keeps it.

An edge says up to which epoch it has each line durably; so an erasure, or a withdrawal, is known to have come in there.
"""

from collections.abc import Mapping
from typing import Final, Protocol, runtime_checkable

import attrs

from .changes import Line
from .clock import DAY_US, SECOND_US

#: A centre keeps no more edges than that; those heard longest ago go first.
EDGES_MAX: Final = 10_000
#: So long an edge is kept that is heard no more, and whose store outlasts it [s]: as long as an erasure is remembered.
KEPT_S: Final = 90 * DAY_US // SECOND_US
#: So long one whose store is gone with its process [s].
KEPT_IN_MEMORY_S: Final = DAY_US // SECOND_US
#: The name of an edge has at most so many characters, as that of a device.
EDGE_NAME_MAX: Final = 100


@attrs.frozen
class Acknowledged:
    """
    How far a device, or an edge, is with a line.

    Attributes:
        epoch: Up to which epoch it has the line; 0 if it has nothing, or more than the centre tells.
        at_us: When it said so, by the clock of who heard it [us since 1970].
    """

    epoch: int
    at_us: int


_NOTHING: Final = Acknowledged(0, 0)
#: How far each is, by its name and the line.
Reached = Mapping[tuple[str, str], Acknowledged]


@runtime_checkable
class Acknowledging(Protocol):
    """A centre that keeps how far the edges are that ask it, by its own clock."""

    def acknowledge(self, edge: str, reached: Mapping[Line, int], keep_s: int) -> None:
        """
        Keep that an edge has each line up to an epoch; what it said before is replaced, also if it was more.

        Args:
            edge: Its name; nothing personal.
            reached: Both lines, with their epochs.
            keep_s: It is forgotten if it says nothing more for so long [s].
        """
        ...

    def acknowledged(self) -> Reached:
        """Return how far each edge is that was heard within its time, with both lines."""
        ...


@runtime_checkable
class Wrapping(Protocol):
    """A centre that asks another one."""

    @property
    def inner(self) -> object:
        """The other one; None while it is not open."""
        ...


def keeps(centre: object) -> Acknowledging | None:
    """Return what keeps how far edges are, a centre or one that it asks; None if neither does, or it is not open."""
    while isinstance(centre, Wrapping):
        centre = centre.inner
    return centre if isinstance(centre, Acknowledging) else None


def behind(name: str, reached: Reached, epochs: Mapping[str, int]) -> str:
    """
    Return the first line with which somebody is not yet as far as some epochs, in words; empty if there is none.

    >>> behind("k1", {("k1", "consents"): Acknowledged(5, 0)}, {"consents": 5, "profiles": 7})
    'profiles 0 of 7'
    """
    for line, epoch in epochs.items():
        if (has := reached.get((name, line), _NOTHING).epoch) < epoch:
            return f"{line} {has} of {epoch}"
    return ""


def edges_in(reached: Reached) -> tuple[str, ...]:
    """Return the names of all who said how far they are, in order."""
    return tuple(sorted({name for name, _ in reached}))
