"""Many: decisions for many customers at one moment. The stages are those of one decision, over columns.

mask and qualify -> guard -> rank -> compose, each condition once for each distinct value of what it reads. What columns
cannot say is decided customer by customer, by the very same code as a single decision.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from ...contacts import Contact
from ...plan.pages import Page
from ...plan.plan import ChannelPlan, Plan
from ...plan.worth import RankedOffer
from ...schema import Value
from ..budgets import Budgets
from ..compose import compose
from ..rank import Listed
from .columns import Customers
from .fields import Fields
from .picks import EMPTY, Filling, Picks, descending
from .subjects import subjects
from .truths import Rows, Words, apply, guarding, needing, words
from .worths import Numbers, Personal, Places, Worths

#: Conditions are evaluated for so many customers at a time: more have the same values.
CHUNK: Final = 8192
#: Pages are filled for so many at a time: their worths stay in the processor's memory.
_BLOCK: Final = 256
#: Flags are bits of a signed number of 64.
_FLAGS_MAX: Final = 62
_TREATMENTS_MAX: Final = 62


@attrs.frozen(eq=False, repr=False)
class Asked:
    """
    What many decisions share.

    Attributes:
        plan: The plan.
        channel: What the page's channel adds.
        page: The placements.
        context: The context by slot.
        budgets: What counts for everyone together, if any cap does.
        now_us: The moment [us since 1970].
    """

    plan: Plan
    channel: ChannelPlan
    page: Page
    context: tuple[Value | None, ...]
    budgets: Budgets | None
    now_us: int


def lacking(asked: Asked, customers: int) -> str:
    """
    Return why columns cannot say what is asked, or an empty text.

    Args:
        asked: What many decisions share.
        customers: How many customers there are.
    """
    plan, budgets = asked.plan, asked.budgets
    possible = asked.channel.allow & asked.page.mask & plan.running(asked.now_us)
    caps = [cap for cap in plan.caps if cap.concerns(asked.channel.channel.name, possible)]
    if any(cap.cap.strict for cap in caps):
        return "strict caps reserve room at the centre, customer by customer"
    if any(cap.cap.per == "household" for cap in caps):
        return "caps count for households"
    if budgets is None and "everyone" in plan.counted_per:
        return "what counts for everyone together is not known"
    shared = frozenset(cap.number for cap in caps if cap.cap.per == "everyone")
    if budgets is not None and shared and budgets.spare(asked.now_us, shared) < customers * asked.page.slots:
        return "the customers could use up a budget for everyone together"
    if (
        max((bound.bit_length() for channel in plan.channels.values() for bound in channel.flag_of), default=0)
        > _FLAGS_MAX
    ):
        return f"guardrails set more than {_FLAGS_MAX} flags"
    if max((one.width for one in plan.offers), default=0) > _TREATMENTS_MAX:
        return f"an offer has more than {_TREATMENTS_MAX} treatments"
    return ""


def decide(asked: Asked, customers: Customers, contacts: Mapping[str, Sequence[Contact]]) -> Picks:
    """
    Return what fills the slots of many customers' pages.

    Args:
        asked: What they share; columns can say it (see `lacking`).
        customers: The customers.
        contacts: Their contacts within the caps' windows, by customer id.
    """
    whole = Picks.none(len(customers), asked.page.slots)
    worths = Worths(asked.plan, asked.channel)
    if not asked.plan.offers or not asked.page.slots:
        return whole
    filling = Filling(asked.plan, asked.page, worths.helping)
    for start in range(0, len(customers), CHUNK):
        rows = slice(start, start + CHUNK)
        _Chunk(asked, customers.part(rows), contacts, worths, filling).decide(whole.part(rows))
    return whole


@attrs.frozen
class _Alike:
    """What customers have in common: the flags that hide, what no affinity ranks, and one simple page."""

    hides: int
    blind: int
    at_once: bool


class _Chunk:
    """A part of the customers, on their way through the stages."""

    def __init__(
        self,
        asked: Asked,
        customers: Customers,
        contacts: Mapping[str, Sequence[Contact]],
        worths: Worths,
        filling: Filling,
    ) -> None:
        self._asked = asked
        self._customers = customers
        self._worths = worths
        self._filling = filling
        self._fields = Fields(asked.plan, asked.channel, customers, asked.context, asked.now_us)
        channel, slots = asked.channel.channel.name, asked.page.slots
        self._subjects = subjects(
            asked.plan, customers, self._fields, contacts, asked.budgets, channel, slots, asked.now_us
        )

        self._nothing_hidden = asked.plan.effects(0).hidden
        self._possible = asked.channel.allow & asked.page.mask & asked.plan.running(asked.now_us)

    def decide(self, picks: Picks) -> None:
        """Put in what fills each customer's page."""
        plan, channel = self._asked.plan, self._asked.channel
        width = max(-(-len(plan.catalog.entries) // 64), 1)
        rows = Rows(len(self._customers), words(self._possible, width), channel.flags)
        apply(plan, guarding(plan, channel), self._fields, self._nothing_hidden, self._asked.now_us, rows)
        rows.meet(self._subjects.tally_of, [plan.everything & ~one.withheld for one in self._subjects.limited])
        needs: dict[int, Words] = {}
        for alike, which in self._alike(rows.flags):
            if alike.hides not in needs:
                needed = Rows(len(self._customers), words(plan.everything, width), 0)
                hidden = plan.effects(alike.hides).hidden
                apply(plan, needing(plan, channel), self._fields, hidden, self._asked.now_us, needed)
                needs[alike.hides] = needed.allowed
            for start in range(0, len(which), _BLOCK):
                some = which[start : start + _BLOCK]
                self._fill(alike, some, rows.allowed[some] & needs[alike.hides][some], rows.flags, picks)

    def _alike(self, flags: NDArray[np.int64]) -> Iterator[tuple[_Alike, Places]]:
        """Yield customers for whom the same is hidden and blind, and whether their pages are filled all at once."""
        plan, subjects_ = self._asked.plan, self._subjects
        wide = len(subjects_.tallies)
        kinds, kind_of = np.unique(flags, return_inverse=True)
        pairs, pair_of = np.unique(kind_of.astype(np.int64) * wide + subjects_.tally_of, return_inverse=True)
        groups: dict[_Alike, int] = {}
        group_of = []
        for pair in pairs.tolist():
            effects = plan.effects(int(kinds[pair // wide]))
            hides = int(kinds[pair // wide]) & plan.hide_flags
            blind = effects.blind | subjects_.limited[pair % wide].blind
            at_once = (
                not any(limit.scope.bits & self._possible for _, limit in effects.quotas)
                and not subjects_.filling[pair % wide]
                and len(self._asked.page.placements) == 1
            )
            group_of.append(groups.setdefault(_Alike(hides, blind, at_once), len(groups)))
        numbers = np.array(group_of, dtype=np.int64)[pair_of]
        for alike, number in groups.items():
            yield alike, np.flatnonzero(numbers == number)

    def _fill(self, alike: _Alike, which: Places, allowed: Words, flags: NDArray[np.int64], picks: Picks) -> None:
        """Fill the pages of customers who are alike."""
        asked = self._asked
        hidden = asked.plan.effects(alike.hides).hidden
        worths = self._worths.of(self._customers, self._fields, hidden, alike.blind, which, asked.now_us)
        personal = self._worths.personal(self._customers, hidden, alike.blind, asked.now_us)
        if alike.at_once:
            self._filling.fill(allowed, worths, picks, which)
        else:
            for place, row in enumerate(which.tolist()):
                self._compose(row, allowed[place], worths[place], int(flags[row]), _Personal(personal, row), picks)
        for slot in range(asked.page.slots):
            filled = which[picks.offers[which, slot] != EMPTY]
            picks.personal[filled, slot] = personal(filled, picks.offers[filled, slot])

    def _compose(
        self, row: int, allowed: Words, worths: Numbers, flags: int, personal: "_Personal", picks: Picks
    ) -> None:
        """Fill the page of one customer."""
        asked = self._asked
        tally = self._subjects.tallies[self._subjects.tally_of[row]]
        caps = None if tally is None else tally.room(asked.channel.channel.name, asked.page.slots, asked.now_us)
        offers = descending(asked.plan.offers, worths, self._worths.helping)
        treatments = int.from_bytes(allowed.tobytes(), "little")
        page, quotas = asked.page, asked.plan.effects(flags).quotas
        with nullcontext() if tally is None else tally.held():
            chosen, _ = compose(page, Listed(offers), treatments, quotas, personal, caps)
        picks.put(row, chosen)


@attrs.frozen(eq=False, repr=False)
class _Personal:
    """Whether one customer's own affinity ranks an offer."""

    told: Personal
    row: int

    def personal(self, ranked: RankedOffer) -> bool:
        """Return it."""
        return bool(self.told(np.array([self.row]), np.array([ranked.index]))[0])
