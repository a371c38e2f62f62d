"""On demand: `python -m tactful.testing.differential --decisions 10000000 --processes 2`."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .compare import Compared
from .run import DIFFERENCES_MAX, Figures, quiet, run
from .shrink import shrunk
from .tell import told

_EVERY_S = 10.0


def main(arguments: list[str] | None = None) -> int:
    """Compare as many decisions as asked; return 1 if the engines did not agree on one."""
    parser = argparse.ArgumentParser(prog="tactful.testing.differential", description=__doc__)
    parser.add_argument("--decisions", type=int, default=100_000, help="so many decisions, at least")
    parser.add_argument("--processes", type=int, default=1, help="so many processes")
    parser.add_argument("--seed", type=int, default=0, help="the first seed; the others follow")
    asked = parser.parse_args(arguments)
    quiet()
    begun_s = time.monotonic()
    with _progress(asked.decisions) as progress:
        figures = run(
            asked.decisions,
            asked.seed,
            processes=asked.processes,
            differences_max=DIFFERENCES_MAX,
            progress=progress,
        )
    for difference in figures.differences:
        print(told(shrunk(difference), difference.case.seed), end="\n\n")  # noqa: T201 - it is a command
    print(sentence(figures, time.monotonic() - begun_s))  # noqa: T201 - it is a command
    return 1 if figures.differences else 0


def sentence(figures: Figures, took_s: float) -> str:
    """Return the figures of a run in one line."""
    compared = figures.compared
    return (
        f"fast engine against reference: {compared.decisions:,} decisions under {compared.policies:,} policies, "
        f"{compared.picks:,} picks and {compared.reasons:,} reasons compared, "
        f"{len(figures.differences)} differences, {took_s:,.0f} s"
    )


@contextmanager
def _progress(decisions: int) -> Iterator[Callable[[Compared], None]]:
    """Give what shows the progress: a bar where rich is installed, else a line now and then."""
    try:
        from rich.progress import Progress  # noqa: PLC0415 - an extra of the command line
    except ImportError:
        yield _lines(decisions)
        return
    from rich.console import Console  # noqa: PLC0415 - likewise

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("decisions", total=decisions)
        yield lambda compared: bar.update(task, completed=compared.decisions)


def _lines(decisions: int) -> Callable[[Compared], None]:
    said_s = [time.monotonic()]

    def say(compared: Compared) -> None:
        if time.monotonic() - said_s[0] >= _EVERY_S:
            said_s[0] = time.monotonic()
            sys.stderr.write(f"{compared.decisions:,} of {decisions:,} decisions\n")

    return say


if __name__ == "__main__":
    sys.exit(main())
