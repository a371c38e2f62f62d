"""Chunk: a part of the customers on their way through the stages. What budgets ask comes last, as it may change."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from ...contacts import Contact
from ...plan.worth import RankedOffer
from ..compose import compose
from ..limited import Limited
from ..own import Own
from ..rank import Listed
from ..room import Filling as Counted
from ..room import PageRoom
from ..shortlist import Shortlist
from ..tally import Limiting
from .asked import Asked
from .columns import Customers
from .fields import Fields
from .picks import EMPTY, Filling, Picks, descending
from .shortlists import Scored
from .standings import ByWorth, Standing
from .subjects import subjects
from .truths import Rows, Words, apply, guarding, needing, words
from .worths import Numbers, Personal, Places, Worths

#: Pages are filled for so many at a time: their worths stay in the processor's memory.
_BLOCK: Final = 256


@attrs.frozen
class _Alike:
    """What customers have in common: the flags that hide, what no affinity ranks, and one simple page."""

    hides: int
    blind: int
    at_once: bool


class Chunk:
    """A part of the customers."""

    def __init__(
        self,
        asked: Asked,
        customers: Customers,
        contacts: Mapping[str, Sequence[Contact]],
        worths: Worths,
        filling: Filling,
        scored: Scored | None,
    ) -> None:
        self._asked = asked
        self._customers = customers
        self._worths = worths
        self._filling = filling
        self._scored = scored
        self._fields = Fields(asked.plan, asked.channel, customers, asked.context, asked.now_us)
        channel, slots = asked.channel.channel.name, asked.page.slots
        self._subjects = subjects(
            asked.plan, customers, self._fields, contacts, asked.budgets, channel, slots, asked.now_us
        )
        self._possible = asked.channel.allow & asked.page.mask & asked.plan.running(asked.now_us)[0]
        self._width = max(-(-len(asked.plan.catalog.entries) // 64), 1)
        self._rows = self._left()
        self._groups = tuple(self._alike(self._rows.flags))
        #: What counts for the households of customers whose picks can fill a cap of it.
        self._homes: dict[int, Limiting] = {}

    def __len__(self) -> int:
        return len(self._customers)

    def fill(self, rows: slice, limited: Limited, picks: Picks) -> None:
        """
        Put in what fills each customer's page.

        Args:
            rows: Which of the customers.
            limited: What budgets for everyone ask; none is used up meanwhile.
            picks: Where to put it, for all of the customers.
        """
        for alike, which in self._groups:
            first, last = np.searchsorted(which, (rows.start, rows.stop)).tolist()
            for start in range(first, last, _BLOCK):
                self._fill(alike, which[start : min(start + _BLOCK, last)], limited, picks)

    def owns(self) -> Iterator[Own]:
        """Yield what each customer is counted by."""
        return (self._subjects.own[at].own for at in self._subjects.tally_of.tolist())

    def fill_apart(self, rows: Places, homes: Sequence[Limiting], limited: Limited, picks: Picks) -> None:
        """
        Put in what fills the pages of customers of different households, each of whom is filled once.

        Args:
            rows: Which of the customers.
            homes: What counts for the household of each of them; or else what counts for each besides contacts.
            limited: What budgets for everyone ask; none is used up meanwhile.
            picks: Where to put it, for all of the customers.
        """
        channel, slots, now_us = self._asked.channel.channel.name, self._asked.page.slots, self._asked.now_us
        masks: dict[int, int] = {}
        kinds: dict[tuple[int, bool], int] = {}
        mask_of, kind_of = [], []
        for row, home in zip(rows.tolist(), homes, strict=True):
            asks, filling = home.limited(channel, now_us), home.nearest <= slots
            mask_of.append(masks.setdefault(asks.withheld, len(masks)))
            kind_of.append(kinds.setdefault((asks.blind, filling), len(kinds)))
            if filling:
                self._homes[row] = home
        everything = self._asked.plan.everything
        self._rows.allowed[rows] &= np.array([words(everything & ~one, self._width) for one in masks])[mask_of]
        for (blind, filling), kind in kinds.items():
            those = rows[np.array(kind_of) == kind]
            for alike, which in self._groups:
                both = attrs.evolve(alike, blind=alike.blind | blind, at_once=alike.at_once and not filling)
                theirs = np.intersect1d(those, which, assume_unique=True)
                for start in range(0, len(theirs), _BLOCK):
                    self._fill(both, theirs[start : start + _BLOCK], limited, picks)

    def alone(self, row: int, limited: Limited, budgets: Counted, picks: Picks) -> None:
        """Put in what fills one customer's page, pick by pick; each may use up a budget, whose lock is held."""
        for alike, which in self._groups:
            place = int(np.searchsorted(which, row))
            if place < len(which) and which[place] == row:
                self._fill(attrs.evolve(alike, at_once=False), which[place : place + 1], limited, picks, (budgets,))

    def _left(self) -> Rows:
        """Return what limits and rules leave to each customer."""
        plan, channel, now_us = self._asked.plan, self._asked.channel, self._asked.now_us
        rows = Rows(len(self._customers), words(self._possible, self._width), channel.flags)
        apply(plan, guarding(plan, channel), self._fields, plan.effects(0).hidden, now_us, rows)
        rows.meet(self._subjects.tally_of, [plan.everything & ~one.withheld for one in self._subjects.limited])
        hides = rows.flags & plan.hide_flags
        for one in np.unique(hides).tolist():
            needed = Rows(len(self._customers), words(plan.everything, self._width), 0)
            apply(plan, needing(plan, channel), self._fields, plan.effects(one).hidden, now_us, needed)
            needed.allowed[hides != one] = words(plan.everything, self._width)
            rows.allowed &= needed.allowed
        return rows

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

    def _fill(
        self, alike: _Alike, which: Places, shared: Limited, picks: Picks, counting: tuple[Counted, ...] = ()
    ) -> None:
        """Fill the pages of customers who are alike."""
        asked = self._asked
        hidden, blind = asked.plan.effects(alike.hides).hidden, alike.blind | shared.blind
        allowed = self._rows.allowed[which]
        if shared.withheld:
            allowed &= words(asked.plan.everything & ~shared.withheld, self._width)
        affinities = self._worths.affinities(self._customers, hidden, blind, which, asked.now_us)
        worths = affinities if self._scored is None else affinities.copy()
        self._worths.weigh(worths, self._fields, hidden, which, asked.now_us)
        personal = self._worths.personal(self._customers, hidden, blind, asked.now_us)
        if alike.at_once:
            self._filling.fill(allowed, worths, picks, which, partial(self._order, affinities))
        else:
            open_ = self._filling.open(allowed)
            for place, row in enumerate(which.tolist()):
                offers = descending(asked.plan.offers, worths[place], open_[place], self._worths.helping)
                own = _Own(personal, row, affinities[place])
                self._compose(row, allowed[place], Listed(offers), own, picks, counting)
        for slot in range(asked.page.slots):
            filled = which[picks.offers[which, slot] != EMPTY]
            picks.personal[filled, slot] = personal(filled, picks.offers[filled, slot])

    def _compose(
        self,
        row: int,
        allowed: Words,
        listed: Listed,
        own: "_Own",
        picks: Picks,
        counting: tuple[Counted, ...],
    ) -> None:
        """Fill the page of one customer."""
        asked, at = self._asked, int(self._subjects.tally_of[row])
        contacts = self._subjects.own[at] if self._subjects.filling[at] else None
        home = self._homes.get(row)
        counted = (*(one for one in (contacts, home) if one is not None), *counting)
        caps = PageRoom(asked.plan, asked.channel.channel.name, counted, asked.now_us) if counted else None
        scored = self._scored
        ranking = listed if scored is None else Shortlist(listed, scored.scoring, own, scored.holding)
        treatments = int.from_bytes(allowed.tobytes(), "little")
        quotas = asked.plan.effects(int(self._rows.flags[row])).quotas
        chosen, _ = compose(asked.page, ranking, treatments, quotas, own, caps)
        picks.put(row, chosen)

    def _order(self, affinities: Numbers, worths: Numbers, by_worth: ByWorth) -> Standing:
        """Return what gives customers their best offers: by a score model, if the policy has one."""
        if self._scored is None:
            return by_worth
        return self._scored.standing(worths, affinities, by_worth, self._worths.helping)


@attrs.frozen(eq=False, repr=False)
class _Own:
    """What one customer's own affinities say of an offer."""

    told: Personal
    row: int
    affinities: Numbers

    def affinity(self, ranked: RankedOffer) -> float:
        """Return the affinity, as far as it may rank the offer; else what all have."""
        return float(self.affinities[ranked.index])

    def personal(self, ranked: RankedOffer) -> bool:
        """Return whether it ranks the offer."""
        return bool(self.told(np.array([self.row]), np.array([ranked.index]))[0])
