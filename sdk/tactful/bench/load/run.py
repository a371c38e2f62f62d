"""All of it in one run: threads, a loop, processes, a swap, memory, idleness. It measures nothing itself."""

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial

import attrs

from ..idle import idle
from .calls import Calls
from .holding import Held, Kept, held, kept
from .parts import by_processes, by_threads, on_a_loop
from .swapping import Swapped, swapped
from .world import World

Progress = Callable[[str, int, int], None]


@attrs.frozen
class Effort:
    """
    How hard to measure.

    Attributes:
        offers: So many offers has the shop.
        seconds: Each part goes on for so long [s].
        threads: So many threads decide, in turn.
        processes: So many forked processes decide, in turn.
        here: So many customers are here, for whom everything but memory is measured.
        updates: So many profiles change in a second around the second swap.
        decisions: So many decisions are made to see that memory is flat.
        customers: For so many customers.
        pages: So many of them for one customer before the next comes.
        freeze: Whether the host freezes old objects around a swap.
    """

    offers: int = 200
    seconds: float = 3.0
    threads: tuple[int, ...] = (1, 2, 8, 32)
    processes: tuple[int, ...] = (2, 4)
    here: int = 1000
    updates: int = 1000
    decisions: int = 20_000
    customers: int = 10_000
    pages: int = 1
    freeze: bool = False


@attrs.frozen
class Report:
    """
    What was measured.

    Attributes:
        offers: So many offers has the shop.
        has_gil: Whether one thread at a time runs Python.
        decisions: What decisions take, by who makes them.
        calm: What a swap costs while decisions go on.
        swap: What it costs while decisions go on and profiles change.
        kept: Memory over many customers.
        held: The bytes of one.
        wakes_a_second: How often the busiest thread wakes while nobody asks; None where nobody counts it.
    """

    offers: int
    has_gil: bool
    decisions: Mapping[str, Calls]
    calm: Swapped
    swap: Swapped
    kept: Kept
    held: Held
    wakes_a_second: float | None


def run(effort: Effort, progress: Progress = lambda *_: None) -> Report:
    """
    Return what was measured.

    Args:
        effort: How hard to measure.
        progress: Is told what is being done, how much of it is over, and of how much.
    """
    progress("making the shop", 0, 1)
    world = World(effort.offers, effort.here)
    try:
        # Threads that wait do not live on in a child, so the processes come first.
        made = _decisions(world, effort, progress)
        progress("waiting", 0, 1)
        waking = idle(effort.seconds).get("idle")
        progress("swapping", 0, 1)
        calm = swapped(world, effort.seconds, updates=0, freeze=effort.freeze)
        swap = swapped(world, effort.seconds, updates=effort.updates, freeze=effort.freeze)
        memory = kept(world, effort.decisions, effort.customers, effort.pages, partial(progress, "many customers"))
        one = held(world)
    finally:
        world.close()
    return Report(effort.offers, has_gil(), made, calm, swap, memory, one, None if waking is None else waking.median)


def _decisions(world: World, effort: Effort, progress: Progress) -> dict[str, Calls]:
    works: dict[str, Callable[[], Calls]] = {}
    if hasattr(os, "fork"):
        works |= {f"{n} processes": partial(by_processes, world, n, effort.seconds) for n in effort.processes}
    works |= {f"{n} thread{'s'[: n > 1]}": partial(by_threads, world, n, effort.seconds) for n in effort.threads}
    works["event loop"] = partial(on_a_loop, world, effort.seconds)
    found: dict[str, Calls] = {}
    for number, (name, work) in enumerate(works.items()):
        progress(name, number, len(works))
        found[name] = work()
    return found


def has_gil() -> bool:
    """Return whether one thread at a time runs Python."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())
