"""Time: works in turn, round by round, so that what disturbs the machine disturbs all of them. It knows no work."""

import statistics
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

import attrs

#: A work makes ready what is not timed, and then yields calls to time one by one.
Work = Callable[[], Iterator[Callable[[], object]]]
Clock = Callable[[], int]
Progress = Callable[[int, int], None]
_Name = TypeVar("_Name", bound=Hashable)


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

    def less(self, reading_us: float) -> "Timed":
        """Return what it took without reading the clock [us]."""
        return attrs.evolve(
            self, median_us=max(self.median_us - reading_us, 0.0), p99_us=max(self.p99_us - reading_us, 0.0)
        )


def timed(
    works: Mapping[_Name, Work],
    rounds: int,
    progress: Progress,
    clock: Clock = time.perf_counter_ns,
    clocks: Mapping[_Name, Clock] | None = None,
) -> dict[_Name, Timed]:
    """
    Return how long each work took.

    Args:
        works: By name.
        rounds: Each work has so many turns; the first of them is not counted.
        progress: Is told how many turns of all are over.
        clock: What tells the time [ns].
        clocks: Other clocks, by name of work.
    """
    own = clocks or {}
    times: dict[_Name, list[int]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for number, (name, work) in enumerate(works.items(), 1):
            taken = [_taken_ns(call, own.get(name, clock)) for call in work()]
            times[name] += taken if turn else []
            progress(turn * len(works) + number, (rounds + 1) * len(works))
    return {name: _summed(taken) for name, taken in times.items()}


def on_processor(
    works: Mapping[_Name, Work], rounds: int, progress: Progress, *, whole: Iterable[_Name] = ()
) -> dict[_Name, Timed]:
    """
    Return how much of the processor each work took.

    It is that of the thread that asks, so what other programs do hardly counts. Reading such a clock takes long: that
    is measured among the works, and taken off.

    Args:
        works: By name.
        rounds: As for `timed`.
        progress: As for `timed`.
        whole: The names of works that use other threads too: their time is by the clock on the wall.
    """
    everything: dict[_Name | None, Work] = dict([*works.items(), (None, _nothing)])
    clocks: dict[_Name | None, Clock] = dict([(name, time.perf_counter_ns) for name in whole])  # noqa: C404 - typed
    found = timed(everything, rounds, progress, time.thread_time_ns, clocks)
    reading_us = found[None].median_us
    return {name: found[name] if name in clocks else found[name].less(reading_us) for name in works}


def _nothing() -> Iterator[Callable[[], object]]:
    yield from [int] * 100


def _taken_ns(call: Callable[[], object], clock: Clock) -> int:
    start_ns = clock()
    call()
    return clock() - start_ns


def _summed(taken_ns: list[int]) -> Timed:
    ordered = sorted(taken_ns)
    p99 = ordered[min(len(ordered) * 99 // 100, len(ordered) - 1)]
    return Timed(len(ordered), statistics.median(ordered) / 1000, p99 / 1000)
