"""Runs cases until so many decisions were compared."""

import attrs

from ..generators.cases import case
from .compare import Compared, Difference, first_difference


@attrs.frozen
class Figures:
    """How much was compared, and where the engines did not agree, by seed."""

    compared: Compared
    differences: tuple[Difference, ...]


def run(decisions: int, seed: int = 0, step: int = 1, differences_max: int = 1) -> Figures:
    """
    Compare the engines on the cases of a seed and the following ones.

    Args:
        decisions: Go on until so many decisions were compared.
        seed: The first seed.
        step: The distance from one seed to the next.
        differences_max: Stop after so many differences.
    """
    compared, found = Compared(), list[Difference]()
    while compared.decisions < decisions and len(found) < differences_max:
        difference = first_difference(case(seed), compared)
        if difference is not None:
            found.append(difference)
        seed += step
    return Figures(compared, tuple(found))
