"""Arrive: for whom a decision is, of what is here or what the caller brings. It waits for nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo

import attrs

from ..clock import SECOND_US
from ..consent import EVERYTHING, Consents
from ..contacts import Contact
from ..limits import Per
from ..plan.plan import Plan
from ..profile import Identity, Snapshot
from .budgets import Budgets
from .convert import to_consents, to_snapshot
from .count import Counters
from .customer import Customer, Who
from .decision import NOT_ON_RECORD, STANDS_FOR_NOBODY
from .here import Here, HouseholdKey, strict_subject
from .identify import Identities
from .limited import Limited, everything_reached
from .own import shared, shared_zone
from .snapshot import Snapshots
from .strict import Rooms, Strict
from .tally import Tally, Visitor, tally_of


@attrs.frozen(repr=False)
class Brought:
    """What a caller has already of a customer, in place of what is here."""

    profile: Snapshot | Mapping[str, object] | None = None
    consents: Consents | Mapping[str, object] | None = None
    contacts: Sequence[Contact] | None = None


#: What most callers bring.
NOTHING_BROUGHT = Brought()


@attrs.define(repr=False)
class Whom:
    """
    For whom a decision is.

    Attributes:
        identity: Who it is; None for a visitor of whom nothing is known.
        customer: What is known.
        tally: What counts under the caps, or None if it is not known.
        careful: What is not known, and what to do about it.
    """

    identity: Identity | None
    customer: Customer
    tally: Tally | None
    careful: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The persistent customer id, or an empty text."""
        return "" if self.identity is None else self.identity.customer

    def refusing(self, plan: Plan, purposes: frozenset[str], now_us: int) -> "Whom":
        """Return the same customer, who refuses purposes at this moment."""
        known, careful = plan.policy.purposes, self.careful
        if not purposes <= {EVERYTHING, *(purpose.name for purpose in known)}:
            purposes = frozenset((EVERYTHING,))
            careful = (*careful, "a purpose that is refused is not in the policy: all are taken for refused")
        if EVERYTHING in purposes:
            purposes = frozenset((EVERYTHING, *(purpose.name for purpose in known if purpose.asks)))
        return attrs.evolve(self, customer=self.customer.refusing(purposes, now_us), careful=careful)

    def limited(self, plan: Plan, channel: str, now_us: int) -> Limited:
        """Return what caps and quiet hours ask; everything where contacts are not known."""
        return everything_reached(plan, channel) if self.tally is None else self.tally.limited(channel, now_us)


