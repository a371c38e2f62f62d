"""What an organization asks of itself: how mature its policy is, and what offends. It decides nothing."""

from .figures import Figures, figures_of
from .maturity import Assessment, Level, assess
from .offences import OfferOffence, offences
from .wilson import Interval, wilson

__all__ = [
    "Assessment",
    "Figures",
    "Interval",
    "Level",
    "OfferOffence",
    "assess",
    "figures_of",
    "offences",
    "wilson",
]
