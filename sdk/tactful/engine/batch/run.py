"""Run: a table of customers through the engine, part by part: memory is bounded by the part. It decides nothing."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import attrs
import pyarrow as pa

from ...consent import Consents
from ...contacts import Contact, decision_of
from ...profile import Snapshot
from ..budgets import Budgets
from ..decision import Decision
from ..giving_way import giving_way
from ..here import HouseholdKey
from ..moment import Moment
from ..strict import Rooms
from ..tally import tally_of
from . import alone, many
from . import asked as asked_
from .arrow import Table, columns_of
from .budgeted import Budgeted
from .columns import Customers
from .decisions import Decisions, table_of
from .fields import Fields
from .homes import Homes
from .nouns import with_consents
from .parts import in_order
from .picks import Picks
from .strictly import Strictly
from .subjects import subjects

#: Told how many customers are done, of how many.
Progress = Callable[[int, int], None]


@attrs.frozen
class Around:
    """
    What an edge gives besides what is asked.

    Attributes:
        contacts: Gives the contacts of customers within the caps' windows, by id.
        consents: Gives each customer's consents, for tables that do not tell them; None where they are not known.
        alone: Decides for one customer who is brought along, as a decision of its own that takes room.
        decision: Makes a decision of a moment, by its number and the customer's id.
        id: Gives a decision's id, by its number.
        households: Gives whose contacts count together with each customer's.
        household_contacts: Gives the contacts of households within the caps' windows; without those who have none.
        rooms: What the edge holds at the centre under strict caps.
    """

    contacts: Callable[[Sequence[str]], Mapping[str, Sequence[Contact]]]
    consents: Callable[[Sequence[str]], Sequence[Consents | None]]
    alone: Callable[[Snapshot, Consents | None], Decision]
    decision: Callable[[int, str, Moment], Decision]
    id: Callable[[int], str]
    households: Callable[[Sequence[str]], Sequence[HouseholdKey]]
    household_contacts: Callable[[Sequence[HouseholdKey]], Mapping[HouseholdKey, Sequence[Contact]]]
    rooms: Rooms


@attrs.frozen(eq=False, repr=False)
class _Done:
    """A part of a table whose customers are decided for."""

    part: Table
    customers: Customers
    picks: Picks


class Run:
    """Decides for a table of customers."""

    def __init__(self, asked: asked_.Asked, around: Around) -> None:
        self._asked = asked
        self._names = [one.placement.name for one in asked.page.placements]
        self._around = around
        self._refused: dict[str, int] = {}
        self._misunderstood: set[str] = set()
        self._budgeted: Budgeted | None = None
        self._homes: Homes | None = None
        self._strictly: Strictly | None = None

    def decide(self, given: object, progress: Progress, workers: int) -> Decisions:
        """
        Return what to show to each customer of a table.

        Args:
            given: The table.
            progress: Told now and then how many customers are done, of how many.
            workers: How many threads decide, >= 1; customers who depend on one another are decided by one.

        Raises:
            UsageError: If the table does not fit.
        """
        asked, plan = self._asked, self._asked.plan
        whole = Table(plan, columns_of(given), asked.now_us)
        lacking, depends = self._look_ahead(whole.ids())
        tables, done = [table_of(plan, self._names, (), Picks.none(0, asked.page.slots), 0)], 0
        work = self._one_by_one if lacking else self._at_once
        for one in in_order(partial(_aside, work), whole.slices(many.CHUNK), 1 if depends else workers):
            self._note(one.part)
            tables.append(table_of(plan, self._names, one.customers.ids, one.picks, done))
            done += len(one.customers)
            progress(done, len(whole))
        careful = (*plan.careful(asked.now_us), *self._careful())
        alone = lacking or self._alone()
        again = partial(self._again, whole)
        return Decisions(pa.concat_tables(tables), careful, alone, depends, len(whole), again)

    def _look_ahead(self, ids: Sequence[str]) -> tuple[str, str]:
        """Return why columns cannot decide for customers, and why one depends on another; see to what is shared."""
        asked, around = self._asked, self._around
        lacking, shared = asked_.lacking(asked), ""
        at_home = asked_.at_home(asked)
        if not lacking:
            shared = asked_.shared(asked, len(ids))
        strict = asked_.strict(asked)
        if strict and (shared or at_home) and not lacking:
            lacking = f"strict caps reserve room at the centre, and {shared or 'caps count for households'}"
        elif shared and at_home:
            lacking = f"caps count for households, and {shared}"
        elif strict and not lacking:
            self._strictly, shared = Strictly(asked, around.rooms), "strict caps take room at the centre"
        elif shared and isinstance(asked.budgets, Budgets):
            self._budgeted = Budgeted(asked, asked.budgets, around.id)
        elif at_home and not lacking:
            parts = (ids[start : start + many.CHUNK] for start in range(0, len(ids), many.CHUNK))
            # Of the whole table, as a household may come in several parts.
            keys = [key for part in parts for key in around.households(part)]
            self._homes = Homes(asked, keys, around.household_contacts, around.id)
        return lacking, lacking or shared or ("caps count for households" if at_home else "")

    def _alone(self) -> str:
        """Return who was decided for pick by pick, though others were decided at once."""
        count = 0 if self._budgeted is None else self._budgeted.alone
        return f"{count} customers used up a budget for everyone together" if count else ""

    def _note(self, part: Table) -> None:
        """Remember what was wrong with a part."""
        for name, count in part.refused.items():
            self._refused[name] = self._refused.get(name, 0) + count
        self._misunderstood |= part.misunderstood

    def _customers(self, part: Table) -> Customers:
        customers = part.customers()
        return customers if part.tells_consents else with_consents(customers, self._around.consents(customers.ids))

    def _at_once(self, part: Table) -> "_Done":
        customers = self._customers(part)
        contacts = self._around.contacts(customers.ids)
        if self._strictly is not None:
            return _Done(part, customers, self._strictly.decide(customers, contacts, part.first))
        if self._homes is not None:
            return _Done(part, customers, self._homes.decide(customers, contacts, part.first))
        if self._budgeted is None:
            return _Done(part, customers, many.decide(self._asked, customers, contacts))
        return _Done(part, customers, self._budgeted.decide(customers, contacts, part.first))

    def _one_by_one(self, part: Table) -> "_Done":
        customers = self._customers(part)
        picks = Picks.none(len(customers), self._asked.page.slots)
        for row in range(len(customers)):
            decision = self._around.alone(customers.profile(row), customers.consents_of(row))
            moment = decision.moment
            picks.put(row, moment.chosen)
            for slot, one in enumerate(moment.chosen):
                picks.personal[row, slot] = moment.affinities.personal(one.ranked)
        return _Done(part, customers, picks)

    def _again(self, whole: Table, row: int) -> Decision:
        """Return the decision for one customer."""
        asked = self._asked
        budgets = asked.budgets if self._budgeted is None else self._budgeted.then(row)
        customers = self._customers(whole.row(row))
        channel, slots = asked.channel.channel.name, asked.page.slots
        its_own = self._around.id(row)  # of which something may have been recorded meanwhile
        before = self._around.contacts(customers.ids)
        contacts = {id_: [one for one in theirs if decision_of(one) != its_own] for id_, theirs in before.items()}
        fields = Fields(asked.plan, asked.channel, customers, asked.context, asked.now_us)
        counted = subjects(asked.plan, customers, fields, contacts, budgets, channel, slots, asked.now_us)
        tally = counted.tallies[int(counted.tally_of[0])]
        if self._homes is not None:
            own = counted.own[int(counted.tally_of[0])]
            tally = tally_of(asked.plan, own, self._homes.before(row), budgets)
        if self._strictly is not None:
            own = counted.own[int(counted.tally_of[0])]
            in_hand = self._strictly.before(row, customers.ids[0], own.own)
            tally = tally_of(asked.plan, own, None, budgets, (in_hand,))
        moment = alone.moment(asked, customers.profile(0), customers.consents_of(0), tally)
        if self._strictly is not None:
            moment.units = self._strictly.units(row)
        return self._around.decision(row, customers.ids[0], moment)

    def _careful(self) -> tuple[str, ...]:
        refused = (f"profile.{name} does not fit its type in {count} rows" for name, count in self._refused.items())
        words = (f"consent to {name} is not understood in some rows: refused" for name in sorted(self._misunderstood))
        return (*refused, *words)


def _aside(work: Callable[[Table], _Done], part: Table) -> _Done:
    """Return what a part comes to. All that counts for its customers is made and let go: no reason to search memory."""
    with giving_way:
        return work(part)
