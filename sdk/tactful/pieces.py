"""Long work in pieces: between two of them, a thread that waits has its turn. What the work comes to is the same.

Python lets a thread that wants to decide wait for half a millisecond, and then wakes it twice. Work that stops by
itself leaves its core as well, which is what a machine with few of them lacks.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

#: After so long the next item waits [ns].
PIECE_NS: Final = 250_000
#: The shortest wait that leaves the core [s]; the system makes some 60 us of it.
_REST_S: Final = 1e-6
_Item = TypeVar("_Item")


class _Turns:
    """When one work has to stop for others; shared by its loops, also those inside one another."""

    __slots__ = ("_due_ns",)

    def __init__(self) -> None:
        self._due_ns = 0

    def between(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """Yield items; before one of them, others have their turn if it is due."""
        for item in items:
            if time.perf_counter_ns() >= self._due_ns:
                time.sleep(_REST_S)
                self._due_ns = time.perf_counter_ns() + PIECE_NS
            yield item


_turns: Final[ContextVar[_Turns | None]] = ContextVar("tactful-turns", default=None)


@contextmanager
def unhurried() -> Iterator[None]:
    """Have the loops of this context go in pieces; elsewhere, and afterwards, they hurry."""
    before = _turns.set(_Turns())
    try:
        yield
    finally:
        _turns.reset(before)


def in_pieces(items: Iterable[_Item]) -> Iterator[_Item]:
    """Yield items one by one, in pieces where nobody hurries; for loops over offers, treatments and customers."""
    turns = _turns.get()
    return iter(items) if turns is None else turns.between(items)
