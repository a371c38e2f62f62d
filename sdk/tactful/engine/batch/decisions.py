"""Decisions for many customers, as their caller sees them: a table, and any of them as a decision of its own."""

from collections.abc import Callable, Sequence

import attrs
import numpy as np
import pyarrow as pa

from ...familiarity import Familiarity
from ...plan.plan import Plan
from ..decision import Decision
from .picks import EMPTY, Picks
from .worths import Places


@attrs.frozen(eq=False, repr=False)
class Decisions:
    """
    What to show to many customers, all decided at one moment.

    Attributes:
        table: A row for each filled slot: `row`, the customer's place in what was asked; `customer`; `placement`;
            `slot`, from 0 within the decision; `offer`; `treatment`; `tone`; `basis`; `worth`.
        careful: Why less than usual is shown, and how often; empty if nothing held it back.
        one_by_one: Why customers were decided one after the other, and how many if not all; empty if all at once.
        depends: Why a decision depends on more than its customer: on those before, or on a centre's room, of which it
            took what it needs; empty if none does.
    """

    table: "pa.Table"
    careful: tuple[str, ...]
    one_by_one: str
    depends: str
    _count: int = attrs.field(alias="count")
    _again: Callable[[int], Decision] = attrs.field(alias="again")

    def __len__(self) -> int:
        """Return for how many customers it was decided."""
        return self._count

    def __getitem__(self, row: int) -> Decision:
        """
        Return the decision for one customer, with content, reasons and a token: decided once more, at the same moment.

        Args:
            row: The customer's place in what was asked, from 0.

        Raises:
            IndexError: If there is none at that place.
        """
        if not 0 <= row < self._count:
            raise IndexError(f"there are {self._count} decisions, from 0")
        return self._again(row)

    def __repr__(self) -> str:
        return f"<Decisions for {self._count} customers, {self.table.num_rows} filled slots>"


def table_of(plan: Plan, names: Sequence[str], ids: Sequence[str], picks: Picks, first: int) -> "pa.Table":
    """
    Return picks as a table.

    Args:
        plan: The plan.
        names: The page's placements.
        ids: The customers' ids.
        picks: What fills their slots.
        first: The place of the first of them in what was asked.
    """
    rows, slots = np.nonzero(picks.offers != EMPTY)
    treatments = picks.treatments[rows, slots]
    entries = plan.catalog.entries
    personal = picks.personal[rows, slots]
    basis = np.where(
        personal, len(_LEVELS) - 1, np.array([e.labels.basis for e in entries], dtype=np.int64)[treatments]
    )
    tone = np.array([entry.labels.tone for entry in entries], dtype=np.int64)[treatments]
    return pa.table(
        {
            "row": pa.array(rows + first),
            "customer": pa.array(np.array(ids, dtype=object)[rows], type=pa.string()),
            "placement": _word(picks.placements[rows, slots], names),
            "slot": pa.array(slots),
            "offer": _word(picks.offers[rows, slots], [one.offer.id for one in plan.offers]),
            "treatment": _word(treatments, [entry.treatment.id for entry in entries]),
            "tone": _word(tone, _LEVELS),
            "basis": _word(basis, _LEVELS),
            "worth": pa.array(picks.worths[rows, slots]),
        }
    )


_LEVELS = tuple(level.name for level in Familiarity)


def _word(places: Places, words: Sequence[str]) -> "pa.DictionaryArray":
    """Return words by their places, each kept once."""
    return pa.DictionaryArray.from_arrays(pa.array(places, type=pa.int32()), pa.array(words, type=pa.string()))
