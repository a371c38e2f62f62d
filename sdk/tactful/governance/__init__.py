"""What an organization asks of itself: how mature its policy is, and what offends. It decides nothing."""

from .figures import Figures, figures_of
from .matrix import Matrix, Opportunity, matrix_of
from .maturity import Assessment, Level, assess
from .measured import Comparison, measured
from .offences import OfferOffence, offences
from .wilson import Interval, wilson

__all__ = [
    "Assessment",
    "Comparison",
    "Figures",
    "Interval",
    "Level",
    "Matrix",
    "OfferOffence",
    "Opportunity",
    "assess",
    "figures_of",
    "matrix_of",
    "measured",
    "offences",
    "wilson",
]
