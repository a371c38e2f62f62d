"""What is to be reached, each goal once; and what was measured beside it. It measures nothing."""

from collections.abc import Iterator, Mapping
from typing import Final

import attrs


@attrs.frozen
class Figure:
    """
    What was measured of a work.

    Attributes:
        median: The median, or the one figure that there is, in the goal's unit.
        p99: The 99th percentile, likewise; None where there is no such thing.
    """

    median: float
    p99: float | None = None


@attrs.frozen
class Goal:
    """
    What a work may cost at most.

    Attributes:
        name: The work's.
        says: What it is.
        unit: That of its median and 99th percentile.
        median: The median is at most this; None sets no goal.
        p99: The 99th percentile likewise.
        ratio: Its median is at most so many times that of another work.
        beside: The name of that work.
    """

    name: str
    says: str
    unit: str = "µs"
    median: float | None = None
    p99: float | None = None
    ratio: float | None = None
    beside: str = ""


@attrs.frozen
class Judged:
    """
    A goal, and what was measured.

    Attributes:
        goal: The goal.
        figure: What was measured.
        ratio: How many times the other work's median it is; None if it is compared with none.
    """

    goal: Goal
    figure: Figure
    ratio: float | None

    @property
    def met(self) -> Mapping[str, bool]:
        """Whether each part of the goal is met, by its name; a work without a goal has none."""
        found = {"median": self.figure.median, "p99": self.figure.p99, "ratio": self.ratio}
        limits = {name: getattr(self.goal, name) for name in found}
        return {n: found[n] <= limit for n, limit in limits.items() if limit is not None and found[n] is not None}


GOALS: Final = (
    Goal("predicates 200", "a list comprehension over 200 compiled Python predicates"),
    Goal(
        "decide 200",
        "the customer here and seen before, all guardrails, three slots, room reserved",
        median=15,
        p99=40,
        ratio=1,
        beside="predicates 200",
    ),
    Goal("moving 200", "the same, on another page than the last one"),
    Goal("near 200", "the same, with room for this page, and no more, under a cap"),
    Goal("flat 10,000", "customers who like every topic alike", median=40, ratio=4, beside="decide 200"),
    Goal("skewed 10,000", "who like one topic far above the others", median=120, ratio=10, beside="decide 200"),
    Goal("decide 10,000", "customers who like topics at random"),
    Goal("moving 10,000", "the same, on another page than the last one"),
    Goal("scored 10,000", "a model putting fifty in order, each time anew", ratio=10, beside="moving 10,000"),
    Goal("flat 100,000", "ten times the offers: clearly less time", median=250, ratio=5, beside="flat 10,000"),
    Goal("skewed 100,000", "the same, skewed", median=250, ratio=5, beside="skewed 10,000"),
    Goal("miss 200", "a customer who is not here", median=15),
    Goal("cold 200", "2 KB packed: unpack, mask, standing part, decide", median=150),
    Goal("brought 200", "the same, unpacked before"),
    Goal(
        "many 200", "each of a table: 200,000 a second, and the loop's tenth", median=5, ratio=0.1, beside="brought 200"
    ),
    Goal("packed 200", "memory that a customer's profile of forty attributes takes", unit="KB", median=2.5),
    Goal("held 200", "what the first decision for a customer works out, and holds", unit="KB", median=4),
    Goal("held 10,000", "the same", unit="KB", median=8),
    Goal("held 100,000", "the same", unit="KB", median=32),
    Goal("plan 10,000", "memory that a bundle's plan takes for each offer", unit="KB"),
    Goal("plan 100,000", "the same", unit="KB"),
    Goal("swap 10,000", "a new bundle, until it is decided by, deciding going on", unit="s", median=3),
    Goal("wait 10,000", "the slowest thousandth of the decisions meanwhile", unit="ms", median=5),
    Goal("pause 10,000", "the slowest of the decisions just after it", unit="ms"),
    Goal("libraries", "import the five libraries that tactful needs", unit="ms"),
    Goal("import", "import tactful", unit="ms", median=60, ratio=1.5, beside="libraries"),
    Goal("everything", "import all that decides, as tactful.open does", unit="ms"),
    Goal("import memory", "import tactful", unit="MB", median=8),
    Goal("everything memory", "import all that decides", unit="MB"),
    Goal("idle", "how often the busiest thread wakes, nobody asking", unit="a second", median=1),
)


def judged(found: Mapping[str, Figure]) -> Iterator[Judged]:
    """Yield each goal beside its figure; those that could not be measured here are left out."""
    for goal in GOALS:
        figure = found.get(goal.name)
        if figure is None:
            continue
        other = found.get(goal.beside)
        yield Judged(goal, figure, None if other is None or not other.median else figure.median / other.median)
