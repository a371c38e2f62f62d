"""Counted budgets: what is used up of each budget, as evidence, kept as counts change. It counts nothing.

A decision keeps what it saw for its evidence, so nothing that was seen ever changes: what is used up is in parts, and
only the part of a count that changed is made anew. What a decision takes is as long as what changed since the last.
"""

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import Final

import attrs

from ..clock import NEVER_US
from ..evidence import CountedBudget
from ..limits import Cap
from ..plan.caps import CapPlan
from .budget_count import BudgetCount

#: A part holds so many counts.
_PART: Final = 64
_Part = tuple[CountedBudget, ...]


@attrs.frozen(eq=False, repr=False)
class CountedBudgets:
    """What was used up of each budget at a moment."""

    _parts: tuple[_Part, ...]
    _caps: tuple[CountedBudget, ...]

    def all(self) -> tuple[CountedBudget, ...]:
        """Return it; a cap of which nothing is used up is there once, without a value."""
        found = tuple(one for part in self._parts for one in part)
        used = {one.cap for one in found}
        return (*found, *(one for one in self._caps if one.cap not in used))


#: Of budgets that are not known.
UNKNOWN: Final = CountedBudgets((), ())


class BudgetsForEvidence:
    """Keeps what is used up of each budget."""

    __slots__ = ("_caps", "_changed", "_due_us", "_leaving", "_numbers", "_parts", "_shapes")

    def __init__(self, caps: Sequence[CapPlan], counts: Iterable[BudgetCount]) -> None:
        """
        Begin with what is counted so far.

        Args:
            caps: The caps for everyone together.
            counts: What is counted under them.
        """
        self._shapes = {cap.number: shape(cap.cap) for cap in caps}
        self._caps = tuple(CountedBudget(cap.id, self._shapes[cap.number], "", 0, None) for cap in caps)
        self._parts: list[_Part] = []
        self._numbers: dict[BudgetCount, int] = {}
        #: In the order in which they changed; those that time alone changes as a heap, each with the first moment.
        self._changed: dict[BudgetCount, None] = dict.fromkeys(counts)
        self._leaving: list[tuple[int, int, BudgetCount]] = []
        self._due_us: dict[BudgetCount, int] = {}

    def note(self, count: BudgetCount) -> None:
        """Note that a count is another."""
        self._changed[count] = None

    def at(self, now_us: int) -> CountedBudgets:
        """Return what is used up at a moment."""
        while self._leaving and self._leaving[0][0] <= now_us:
            at_us, _, count = heappop(self._leaving)
            if self._due_us.get(count) == at_us:
                del self._due_us[count]
                self._changed[count] = None
        for count in self._changed:
            self._put(count, now_us)
        self._changed.clear()
        return CountedBudgets(tuple(self._parts), self._caps)

    def _put(self, count: BudgetCount, now_us: int) -> None:
        number = self._numbers.setdefault(count, len(self._numbers))
        place, within = divmod(number, _PART)
        if place == len(self._parts):
            self._parts.append(())
        part = self._parts[place]
        inside = count.inside(now_us)
        cap = count.cap
        one = CountedBudget(cap.id, self._shapes[cap.number], count.value, inside, count.frees_us(now_us))
        self._parts[place] = (*part[:within], one, *part[within + 1 :])
        leaves_us = count.leaving[0] if count.leaving else NEVER_US
        if leaves_us < self._due_us.get(count, NEVER_US):
            self._due_us[count] = leaves_us
            heappush(self._leaving, (leaves_us, number, count))


def shape(cap: Cap) -> str:
    """Return what a cap counts and how far back, as text."""
    return repr((cap.window, cap.counted, cap.of, cap.channels, cap.exact, cap.suppress_s))
