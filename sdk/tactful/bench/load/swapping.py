"""A new bundle is taken while decisions and updates of profiles go on. It makes no edge."""

import gc
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final

import attrs

from .calls import Calls, as_due, summed
from .world import World

_THREADS: Final = 2
#: Each thread decides so many times a second; a server at a third of what it could do.
_DECISIONS: Final = 250
#: So many customers are decided for right after the swap, one after the other.
_FIRST: Final = 200
_NS: Final = 1_000_000_000


@attrs.frozen
class Swapped:
    """
    What a swap costs.

    Attributes:
        update_s: From `edge.update` until it is back: verified, planned, swapped, the latest customers made ready [s].
        updates_a_second: Profiles that changed and were fetched meanwhile.
        before: Decisions until then, from when they were due.
        meanwhile: Those that were due while the bundle was taken.
        after: Those that were due later.
        first: The first decisions by the new plan, a customer each, without waiting.
    """

    update_s: float
    updates_a_second: float
    before: Calls
    meanwhile: Calls
    after: Calls
    first: Calls


def swapped(world: World, seconds: float, *, updates: int, freeze: bool) -> Swapped:
    """
    Return what a swap costs.

    Args:
        world: The shop; it has its next bundle afterwards.
        seconds: So long decisions go on before and after [s].
        updates: So many profiles change in a second; 0 for none.
        freeze: Whether to `gc.freeze()` before and after, as a host may that wants no search through old objects.
    """
    ended, ids = Event(), world.ids
    _settle(freeze=freeze)
    with ThreadPoolExecutor(_THREADS + 1) as pool:
        deciding = [pool.submit(as_due, world.decide, ids, _DECISIONS, ended.is_set) for _ in range(_THREADS)]
        changing = pool.submit(as_due, world.change, ids, updates, ended.is_set) if updates else None
        time.sleep(seconds)
        start_ns = time.perf_counter_ns()
        world.edge.update(world.bundles.pop())
        end_ns = time.perf_counter_ns()
        _settle(freeze=freeze)
        first = [_taken(world, who) for who in ids[:_FIRST]]
        time.sleep(seconds)
        ended.set()
        all_s = (time.perf_counter_ns() - start_ns) / _NS + seconds
        made = [one for part in deciding for one in part.result()]
        changes = 0 if changing is None else len(changing.result())
    update_s = (end_ns - start_ns) / _NS
    return Swapped(
        update_s,
        changes / all_s,
        summed((t for t, due in made if due < start_ns), seconds),
        summed((t for t, due in made if start_ns <= due < end_ns), update_s),
        summed((t for t, due in made if due >= end_ns), all_s - seconds - update_s),
        summed(first, sum(first) / _NS),
    )


def _taken(world: World, who: str) -> int:
    time.sleep(0)  # the others keep their turn
    start_ns = time.perf_counter_ns()
    world.decide(who)
    return time.perf_counter_ns() - start_ns


def _settle(*, freeze: bool) -> None:
    if freeze:
        gc.freeze()
