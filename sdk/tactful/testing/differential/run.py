"""Runs cases until so many decisions were compared, in one process or in several."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import count, islice
from multiprocessing import get_context

import attrs

from ..generators.cases import case
from .compare import Compared, Difference, first_difference

#: So many cases make one piece of work for a process.
BATCH = 16
#: After so many differences there is enough to look at.
DIFFERENCES_MAX = 5


@attrs.frozen
class Figures:
    """How much was compared, and where the engines did not agree."""

    compared: Compared
    differences: tuple[Difference, ...]


def run(
    decisions: int,
    seed: int = 0,
    *,
    processes: int = 1,
    differences_max: int = 1,
    progress: Callable[[Compared], None] = lambda compared: None,  # noqa: ARG005 - it says nothing
) -> Figures:
    """
    Compare the engines on the cases of a seed and the following ones; even seeds are well formed, odd ones wild.

    Args:
        decisions: Go on until so many decisions were compared.
        seed: The first seed.
        processes: So many processes work.
        differences_max: Stop after so many differences.
        progress: Told now and then how much was compared.
    """
    compared, found = Compared(), list[Difference]()
    for more, differences in _batches(seed, processes):
        compared.plus(more)
        found += differences
        progress(compared)
        if compared.decisions >= decisions or len(found) >= differences_max:
            break
    return Figures(compared, tuple(found))


def _batches(seed: int, processes: int) -> Iterator[tuple[Compared, list[Difference]]]:
    """Yield what comes out of one batch of seeds after the other, without end."""
    if processes == 1:
        yield from (_batch([number]) for number in count(seed))
        return
    seeds = (range(start, start + BATCH) for start in count(seed, BATCH))
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=quiet) as pool:
        # So many are under way that no process waits, and few enough that the end comes soon.
        waiting = [pool.submit(_batch, one) for one in islice(seeds, 2 * processes)]
        try:
            while True:
                yield waiting.pop(0).result()
                waiting.append(pool.submit(_batch, next(seeds)))
        finally:
            pool.shutdown(cancel_futures=True)


def _batch(seeds: Sequence[int]) -> tuple[Compared, list[Difference]]:
    compared = Compared()
    found = [first_difference(case(seed), compared) for seed in seeds]
    return compared, [one for one in found if one is not None]


def quiet() -> None:
    """Let nothing be logged: wild cases have pages that cannot be decided, and say so."""
    logging.getLogger("tactful").setLevel(logging.CRITICAL)
