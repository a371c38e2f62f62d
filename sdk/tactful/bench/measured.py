"""All that the goals ask for, in one run: decisions in turn, then imports, then idleness. It judges nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import Final

import attrs

from .goals import Figure
from .idle import idle
from .imports import imports
from .taking import taken
from .timing import Timed, Work, on_processor
from .works import MANY, Bench, possible

#: The works of the goals, by number of offers.
_WORKS: Final[Mapping[int, tuple[str, ...]]] = {
    200: ("predicates", "decide", "moving", "near", "miss", "cold", "brought", "many"),
    10_000: ("flat", "skewed", "decide", "moving", "scored"),
    100_000: ("flat", "skewed"),
}
#: The plans of such shops are weighed, and a bundle of so many offers is taken.
_LARGE: Final = 10_000
#: A profile takes as much room in every shop: it is weighed in this one.
_SMALL: Final = 200
_SIZES: Final = (10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)
#: What the chart shows.
CURVES: Final = ("predicates", "flat", "skewed", "decide")
Progress = Callable[[str, int, int], None]


@attrs.frozen
class Effort:
    """
    How hard to measure.

    Attributes:
        rounds: Each work of decisions has so many turns of 100 calls.
        up_to: Shops with more offers are left out.
        imports: So often each import is timed.
        idle_s: So long nothing is done to see who wakes [s].
    """

    rounds: int = 20
    up_to: int = 100_000
    imports: int = 9
    idle_s: float = 3.0


@attrs.frozen
class Point:
    """What a work takes in a shop: the work's name, how many offers there are, and its median [µs]."""

    work: str
    offers: int
    median_us: float


def measured(effort: Effort, progress: Progress = lambda *_: None) -> dict[str, Figure]:
    """
    Return what was measured, by the names of the goals.

    Args:
        effort: How hard to measure.
        progress: Is told what is being done, how many parts of it are over, and how many there are.
    """
    with _shops(_WORKS, effort.up_to, progress) as shops:
        times = _timed(_works(shops, _WORKS), effort.rounds, progress)
        progress("waiting", 0, 1)
        waking = idle(effort.idle_s)
        held = {f"held {size:,}": Figure(bench.held_kb()) for size, bench in shops.items()}
        held |= {f"packed {size:,}": Figure(shops[size].packed_kb()) for size in shops if size == _SMALL}
    taking = taken([size for size in _WORKS if _LARGE <= size <= effort.up_to], progress)
    found = {f"{name} {size:,}": Figure(one.median_us, one.p99_us) for (name, size), one in times.items()}
    return {**found, **held, **taking, **imports(effort.imports, partial(progress, "importing")), **waking}


def curves(effort: Effort, progress: Progress = lambda *_: None) -> list[Point]:
    """Return what works take in shops of ten offers and more, in one run; otherwise like `measured`."""
    with _shops(_SIZES, effort.up_to, progress) as shops:
        times = _timed(_works(shops, dict.fromkeys(_SIZES, CURVES)), effort.rounds, progress)
    return [Point(name, size, one.median_us) for (name, size), one in times.items()]


_Key = tuple[str, int]


@contextmanager
def _shops(wanted: Iterable[int], up_to: int, progress: Progress) -> Iterator[dict[int, Bench]]:
    """Open a shop of each size."""
    sizes = [size for size in wanted if size <= up_to]
    shops: dict[int, Bench] = {}
    with ExitStack() as opened:
        for number, size in enumerate(sizes):
            progress("making shops", number, len(sizes))
            shops[size] = opened.enter_context(closing(Bench(size)))
        yield shops


def _works(shops: Mapping[int, Bench], wanted: Mapping[int, Sequence[str]]) -> dict[_Key, Work]:
    return {(name, size): getattr(bench, name) for size, bench in shops.items() for name in possible(wanted[size])}


def _timed(works: Mapping[_Key, Work], rounds: int, progress: Progress) -> dict[_Key, Timed]:
    whole = [key for key in works if key[0] == "many"]
    times = on_processor(works, rounds, partial(progress, "deciding"), whole=whole)
    return {key: one.for_each(MANY) if key in whole else one for key, one in times.items()}
