"""Time: works in turn, round by round, so that what disturbs the machine disturbs all of them. It knows no work."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping

import attrs

#: A work makes ready what is not timed, and then yields calls to time one by one.
Work = Callable[[], Iterator[Callable[[], object]]]


@attrs.frozen
class Timed:
    """
    How long a work took.

    Attributes:
        calls: So many calls were timed.
        median_us: Their median [us].
        p99_us: Their 99th percentile [us].
    """

    calls: int
    median_us: float
    p99_us: float

    def for_each(self, count: int) -> "Timed":
        """Return what it took for each of so many that every call worked on."""
        return Timed(self.calls * count, self.median_us / count, self.p99_us / count)


def timed(
    works: Mapping[str, Work],
    rounds: int,
    progress: Callable[[int, int], None],
    clock: Callable[[], int] = time.perf_counter_ns,
) -> dict[str, Timed]:
    """
    Return how long each work took.

    Args:
        works: By name.
        rounds: Each work has so many turns; the first of them is not counted.
        progress: Is told how many turns of all are over.
        clock: What tells the time [ns].
    """
    times: dict[str, list[int]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for number, (name, work) in enumerate(works.items(), 1):
            taken = [_taken_ns(call, clock) for call in work()]
            times[name] += taken if turn else []
            progress(turn * len(works) + number, (rounds + 1) * len(works))
    return {name: _summed(taken) for name, taken in times.items()}


def _taken_ns(call: Callable[[], object], clock: Callable[[], int]) -> int:
    start_ns = clock()
    call()
    return clock() - start_ns


def _summed(taken_ns: list[int]) -> Timed:
    ordered = sorted(taken_ns)
    p99 = ordered[min(len(ordered) * 99 // 100, len(ordered) - 1)]
    return Timed(len(ordered), statistics.median(ordered) / 1000, p99 / 1000)
