"""How long calls took, by the clock on the wall, as whoever waits for them sees it. It knows no work."""

import itertools
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import attrs

#: A call's time, and when it was due [both ns].
Taken = tuple[int, int]
_NS: Final = 1_000_000_000


@attrs.frozen
class Calls:
    """
    How long calls took.

    Attributes:
        calls: So many there were.
        a_second: So many were made in a second.
        p50_us: Their median [us].
        p99_us: Their 99th percentile [us].
        p999_us: Their 99.9th percentile [us].
        max_us: The longest of them [us].
    """

    calls: int
    a_second: float
    p50_us: float
    p99_us: float
    p999_us: float
    max_us: float


def summed(taken_ns: Iterable[int], seconds: float) -> Calls:
    """
    Return what calls took.

    Args:
        taken_ns: The time of each [ns].
        seconds: In so long they were made [s].
    """
    ordered = sorted(taken_ns)
    at = [_at(ordered, part) / 1000 for part in (0.5, 0.99, 0.999, 1.0)]
    return Calls(len(ordered), len(ordered) / seconds if seconds else 0.0, *at)


def joined(parts: Sequence[Calls]) -> Calls:
    """Return what processes that ran side by side did together: their sum, and of each percentile the worst."""
    worst = [max(getattr(one, name) for one in parts) for name in ("p50_us", "p99_us", "p999_us", "max_us")]
    return Calls(sum(one.calls for one in parts), sum(one.a_second for one in parts), *worst)


def in_turn(work: Callable[[str], object], ids: Sequence[str], first: int, until_ns: int) -> "array[int]":
    """Do a work for one customer after the other, beginning with one of them, until a moment; return each's time."""
    taken, clock = array("q"), time.perf_counter_ns
    for who in itertools.cycle((*ids[first:], *ids[:first])):
        begun = clock()
        if begun >= until_ns:
            break
        work(who)
        taken.append(clock() - begun)
    return taken


def as_due(
    work: Callable[[str], object], ids: Sequence[str], a_second: float, ended: Callable[[], bool]
) -> list[Taken]:
    """
    Do a work so many times a second until it is ended; return each's time, and when it was due.

    The time counts from the moment at which a call was due: one that had to wait for its turn took that long too.
    """
    taken: list[Taken] = []
    step_ns, due_ns = int(_NS / a_second), time.perf_counter_ns()
    for who in itertools.cycle(ids):
        if ended():
            break
        due_ns += step_ns
        wait_ns = due_ns - time.perf_counter_ns()
        if wait_ns > 0:
            time.sleep(wait_ns / _NS)
        work(who)
        taken.append((time.perf_counter_ns() - due_ns, due_ns))
    return taken


def _at(ordered: Sequence[int], part: float) -> int:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0
