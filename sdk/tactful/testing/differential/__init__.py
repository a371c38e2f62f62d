"""The fast engine against the reference engine, on random cases: same slates, same familiarity, same reasons.

python -m tactful.testing.differential --decisions 10000000 --processes 2
"""

from .compare import Difference
from .run import Figures, run

__all__ = ["Difference", "Figures", "run"]
