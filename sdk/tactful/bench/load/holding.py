"""What an edge holds: memory over very many customers, and the bytes of one. It times nothing."""

import gc
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from ..shop import PLACE
from ..weighing import weight_of
from .world import CONTEXT, World

_STATM: Final = Path("/proc/self/statm")
_MB: Final = 1 << 20
#: An edge holds so many customers while very many come.
HELD_MAX: Final = 2_000
#: The bytes of one customer are told from so many.
_SAMPLE: Final = 100


@attrs.frozen
class Kept:
    """
    Memory over many decisions for many customers, most of whom the edge has let go again.

    Attributes:
        decisions: So many were made.
        customers: For so many customers.
        here: So many are held at the end.
        here_max: So many may be.
        growth_mb: The process has grown by so much since the edge was first full [MB]; None where nobody counts it.
    """

    decisions: int
    customers: int
    here: int
    here_max: int
    growth_mb: float | None


@attrs.frozen
class Held:
    """
    The bytes of one customer.

    Attributes:
        packed: The profile as MessagePack, as a source may keep it.
        here: What is held once it was fetched: the profile packed, consents, contacts.
        prepared: What is worked out at the first decision, and held besides.
    """

    packed: float
    here: float
    prepared: float


def kept(world: World, decisions: int, customers: int, pages: int, progress: Callable[[int, int], None]) -> Kept:
    """
    Return what memory comes to.

    Args:
        world: The shop.
        decisions: So many are made.
        customers: For so many different customers, in turn; each is fetched when it is not here.
        pages: So many of them for one customer before the next comes.
        progress: Is told how many of them are made.
    """
    grown_from: float | None = None
    with world.elsewhere(HELD_MAX) as edge:
        for number in range(decisions):
            who = f"m{number // pages % customers}"
            if number % pages == 0:
                edge.warm(who)
            edge.decide(PLACE, who, CONTEXT)
            if number == 2 * HELD_MAX * pages:
                gc.collect()
                grown_from = _resident_mb()
            if number % 1000 == 0:
                progress(number, decisions)
        gc.collect()
        now = _resident_mb()
        here = edge.status()["customers_here"]
    growth = None if grown_from is None or now is None else now - grown_from
    return Kept(decisions, min(customers, -(-decisions // pages)), int(str(here)), HELD_MAX, growth)


def held(world: World) -> Held:
    """Return the bytes of one customer, as Python's own allocator counts them."""
    first, others = world.ids[:20], [f"h{number}" for number in range(_SAMPLE)]
    with world.elsewhere(HELD_MAX) as edge:
        for who in first:  # what a plan works out once is worked out here
            edge.warm(who)
            edge.decide(PLACE, who, CONTEXT, preview=True)
        found = weight_of(edge, others, partial(edge.decide, PLACE, context=CONTEXT, preview=True))
    return Held(world.packed_bytes(), found.fetched, found.prepared)


def _resident_mb() -> float | None:
    """Return how much memory the process has in use; None where Linux does not tell."""
    if not _STATM.exists():
        return None
    pages = int(_STATM.read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MB
