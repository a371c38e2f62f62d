"""How much is done for a decision, counted and not timed. `python tests/bench/counting.py` renews counts.json.

Three counts: what the interpreter executes of Python (instructions), how often it calls what is written in C, and how
much memory a call needs at its peak. None depends on how busy the machine is, or on how fast. Together they see what
Python does, what is handed to C, and what grows there with the offers. They do not see one C function become slower.
"""

import gc
import json
import platform
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import fmean, median
from typing import Any, Final

import attrs

from tactful.bench.works import Bench

COUNTS: Final = Path(__file__).with_name("counts.json")
#: The works that are counted, by number of offers. `decide_many` is NumPy's: its tests hold that it loops over no row.
WORKS: Final[Mapping[int, tuple[str, ...]]] = {
    200: ("decide", "near", "flat", "skewed", "preview", "first", "cold", "brought", "miss", "moving"),
    2000: ("decide", "flat", "skewed", "first"),
}
#: What is shown is counted under the caps a dozen exposures at once, in one decision of four: all four belong to it.
TURNS: Final = {"decide": 4, "moving": 4, "near": 4}
#: A count may be so many times the one that is kept. An interpreter of another version counts otherwise: CPython 3.13
#: some 6 % less than 3.11.
SAME_VERSION: Final = 1.25
OTHER_VERSION: Final = 1.5


@attrs.frozen
class Counts:
    """
    What a call of a work takes.

    Attributes:
        instructions: Executed Python instructions, the mean.
        c_calls: Calls of functions that are written in C, the mean.
        peak_bytes: What it allocates at its peak, beyond what there was [bytes]; the median, as threads share it.
    """

    instructions: float
    c_calls: float
    peak_bytes: float


def counts_of(work: Callable[[], Iterator[Callable[[], object]]], turns: int = 1) -> Counts:
    """The counts of a work over so many turns; one that is not counted makes its memories warm."""
    for call in work():
        call()
    with _undisturbed():
        instructions, c_calls, peaks = ([count(call) for _ in range(turns) for call in work()] for count in _COUNTERS)
    return Counts(round(fmean(instructions), 1), round(fmean(c_calls), 1), median(peaks))


def counted(works: Mapping[int, tuple[str, ...]] = WORKS) -> dict[str, Counts]:
    """The counts of all works, by name and number of offers."""
    found = {}
    for offers, names in works.items():
        with closing(Bench(offers)) as bench:
            found |= {f"{name} {offers}": counts_of(getattr(bench, name), TURNS.get(name, 1)) for name in names}
    return found


def grown(found: Mapping[str, Counts], kept: Mapping[str, Counts], tolerance: float) -> list[str]:
    """What has grown beyond the tolerance, or is kept and not found, in words."""
    told = [f"{work} is not counted any more" for work in sorted(set(kept) - set(found))]
    for work, counts in found.items():
        before = kept.get(work)
        if before is None:
            told.append(f"{work} is not kept yet")
            continue
        for name, count in attrs.asdict(counts).items():
            limit = getattr(before, name) * tolerance
            if count > limit:
                told.append(f"{work}: {count:,.1f} {name}, more than {limit:,.1f}")
    return told


def kept(interpreter: str) -> tuple[dict[str, Counts], float]:
    """The counts that are kept, and how far an interpreter may pass them."""
    read = json.loads(COUNTS.read_text(encoding="utf-8"))
    tolerance = SAME_VERSION if interpreter == read["python"] else OTHER_VERSION
    return {work: Counts(**counts) for work, counts in read["works"].items()}, tolerance


def version() -> str:
    """The interpreter's version, as far as its instructions depend on it."""
    return f"{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}"


def _instructions(call: Callable[[], object]) -> int:
    count = 0

    def within(_frame: Any, event: str, _arg: Any) -> Any:
        nonlocal count
        count += event == "opcode"
        return within

    def entered(frame: Any, _event: str, _arg: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return within

    sys.settrace(entered)
    try:
        call()
    finally:
        sys.settrace(None)
    return count


def _c_calls(call: Callable[[], object]) -> int:
    count = -1  # the call that ends the counting

    def event(_frame: Any, event: str, _arg: Any) -> None:
        nonlocal count
        count += event == "c_call"

    sys.setprofile(event)
    try:
        call()
    finally:
        sys.setprofile(None)
    return count


def _peak_bytes(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


_COUNTERS: Final = (_instructions, _c_calls, _peak_bytes)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no garbage be collected meanwhile, and give back whatever traced before."""
    trace, profile, was_on = sys.gettrace(), sys.getprofile(), gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        sys.settrace(trace)
        sys.setprofile(profile)
        if was_on:
            gc.enable()


if __name__ == "__main__":
    works = {work: attrs.asdict(counts) for work, counts in counted().items()}
    COUNTS.write_text(json.dumps({"python": version(), "works": works}, indent=2) + "\n", encoding="utf-8")