class Arrivals:
    """Tells for whom decisions are; asks for what is not here, and never waits for it."""

    def __init__(
        self,
        identities: Identities,
        snapshots: Snapshots,
        budgets: Callable[[Plan], Budgets | None],
        rooms: Rooms,
        refresh_s: int,
        *,
        immediate: bool,
    ) -> None:
        self._identities = identities
        self._snapshots = snapshots
        self._budgets = budgets
        self._rooms = rooms
        self._refresh_us = refresh_s * SECOND_US
        self._immediate = immediate

    def whom(self, plan: Plan, who: Who, brought: Brought, now_us: int) -> Whom:
        """
        Return for whom a decision is.

        Args:
            plan: The plan that is decided by.
            who: The caller's word.
            brought: What the caller has already.
            now_us: The moment [us since 1970].
        """
        if brought is NOTHING_BROUGHT and type(who) is str and (ready := self._ready(plan, who, now_us)) is not None:
            return ready
        identity, ask = self._identities.here(who, vouched=brought.profile is not None)
        if ask and self._immediate:
            identity, ask = self._identities.resolve(who), False
        here = self._here(plan, identity, now_us)
        if ask:
            self._snapshots.ask(who)
        unknown = () if not who or (identity is not None and here is not None) else (_unknown(identity, ask=ask),)
        if brought is not NOTHING_BROUGHT:
            return self._brought(plan, identity, here, brought, unknown, now_us)
        if not who:
            return Whom(None, self._snapshots.nobody(None, plan), self._visiting(plan))
        if identity is None or here is None:
            return Whom(identity, self._snapshots.nobody(identity, plan), None, unknown)
        customer = here.customer(identity, plan)
        careful = (NOT_ON_RECORD,) if customer.made_us is None else ()
        strict = self.strict(plan, customer, here)
        tally = self._snapshots.tally(here, plan, customer.own, self._budgets(plan), strict)
        return Whom(identity, customer, tally, (*careful, *_lacking(plan, tally, now_us)))

    def _ready(self, plan: Plan, who: str, now_us: int) -> Whom | None:
        """Return a customer of whom nothing has to be asked, fetched or worked out anew: the usual case."""
        here = self._snapshots.here(who)
        if here is None or self._is_due(here, now_us):
            return None
        customer = here.person(plan)
        if customer is None or customer.made_us is None:
            return None
        tally = here.tally_of_last(plan, customer.own)
        if tally is None:
            strict = self.strict(plan, customer, here)
            tally = self._snapshots.tally(here, plan, customer.own, self._budgets(plan), strict)
        ready = tally is not None and tally.reach_back(now_us)
        return Whom(customer.identity, customer, tally) if ready else None

    def strict(self, plan: Plan, customer: Customer | None, here: Here | None) -> tuple[Strict, ...]:
        """Return what is in hand under strict caps for a customer; for a visitor, None, what is for everyone."""
        if not plan.strict_per:
            return ()
        zone = shared_zone(plan)
        subjects: dict[Per, tuple[str, tzinfo | None]] = {"everyone": ("", zone)}
        if customer is not None and customer.identity is not None:
            id_ = customer.identity.customer
            home: HouseholdKey = ("customer", id_) if here is None or not here.household[1] else here.household
            subjects["customer"] = (id_, customer.own.zone)
            subjects["household"] = (strict_subject(home), zone)
        return self._rooms.parts(plan, subjects)

    def _here(self, plan: Plan, identity: Identity | None, now_us: int) -> Here | None:
        if identity is None:
            return None
        here = self._snapshots.here(identity.customer)
        lacking = here is None or not self._snapshots.reach_back(here, plan, now_us)
        if lacking and self._immediate:
            return self._snapshots.load(identity.customer)
        if lacking or here is None or self._is_due(here, now_us):
            self._snapshots.ask(identity.customer)
        return here

    def is_fresh(self, who: Who, within_us: int, now_us: int) -> bool:
        """Return whether a customer is here, by a fetch that is less than so long ago, and who it is."""
        identity, ask = self._identities.here(who)
        here = None if identity is None or ask else self._snapshots.here(identity.customer)
        return here is not None and not self._is_due(here, now_us) and 0 <= now_us - here.loaded_us < within_us

    def _is_due(self, here: Here, now_us: int) -> bool:
        """Return whether a customer is to be fetched anew, in the background."""
        return here.number <= self._snapshots.due or now_us - here.loaded_us > self._refresh_us

    def _brought(
        self,
        plan: Plan,
        identity: Identity | None,
        here: Here | None,
        brought: Brought,
        unknown: tuple[str, ...],
        now_us: int,
    ) -> Whom:
        """Return a customer of whom the caller knows something better; the rest is what is here."""
        held = None if here is None or identity is None else here.customer(identity, plan)
        if brought.profile is None:
            snapshot = None if held is None else held.snapshot
            careful = [*unknown] if held is None or snapshot is not None else [NOT_ON_RECORD]
        else:
            id_ = "" if identity is None else identity.customer
            snapshot, refused = to_snapshot(plan.attribute_specs, id_, brought.profile, now_us)
            careful = [f"profile.{name} does not fit its type" for name in refused]
        consents = None if held is None else held.consents
        if brought.consents is not None:
            consents, misunderstood = to_consents(brought.consents, now_us)
            careful += [f"consent to {name} is not understood: refused" for name in misunderstood]
        customer = Customer(plan, identity, snapshot, consents)
        tally = self._tally(plan, customer, here, brought.contacts, is_visitor=identity is None and not unknown)
        careful += _lacking(plan, tally, now_us)
        return Whom(identity, customer, tally, tuple(careful))

    def _tally(
        self,
        plan: Plan,
        customer: Customer,
        here: Here | None,
        brought: Iterable[Contact] | None,
        *,
        is_visitor: bool,
    ) -> Tally | None:
        if brought is not None:
            contacts, household = tuple(brought), None
            if "household" in plan.counted_per:
                household = Counters(plan, contacts, "household", shared(plan))
            own, strict = Counters(plan, contacts, "customer", customer.own), self.strict(plan, customer, here)
            return tally_of(plan, own, household, self._budgets(plan), strict)
        if here is not None:
            strict = self.strict(plan, customer, here)
            return self._snapshots.tally(here, plan, customer.own, self._budgets(plan), strict)
        return self._visiting(plan) if is_visitor else None

    def _visiting(self, plan: Plan) -> Tally | None:
        visitor = plan.once("visitor", lambda: Visitor(plan))
        return tally_of(plan, visitor, None, self._budgets(plan), self.strict(plan, None, None))


def _unknown(identity: Identity | None, *, ask: bool) -> str:
    """Return what to do about a customer who is not here."""
    return "profile not here: warm" if ask or identity is not None else STANDS_FOR_NOBODY


def _lacking(plan: Plan, tally: Tally | None, now_us: int) -> tuple[str, ...]:
    """Return what to do where contacts that count are not here."""
    if not plan.caps or (tally is not None and tally.reach_back(now_us)):
        return ()
    return ("contacts not here: warm",)
