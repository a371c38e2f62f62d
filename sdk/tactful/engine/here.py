"""Here: one customer as an edge holds it, whatever plan and kind of identifier asks. It fetches nothing."""

from collections.abc import Sequence

from ..consent import Consent, Consents, ConsentState, How
from ..enriching import NO_ENRICHERS, Enrichers
from ..plan.plan import Plan
from ..profile import Identity
from .budgets import Budgets
from .count import Counters
from .customer import Customer
from .held_profile import HeldProfile
from .own import Own, unstated
from .packed_profile import Profile
from .strict import Strict
from .tally import Tally, tally_of

#: The event of a withdrawal; its tags are the purposes.
WITHDRAWAL = "withdrawal"
#: The event of an answer to what was asked.
ANSWERED = "answered"
#: The event of value given; its tags are the attributes for which it was given.
GAVE = "gave"
#: Whose contacts are counted together: a household by its name, or a customer who is in none.
HouseholdKey = tuple[str, str]


def strict_subject(household: HouseholdKey) -> str:
    """Return by which word strict caps per household count for those in one."""
    kind, name = household
    return name if kind == "customer" else f"household {name}"


class Here:
    """
    One customer that is here.

    Attributes:
        counters: The customer's counted contacts.
        household: The key of the customer's household; who is in none is one.
        loaded_us: When it was fetched [us since 1970].
        number: The number of the fetch that it came with.
    """

    __slots__ = ("_as", "_consents", "_profile", "_tally", "counters", "household", "loaded_us", "number")

    def __init__(
        self,
        profile: Profile | None,
        consents: Consents | None,
        counters: Counters,
        household: HouseholdKey,
        loaded_us: int,
        enrichers: Enrichers = NO_ENRICHERS,
    ) -> None:
        self._profile = None if profile is None else HeldProfile(profile, loaded_us, enrichers)
        self._consents = consents
        self._as: dict[str, Customer] = {}
        self._tally: Tally | None = None
        self.counters = counters
        self.household = household
        self.loaded_us = loaded_us
        self.number = 0

    def customer(self, identity: Identity, plan: Plan, given: Profile | None = None) -> Customer:
        """
        Return the customer as one kind of identifier shows it, under a plan; a cookie shows less than a card.

        Args:
            identity: By which identifiers the customer is known.
            plan: The plan.
            given: The profile as the source gave it, if it is at hand.
        """
        known = self._as  # before the consents are read: a withdrawal meanwhile leaves it behind
        found = known.get(identity.kind)
        if found is None or found.plan is not plan:
            held = self._profile
            snapshot = None if held is None else held.under(plan, identity.customer, given)
            found = known[identity.kind] = Customer(plan, identity, snapshot, self._consents, held)
        return found

    def release(self) -> None:
        """Let go of the profile as objects, before anything was decided from them."""
        for customer in tuple(self._as.values()):
            customer.release()

    def person(self, plan: Plan) -> Customer | None:
        """Return the customer as the persistent id shows it, if that was worked out under a plan already."""
        found = self._as.get("person")
        return None if found is None or found.plan is not plan else found

    def met_on(self) -> tuple[str, ...]:
        """Return the channels on which something was decided for the customer as a person."""
        known = self._as.get("person")
        return () if known is None else tuple(one.channel for one in known.channels)

    def let_go(self, plan: Plan) -> None:
        """Let go of what was worked out under all plans but this one; contacts count under it."""
        known = self._as  # taken out one by one: what a withdrawal meanwhile leaves behind is not put back
        for kind, customer in list(known.items()):
            if customer.plan is not plan:
                known.pop(kind, None)
        if self.counters.plan is not plan:
            self.counters = self.counters.under(plan, unstated(plan))
            self._tally = None

    @property
    def stands_for(self) -> str:
        """The id that stands for all that are merged with the customer, where the profile tells it; else empty."""
        return "" if self._profile is None else self._profile.customer

    def withdraw(self, purposes: Sequence[str], at_us: int, channel: str | None = None) -> None:
        """Count purposes as withdrawn, on one channel or all; of consents that are not known nothing else is told."""
        before = self._consents or Consents((), 0)
        said = (Consent(one, ConsentState.WITHDRAWN, How.EXPLICIT, at_us, channel=channel) for one in purposes)
        self._consents = Consents(tuple(dict.fromkeys((*before.records, *said))), before.at_us)
        self._as = {}

    def tally_of_last(self, plan: Plan, own: Own) -> Tally | None:
        """Return what counted for the customer, if it was worked out under a plan and nothing else counts there."""
        known, counters = self._tally, self.counters
        if known is None or known.plan is not plan or known.alone is not counters or counters.moved is not None:
            return None
        return known if counters.own is own or counters.own == own else None

    def tally(
        self,
        plan: Plan,
        own: Own,
        household: Counters | None,
        budgets: Budgets | None,
        strict: tuple[Strict, ...],
    ) -> Tally | None:
        """Return what counts for the customer under a plan, by what is its own; None if something is not known."""
        known = self._tally
        counters = self.counters = self.counters.under(plan, own)
        if known is None or known.key != (counters, household, budgets, strict):
            known = self._tally = tally_of(plan, counters, household, budgets, strict)
        return known
