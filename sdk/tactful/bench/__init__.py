"""How long things take, each beside a measure of the same run, and what they may take at most: `tactful bench`."""

from .goals import GOALS, Figure, Goal, Judged, judged
from .measured import Effort, Point, curves, measured
from .timing import Timed, timed
from .works import WORKS, run

__all__ = [
    "GOALS",
    "WORKS",
    "Effort",
    "Figure",
    "Goal",
    "Judged",
    "Point",
    "Timed",
    "curves",
    "judged",
    "measured",
    "run",
    "timed",
]
