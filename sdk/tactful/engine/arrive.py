"""Arrive: for whom a decision is, of what is here or what the caller brings. It waits for nothing."""

from collections.abc import Iterable, Mapping

import attrs

from ..clock import SECOND_US
from ..consent import Consents
from ..contacts import Contact
from ..plan.plan import Plan
from ..profile import Identity, Snapshot
from .convert import to_consents, to_snapshot
from .count import NOTHING, Counters, Limited, everything_reached
from .customer import Customer, Who
from .identify import Identities
from .snapshot import Here, Snapshots

_NO_CONTACTS = "contacts not here: warm"


@attrs.frozen(repr=False)
class Brought:
    """What a caller has already of a customer, in place of what is here."""

    profile: Snapshot | Mapping[str, object] | None = None
    consents: Consents | Mapping[str, object] | None = None
    contacts: Iterable[Contact] | None = None


@attrs.frozen(repr=False)
class Whom:
    """
    For whom a decision is.

    Attributes:
        identity: Who it is; None for a visitor of whom nothing is known.
        customer: What is known.
        counters: The counted contacts, or None if they are not known.
        careful: What is not known, and what to do about it.
    """

    identity: Identity | None
    customer: Customer
    counters: Counters | None
    careful: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The persistent customer id, or an empty text."""
        return "" if self.identity is None else self.identity.customer

    def limited(self, plan: Plan, channel: str, now_us: int) -> Limited:
        """Return what caps ask: nothing of a visitor, everything where contacts are not known."""
        if not plan.caps or self.identity is None:
            return NOTHING
        if self.counters is None:
            return plan.once("everything reached", lambda: everything_reached(plan))
        return self.counters.limited(channel, now_us)


class Arrivals:
    """Tells for whom decisions are; asks for what is not here, and never waits for it."""

    def __init__(self, identities: Identities, snapshots: Snapshots, refresh_s: int, *, immediate: bool) -> None:
        self._identities = identities
        self._snapshots = snapshots
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
        identity, ask = self._identities.here(who, vouched=brought.profile is not None)
        if ask and self._immediate:
            identity, ask = self._identities.resolve(who), False
        here = self._here(plan, identity, now_us)
        if ask:
            self._snapshots.ask(who)
        if brought.profile is not None:
            return self._brought(plan, identity, here, brought, now_us)
        if identity is None or here is None:
            careful = ("profile not here: warm",) if ask or identity is not None else ()
            return Whom(identity, self._snapshots.nobody(identity, plan), None, careful)
        customer, counters = here.customer(identity, plan), here.counting(plan)
        lacking = ["no profile is on record"] if customer.snapshot is None else []
        lacking += [] if counters.reach_back(now_us) else [_NO_CONTACTS]
        return Whom(identity, customer, counters, tuple(lacking))

    def _here(self, plan: Plan, identity: Identity | None, now_us: int) -> Here | None:
        if identity is None:
            return None
        here = self._snapshots.here(identity)
        lacking = here is None or not here.counting(plan).reach_back(now_us)
        if lacking and self._immediate:
            return self._snapshots.load(identity.customer)
        if here is None or lacking or now_us - here.loaded_us > self._refresh_us:
            self._snapshots.ask(identity.customer)
        return here

    def _brought(self, plan: Plan, identity: Identity | None, here: Here | None, brought: Brought, now_us: int) -> Whom:
        id_ = "" if identity is None else identity.customer
        snapshot, refused = to_snapshot(plan.attribute_specs, id_, brought.profile or {}, now_us)
        careful = [f"profile.{name} does not fit its type" for name in refused]
        consents = None if here is None or identity is None else here.customer(identity, plan).consents
        if brought.consents is not None:
            consents, misunderstood = to_consents(brought.consents, now_us)
            careful += [f"consent to {name} is not understood: refused" for name in misunderstood]
        counters = None if here is None else here.counting(plan)
        if brought.contacts is not None:
            counters = Counters(plan, brought.contacts)
        if identity is not None and plan.caps and (counters is None or not counters.reach_back(now_us)):
            careful.append(_NO_CONTACTS)
        return Whom(identity, Customer(plan, identity, snapshot, consents), counters, tuple(careful))
