"""Again: a decision made once more of its evidence, by the policy of then or by another one. It leaves no trace."""

from ..evidence import CountedContacts, Evidence
from ..limits import Per
from ..plan.plan import Plan
from . import middle
from .arrive import Whom
from .convert import to_snapshot
from .count import Counters
from .counted import BudgetsThen, StrictThen
from .customer import Customer
from .decision import Decision
from .own import shared
from .tally import Tally, Visitor, tally_of
from .token import Seal


def decide_again(plan: Plan, evidence: Evidence, seal: Seal) -> Decision:
    """
    Return what a plan decides of the evidence of a decision, at the moment of then.

    Args:
        plan: The plan of then, or another one. What it would have read and the one of then could not is not known.
        evidence: What the decision was made of.
        seal: What seals its token.
    """
    now_us, names = evidence.at_us, evidence.placements
    page, wrong = plan.page(names)
    snapshot = evidence.snapshot
    if snapshot is not None:
        snapshot = to_snapshot(plan.attribute_specs, snapshot.customer, snapshot, now_us)[0]
    customer = Customer(plan, evidence.identity, snapshot, evidence.consents)
    careful = (*plan.careful(now_us), *wrong, *evidence.careful)
    channel = None if page is None else plan.channels.get(page.placements[0].placement.channel)
    if page is None or channel is None:
        return Decision(evidence.id, names, middle.nothing(plan, customer, now_us), evidence.customer, careful, seal)
    context, _ = plan.slots.context_values(evidence.context)
    tally = _tally(plan, customer, evidence)
    limited = Whom(evidence.identity, customer, tally).limited(plan, channel.channel.name, now_us)
    caps = None if tally is None else tally.room(channel.channel.name, page.slots, now_us)
    moment = middle.decide(plan, channel, page, customer, context, limited, caps, now_us)
    return Decision(evidence.id, names, moment, evidence.customer, careful, seal)


def _tally(plan: Plan, customer: Customer, evidence: Evidence) -> Tally | None:
    """Return what counted then; None if that was not known."""
    if not evidence.counts_known:
        return None
    budgets = None if "everyone" not in plan.counted_per else BudgetsThen(plan, evidence.budgets or ())
    subjects: tuple[Per, ...] = ("everyone",) if evidence.own is None else ("customer", "household", "everyone")
    strict = tuple(StrictThen(plan, per, evidence.strict) for per in subjects if per in plan.strict_per)
    if evidence.own is None:
        return tally_of(plan, Visitor(plan), None, budgets, strict)
    household = None
    if "household" in plan.counted_per:
        counted = evidence.household or CountedContacts((), evidence.at_us)  # what was not counted then is not known
        household = Counters(plan, counted.contacts, "household", shared(plan), counted.since_us)
    own = Counters(plan, evidence.own.contacts, "customer", customer.own, evidence.own.since_us)
    return tally_of(plan, own, household, budgets, strict)
