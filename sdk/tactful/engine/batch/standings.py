"""Standings: the best open offers of many customers, slot by slot. It neither allows nor withholds."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .worths import Numbers, Places


class Standing(Protocol):
    """What gives customers their best open offers."""

    def best(self) -> tuple[Places, Numbers]:
        """Return each customer's best open offer and its worth; -inf where none is open."""
        ...

    def take(self, rows: Places, offers: Places) -> None:
        """Take an offer from each of some customers."""
        ...

    def close(self, rows: Places, closing: Numbers) -> None:
        """Take several offers from each of some customers: those for which -inf is added."""
        ...


class ByWorth:
    """Gives the best by worth: help first, then worth, then the order of the plan."""

    def __init__(self, worths: Numbers, helping: int) -> None:
        """
        Begin with the offers that are open.

        Args:
            worths: The worths, customers by offers; -inf of what is not open. They are used up.
            helping: So many offers at the beginning help.
        """
        self._worths = worths
        self._helping = helping

    def best(self) -> tuple[Places, Numbers]:
        """Return each customer's best open offer and its worth; -inf where none is open."""
        worths, helping = self._worths, self._helping
        everyone = np.arange(len(worths))
        if not helping or helping == worths.shape[1]:
            only = np.argmax(worths, axis=1)
            return only, worths[everyone, only]
        first = np.argmax(worths[:, :helping], axis=1)
        helps = worths[everyone, first] > -np.inf
        best = np.where(helps, first, helping + np.argmax(worths[:, helping:], axis=1))
        return best, worths[everyone, best]

    def take(self, rows: Places, offers: Places) -> None:
        """Take an offer from each of some customers."""
        self._worths[rows, offers] = -np.inf

    def close(self, rows: Places, closing: Numbers) -> None:
        """Take several offers from each of some customers: those for which -inf is added."""
        if len(rows) == len(self._worths):
            self._worths += closing
        else:
            self._worths[rows] += closing


def with_help_first(worths: Numbers, helping: NDArray[np.bool_]) -> Numbers:
    """Return worths of which only those that help are left, in each row in which one of them is above -inf."""
    helps = helping & (worths > -np.inf)
    rows: NDArray[np.bool_] = np.any(helps, axis=1)
    return np.where(rows[:, None] & ~helps, -np.inf, worths) if np.any(rows) else worths
