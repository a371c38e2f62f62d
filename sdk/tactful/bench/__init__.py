"""How long things take, each beside a measure of the same run: `tactful bench`. Nothing here judges a figure."""

from .timing import Timed, timed
from .works import WORKS, run

__all__ = ["WORKS", "Timed", "run", "timed"]
