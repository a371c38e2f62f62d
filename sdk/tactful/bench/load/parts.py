"""Many decisions at once: by threads, on an event loop, in forked processes. It makes no edge."""

import asyncio
import json
import os
import time
from array import array
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import attrs

from ...errors import TactfulError
from .calls import Calls, in_turn, joined, summed
from .world import World

#: On an event loop so many visitors come at once, and one visit in so many waits for a fetch.
_VISITORS: Final = 32
_FETCHING: Final = 50
_NS: Final = 1_000_000_000


def by_threads(world: World, threads: int, seconds: float) -> Calls:
    """Return what decisions take that so many threads make as fast as they can, for so long [s]."""
    begun_ns = time.perf_counter_ns()
    until_ns, ids = begun_ns + int(seconds * _NS), world.ids
    with ThreadPoolExecutor(threads) as pool:
        made = [pool.submit(in_turn, world.decide, ids, n * len(ids) // threads, until_ns) for n in range(threads)]
        taken = [time_ns for one in made for time_ns in one.result()]
    return summed(taken, (time.perf_counter_ns() - begun_ns) / _NS)


def on_a_loop(world: World, seconds: float) -> Calls:
    """Return what decisions take on one event loop where visitors take turns, some of whom wait for `awarm` first."""
    taken = array("q")
    begun_ns = time.perf_counter_ns()
    until_ns = begun_ns + int(seconds * _NS)

    async def visitor(first: int) -> None:
        number = first
        while time.perf_counter_ns() < until_ns:
            who = world.ids[number % len(world.ids)]
            number += 1
            if number % _FETCHING == 0:
                world.edge.forget(who)
                await world.edge.awarm(who)
            start_ns = time.perf_counter_ns()
            world.decide(who)
            taken.append(time.perf_counter_ns() - start_ns)
            await asyncio.sleep(0)

    async def visits() -> None:
        await asyncio.gather(*(visitor(n * len(world.ids) // _VISITORS) for n in range(_VISITORS)))

    asyncio.run(visits())
    return summed(taken, (time.perf_counter_ns() - begun_ns) / _NS)


def by_processes(world: World, processes: int, seconds: float) -> Calls:
    """
    Return what decisions take in so many processes forked from this one, each as fast as it can, for so long [s].

    Raises:
        TactfulError: If a process ends badly.
    """
    children = [_forked(world, seconds) for _ in range(processes)]
    found: list[Calls] = []
    for child, pipe in children:
        with os.fdopen(pipe) as told:
            words = told.read()
        _, status = os.waitpid(child, 0)
        if status or not words:
            raise TactfulError(f"a forked process ended with status {status}")
        found.append(Calls(**json.loads(words)))
    return joined(found)


def _forked(world: World, seconds: float) -> tuple[int, int]:
    """Fork a process that decides, and return its number and where it tells what it did."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    status = 1
    try:
        for who in world.ids:  # a child begins with nobody here
            world.decide(who)
        begun_ns = time.perf_counter_ns()
        taken = in_turn(world.decide, world.ids, 0, begun_ns + int(seconds * _NS))
        with os.fdopen(writing, "w") as told:
            json.dump(attrs.asdict(summed(taken, (time.perf_counter_ns() - begun_ns) / _NS)), told)
        status = 0
    finally:
        os._exit(status)  # whatever happened: nothing of the parent's may run here
    raise AssertionError  # it has ended
