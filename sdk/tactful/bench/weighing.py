"""Weighing: the bytes of what is made, and of one customer as an edge holds it. It times nothing."""

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..engine.edge import Edge


@attrs.frozen
class Weight:
    """
    The bytes of one customer, as Python's own allocator counts them.

    Attributes:
        fetched: Once it was fetched: the profile packed, consents, contacts.
        prepared: What is worked out at the first decision, and held besides.
    """

    fetched: float
    prepared: float


def weight_of(edge: "Edge", ids: Sequence[str], decide: Callable[[str], object]) -> Weight:
    """
    Return what one of some customers weighs, of whom the edge has not heard yet.

    Args:
        edge: The edge; something was decided by it before, as what a plan works out once is no customer's.
        ids: The customers.
        decide: Decides for one.
    """
    with counting() as counted:
        for who in ids:
            edge.warm(who)
        for _, here in edge._snapshots.everyone():  # noqa: SLF001 - as if many others had been fetched since
            here.release()
        fetched = counted()
        for who in ids:
            decide(who)
        decided = counted()
    return Weight(fetched / len(ids), (decided - fetched) / len(ids))


@contextmanager
def counting() -> "Iterator[Callable[[], int]]":
    """Give what tells how many bytes are held that were not held before."""
    gc.collect()
    tracemalloc.start()
    try:
        yield _held
    finally:
        tracemalloc.stop()


def _held() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
